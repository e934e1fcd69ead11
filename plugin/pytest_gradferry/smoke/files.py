"""Ways through a file that a trained model should come back from unchanged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..frameworks import Array


@dataclass
class RoundTrip:
    """A way through a file: `run` saves, loads into a model of its own and predicts."""

    what: str  # "saving and loading the state_dict"
    run: Callable[[], list[Array]]
    # (cause, fix, code) of an error, or, given None, when what came back is not what was saved
    advice: Callable[[BaseException | None], tuple[str, str, str]] = lambda error: ("", "", "")
    reason: Callable[[BaseException], str] = lambda error: str(
        error
    ).strip()  # of an error, shorter
    excused: tuple[type[BaseException], ...] = ()  # errors that only say the way is not open


class Files(ABC):
    """How a trainee's model is written to files and read back; each framework has its own."""

    @abstractmethod
    def prepare(self) -> None:
        """Called before the training whose result is saved."""

    @abstractmethod
    def round_trips(self, folder: Path) -> Iterator[RoundTrip]: ...
