"""Ways through a file that a trained model should come back from unchanged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..frameworks import Array, Undo

if TYPE_CHECKING:
    from .trainee import Trainee


@dataclass
class RoundTrip:
    """A way through a file: `run` saves, loads into a model of its own and predicts.

    With `kept`, it returns what else came back, to be the same as that.
    """

    what: str  # "saving and loading the state_dict"
    run: Callable[[], list[Array]]
    # (cause, fix, code) of an error, or, given None, when what came back is not what was saved
    advice: Callable[[BaseException | None], tuple[str, str, str]] = lambda error: ("", "", "")
    reason: Callable[[BaseException], str] = lambda error: str(
        error
    ).strip()  # of an error, shorter
    excused: tuple[type[BaseException], ...] = ()  # errors that only say the way is not open
    kept: Callable[[], list[Array]] | None = None
    compared: str = "outputs"  # what `run` returns


class NotJudged(Exception):
    """A checkpoint cannot be written or read for a reason that is not the model's fault."""


@dataclass(frozen=True)
class Piece:
    """State outside a checkpoint.

    `of_model` says that it stands in the model, whose file should hold it; else it is the loop's,
    for its author to save.  `held` says that the file holds it by itself, and only the user's own
    code can take it out or change it again when it was loaded.
    """

    name: str
    of_model: bool
    read: Callable[[], Any]
    save: Callable[[], Undo]
    advice: tuple[str, str] = ("", "")  # fix, code
    follows: str = ""  # the check whose mistake it is, if it matters
    held: bool = False


def of_batch(value: Any, trainee: Trainee) -> bool:
    """Whether it has a row a sample: state that is carried along with the data."""
    sizes = {leaf.shape[0] for leaf in trainee.tensors_of(trainee.inputs) if len(leaf.shape)}
    tensors = trainee.tensors_of(value)
    return bool(tensors) and all(sizes & set(tuple(tensor.shape)[:-1]) for tensor in tensors)


class Checkpoint(ABC):
    """What users write to files to train on later: all that has a state to be saved."""

    holds: str  # "the state_dicts of Net, Adam and StepLR"

    @abstractmethod
    def save(self, folder: Path) -> None: ...

    @abstractmethod
    def load(self, folder: Path) -> None:
        """Read it back into the same objects.  Raises NotJudged, or the model's own error."""

    def aside(self) -> Undo:
        """Note what no checkpoint is expected to hold: random states, modes."""
        return lambda: None

    @abstractmethod
    def left_out(self) -> list[Piece]:
        """What the trainee keeps, and this does not hold."""


class Files(ABC):
    """How a trainee's model is written to files and read back; each framework has its own."""

    @abstractmethod
    def prepare(self) -> None:
        """Called before the training whose result is saved."""

    @abstractmethod
    def round_trips(self, folder: Path) -> Iterator[RoundTrip]: ...

    def checkpoint(self) -> Checkpoint | None:
        """What a training that is to go on later writes; None where that is not known."""
        return None
