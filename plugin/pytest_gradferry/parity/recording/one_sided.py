"""A loss and an optimizer of one framework, where the other may not be installed."""

from __future__ import annotations

from typing import Any

from ..errors import ParityInputError
from ..sides.side import Side
from ..training.hyperparameters import EPSILON, HAT
from ..training.losses import NAMED, Losses
from ..training.optimizers import NAMES, Optimizers


class OneSidedLosses(Losses):
    """A loss by name or the framework's own callable, called the framework's way.

    Raises ParityInputError for an unknown name or something that cannot be called.
    """

    def __init__(self, loss: Any, framework: str) -> None:
        if not isinstance(loss, (str, dict)) and not callable(loss):
            raise ParityInputError(
                f"loss must be one of {', '.join(NAMED)} or {framework}'s own, a function or an "
                f"object that can be called, not {type(loss).__name__}"
            )
        super().__init__(loss if isinstance(loss, str) else _pair(loss, framework))


def _pair(loss: Any, framework: str) -> tuple[Any, Any]:
    return (loss, _elsewhere) if framework == "torch" else (_elsewhere, loss)


def _elsewhere(*_: Any) -> Any:
    raise ParityInputError("this half of the loss belongs to the other environment")


class OneSidedOptimizers(Optimizers):
    """An optimizer by name, in the framework of `side` alone.

    Raises ParityInputError for anything but a name: whether two optimizers of the users' own agree
    can only be told where both are at hand.
    """

    def __init__(self, optimizer: Any, side: Side, steps: int) -> None:
        if not isinstance(optimizer, str):
            raise ParityInputError(
                f"a record is trained by a named optimizer, one of {', '.join(NAMES)}, not "
                f"{type(optimizer).__name__}; your own two are compared by parity(...), where both "
                "frameworks are installed"
            )
        super().__init__(optimizer, side.framework, lambda: list(side.model.parameters()), steps)

    def of(self, framework: str) -> Any:
        made = self.bare(framework)
        if framework == "keras" and made.kind in HAT:
            made.torch_epsilon = made.read(EPSILON)  # torch's definition, in whichever framework
        return made

    def kinds(self) -> str:
        return ""
