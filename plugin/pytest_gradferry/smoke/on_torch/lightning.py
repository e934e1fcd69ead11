"""A LightningModule as a trainee: Lightning's own loop trains it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...frameworks import Undo, together
from ..errors import SmokeError
from ..files import Checkpoint
from ..names import names_used
from .advice import TorchAdvice
from .lightning_checkpoint import LightningCheckpoint
from .lightning_loop import Loop
from .trainee import TorchTrainee

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

# What a module that steps its schedules itself has to call or read.
_STEPPING = {"lr_schedulers", "lr_scheduler_configs", "lr_scheduler_step"}


class LightningTrainee(TorchTrainee):
    """See `lightning_loop`.  Given a step or a loss, it is trained like any other torch module."""

    _loop: Loop | None = None

    def __init__(self, *arguments: Any) -> None:
        try:
            super().__init__(*arguments)
        except BaseException:
            self.release()
            raise

    def _training(self, loss: Any, optimizer: Any, step: Any) -> tuple[Any, Any, Any]:
        if step is not None or loss is not None:
            return super()._training(loss, optimizer, step)
        if optimizer is not None:
            raise SmokeError(
                f"{type(self.model).__name__}.configure_optimizers makes the optimizers: leave out "
                "optimizer=..."
            )
        self._loop = Loop(self.model, self._batch())
        return self._lightning_step, self._loop.optimizers, self.model.training_step

    def _batch(self, targets: Any = None) -> Any:
        targets = self.targets if targets is None else targets
        return self.inputs if targets is None else (self.inputs, targets)

    def _lightning_step(self, inputs: Any, targets: Any) -> Any:
        assert self._loop is not None
        return self._loop.step(self._batch(targets))

    def _make_advice(self) -> TorchAdvice:
        return super()._make_advice() if self._loop is None else LightningAdvice(self.model)

    def save(self) -> Undo:
        if self._loop is None:
            return super().save()
        loop, optimizers = self._loop, self.optimizers
        return together(
            lambda: vars(self).update(_loop=loop, optimizers=optimizers),
            super().save(),
            loop.save(),
        )

    def idle_schedule(self) -> str:
        if self._loop is None or self.model.automatic_optimization or not self._loop.schedulers:
            return ""
        kept = {id(thing) for thing in self.held.objects}
        kinds = {type(self.model), *map(type, self.held.objects)}
        if _STEPPING & names_used(kinds) or kept & set(map(id, self._loop.schedulers)):
            return ""
        return type(self._loop.schedulers[0]).__name__

    def checkpoint(self) -> Checkpoint:
        return super().checkpoint() if self._loop is None else LightningCheckpoint(self)

    @property
    def loop(self) -> Loop:
        assert self._loop is not None
        return self._loop

    def resume(self, path: Path) -> None:
        """Set up for training as `Trainer.fit(model, ckpt_path=path)` does, in a new process.

        Raises what Lightning or a hook of the model's raises.
        """
        self.loop.release()
        try:
            self._loop = Loop(self.model, self._batch(), path)
        except SmokeError as error:
            raise error.__cause__ or error from None
        self.optimizers = self._loop.optimizers

    def release(self) -> None:
        if self._loop is not None:
            self._loop.release()


class LightningAdvice(TorchAdvice):
    """See `Advice`."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.stepping_code = ""
        if model.automatic_optimization:
            self.clearing = (
                "let optimizer_zero_grad clear the gradients of the optimizer it is given",
                "",
            )
            self.stepping = (
                "let optimizer_step call optimizer.step(closure=optimizer_closure), and do not "
                "return None from training_step"
            )
            self.backward = "return the loss from training_step, with its graph: not detached"
            self.scheduling = (
                'give it "interval": "step" in configure_optimizers if it counts batches (an '
                "epoch is what Lightning takes by default), or let it begin above 0"
            )
        else:
            self.clearing = ("call opt.zero_grad() before self.manual_backward(loss)", "XFR202")
            self.stepping = "call opt.step() in training_step, for each of self.optimizers()"
            self.backward = "call self.manual_backward(loss) in training_step"
        self.holding = (
            "configure_optimizers leaves them out: give the optimizers all of self.parameters() "
            "that are to be trained, or freeze the rest"
        )
