"""Lightning's own checkpoint: what `Trainer.save_checkpoint` writes and `ckpt_path` reads back."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...frameworks import Undo
from ..files import Piece
from .checkpoint import TorchCheckpoint

if TYPE_CHECKING:
    from ..held import Place
    from .lightning import LightningTrainee

_HOOKS = "on_save_checkpoint, on_load_checkpoint, on_fit_start, on_train_start"
_LOOK = (f"look for a hook that drops or changes it: {_HOOKS}", "")
_SAVE = "or save it in on_save_checkpoint and take it back in on_load_checkpoint"


class LightningCheckpoint(TorchCheckpoint):
    """Written between two batches.  It is loaded by a Trainer of its own, which sets the model up
    anew: its hooks run in the order of a process that is started to go on.
    """

    def __init__(self, trainee: LightningTrainee) -> None:
        super().__init__(trainee)
        self._lit = trainee
        self.holds = "Lightning's checkpoint"

    def save(self, folder: Path) -> None:
        self._lit.loop.write_checkpoint(folder / "lightning.ckpt")

    def load(self, folder: Path) -> None:
        self._lit.resume(folder / "lightning.ckpt")

    def left_out(self) -> list[Piece]:
        return [*self._of_epoch(), *super().left_out(), *self._held_by_lightning()]

    def _of_epoch(self) -> list[Piece]:
        """Only a checkpoint of an epoch's end has this hook run again: both are right."""
        name = "on_train_epoch_start"
        kind = type(self._lit.model)
        if getattr(kind, name).__qualname__.startswith("ModelHooks."):
            return []
        again = partial(self._lit.loop.call_hook, name)
        return [Piece(f"what {kind.__name__}.{name} sets", False, object, lambda: again)]

    def _of_loop(self, things: str, number: int) -> Any:
        return getattr(self._lit.loop, things)[number]

    def _held_by_lightning(self) -> list[Piece]:
        """What the checkpoint has, unless a hook takes it out or does not put it back."""
        model, loop = self._lit.model, self._lit.loop
        parts: list[tuple[str, Callable[[], Any]]] = [
            (f"the weights of `{name}`", partial(model.get_submodule, name))
            for name, _ in model.named_children()
        ]
        parts += [
            (f"the state of {type(thing).__name__}", partial(self._of_loop, things, number))
            for things in ("optimizers", "schedulers")
            for number, thing in enumerate(getattr(loop, things))
        ]
        return [_piece_of(name, get, _LOOK, held=True) for name, get in parts]

    def _piece(self, place: Place) -> Piece:
        """Schedules that training_step steps itself are made anew in each process."""
        thing = place.get()
        if hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict"):
            return _piece_of(place.name, place.get, self._advice(place.get), held=False)
        return super()._piece(place)

    def _advice(self, read: Callable[[], Any]) -> tuple[str, str]:
        thing = read()
        if isinstance(getattr(thing, "optimizer", None), self._torch.optim.Optimizer):
            return "return it from configure_optimizers, with its optimizer, or save it by hand", ""
        fix, code = super()._advice(read)
        return f"{fix if code else 'keep it in a buffer'}, {_SAVE}", code


def _piece_of(name: str, get: Callable[[], Any], advice: tuple[str, str], *, held: bool) -> Piece:
    """Of something with a state_dict that is another object after loading."""

    def save() -> Undo:
        state = copy.deepcopy(get().state_dict())
        return lambda: get().load_state_dict(copy.deepcopy(state))

    return Piece(name, True, lambda: get().state_dict(), save, advice, held=held)
