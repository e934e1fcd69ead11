"""A checkpoint that the user's own Trainer object writes and reads: its methods are what is tested.

Only where that is what they are for: the object that the step belongs to has a pair of them, `save`
and `load` with a path each, or `state_dict` and `load_state_dict`, and what is written holds the
state of an optimizer.  A file of weights alone is not meant to train on.
"""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any
from unittest import mock

from ...frameworks import Undo, load
from ..files import NotJudged, Piece
from .checkpoint import TorchCheckpoint

if TYPE_CHECKING:
    from .trainee import TorchTrainee

_PAIRS = {
    "save_checkpoint": ("load_checkpoint", "restore_checkpoint", "resume", "restore"),
    "save": ("load", "restore", "resume"),
}
_PATHS = {
    *("path", "file", "filename", "file_name", "filepath", "file_path", "fname", "fpath", "f"),
    *("checkpoint_path", "ckpt_path", "checkpoint", "ckpt", "save_path", "load_path"),
}
# What a load raises that does not suit its save; other errors may be for want of arguments.
_DO_NOT_SUIT = (KeyError, RuntimeError, pickle.UnpicklingError)


def own_checkpoint(trainee: TorchTrainee, step: Callable[..., Any]) -> OwnCheckpoint | None:
    """That of the object which `step` is a method of; None if it has none to train on from."""
    while isinstance(step, partial):
        step = step.func
    owner = step.__self__ if isinstance(step, MethodType) else step
    if inspect.isroutine(owner) or isinstance(owner, (type, load("torch").nn.Module)):
        return None
    for pair in _pairs(owner):
        found = OwnCheckpoint(trainee, owner, *pair)
        undo = trainee.save()
        try:
            with tempfile.TemporaryDirectory() as folder:
                if found.trains_on(Path(folder)):
                    return found
        finally:
            undo()
    return None


def _pairs(owner: Any) -> Iterator[tuple[Callable[[Path], Any], Callable[[Path], Any], str]]:
    name = type(owner).__name__
    for saves, others in _PAIRS.items():
        loads = next((each for each in others if _takes_a_path(owner, each)), None)
        if loads and _takes_a_path(owner, saves):
            yield getattr(owner, saves), getattr(owner, loads), f"what {name}.{saves} writes"
    if hasattr(owner, "state_dict") and hasattr(owner, "load_state_dict"):

        def save(path: Path) -> None:
            load("torch").save(owner.state_dict(), path)

        def read(path: Path) -> None:
            owner.load_state_dict(load("torch").load(path, weights_only=False))

        yield save, read, f"the state_dict of {name}"


def _takes_a_path(owner: Any, name: str) -> bool:
    """Whether this is a method that needs the path of a file, and nothing else."""
    method = getattr(owner, name, None)
    if not inspect.ismethod(method) or method.__self__ is not owner:
        return False
    parameters = list(inspect.signature(method).parameters.values())
    needed = [p for p in parameters if p.default is p.empty and p.kind not in (2, 4)]
    return bool(parameters) and needed == parameters[:1] and parameters[0].name in _PATHS


class OwnCheckpoint(TorchCheckpoint):
    """See the module.  What it does not bring back is looked for in the objects as they stand after
    loading: its `load` may make new ones."""

    def __init__(
        self,
        trainee: TorchTrainee,
        owner: Any,
        save: Callable[[Path], Any],
        read: Callable[[Path], Any],
        holds: str,
    ) -> None:
        super().__init__(trainee)
        self._owner, self._save, self._read, self.holds = owner, save, read, holds

    def trains_on(self, folder: Path) -> bool:
        """Whether the state of an optimizer is written."""
        try:
            with self._saving(folder) as written:
                self._save(folder / "checkpoint.pt")
        except Exception:  # of the user's, whose arguments are only guessed
            return False
        return any(map(_holds_optimizer, written))

    def save(self, folder: Path) -> None:
        with self._saving(folder):
            self._save(folder / "checkpoint.pt")

    @contextmanager
    def _saving(self, folder: Path) -> Iterator[list[Any]]:
        """Gives what torch.save is handed.  Nothing is written outside of the folder."""
        torch = load("torch")
        original, written = torch.save, list[Any]()

        def watched(thing: Any, to: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(to, (str, Path)) and folder not in Path(to).parents:
                raise NotJudged(f"{self.holds} goes to a place of its own choice")
            written.append(thing)
            return original(thing, to, *args, **kwargs)

        with mock.patch.object(torch, "save", watched), redirect_stdout(io.StringIO()):
            yield written

    def load(self, folder: Path) -> None:
        try:
            with redirect_stdout(io.StringIO()):
                self._read(folder / "checkpoint.pt")
        except _DO_NOT_SUIT:
            raise
        except Exception as error:
            raise NotJudged(f"{self.holds} cannot be read here: {error}") from error

    def _of_step(self) -> list[Piece]:
        places = [place for place in self._trainee.held.places if not place.of_model]
        standing = {id(place.get()) for place in places}
        stateful = [place for place in places if self._is_stateful(place.get())]
        pieces = [_state_of(place.name, place.get) for place in stateful]
        pieces += [
            _state_of(f"a {type(thing).__name__}", partial(_itself, thing))
            for thing in self._trainee.held.objects
            if self._is_stateful(thing) and id(thing) not in standing
        ]
        names = {place.name for place in stateful}
        return [*pieces, *(piece for piece in super()._of_step() if piece.name not in names)]

    def _is_stateful(self, thing: Any) -> bool:
        if thing is self._owner or id(thing) in self._trainee.held.in_model:
            return False
        return hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict")


def _itself(thing: Any) -> Any:
    return thing


def _state_of(name: str, get: Callable[[], Any]) -> Piece:
    def save() -> Undo:
        state = copy.deepcopy(get().state_dict())
        return lambda: get().load_state_dict(copy.deepcopy(state))

    fix = "write its state_dict there, and read it back into what goes on training"
    return Piece(
        f"the state of {name}", True, lambda: get().state_dict(), save, (fix, ""), held=True
    )


def _holds_optimizer(tree: Any) -> bool:
    if isinstance(tree, dict):
        return "param_groups" in tree or any(map(_holds_optimizer, tree.values()))
    return isinstance(tree, (list, tuple)) and any(map(_holds_optimizer, tree))
