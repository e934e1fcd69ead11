"""Lightning's own training loop, one batch at a time.

A Trainer without loggers, checkpoints and progress bar is set up as `fit` does it, for one epoch of
`BATCHES` batches that are all the one given, with no validation.  A step is then one turn of
Lightning's training loop: its order of hooks, closures and schedules is what runs, manual
optimization included.  The end of the epoch is not reached, so schedules with the interval "epoch"
rest.  Works with `lightning` and `pytorch_lightning`, whichever the model's class is from.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...frameworks import Undo, load, together
from ..errors import SmokeError
from .state import save_attributes, save_tables

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

BATCHES = 1000

# What Lightning says about a run without loggers, and of an older torch than the one here.
_CHATTER = (
    r".*self\.log",
    r".*infer the `batch_size`",
    r".*`training_step` returned `None`",
    r".*LeafSpec",
)


def package_of(model: Any) -> str | None:
    """ "lightning.pytorch" or "pytorch_lightning" for a LightningModule of theirs, else None."""
    for kind in type(model).__mro__:
        for package in ("lightning.pytorch", "pytorch_lightning"):
            if kind.__name__ == "LightningModule" and kind.__module__.startswith(package + "."):
                return package
    return None


class Loop:
    """Lightning's Trainer, held between two batches."""

    def __init__(self, model: Any, batch: Any, checkpoint: Path | None = None) -> None:
        self._model = model
        package = package_of(model)
        modules = list(model.modules())
        self._before = together(save_attributes(modules, private=True), save_tables(modules))
        self._call = load(f"{package}.trainer.call")
        self._losses: list[Any] = []
        self._outputs: Any = None
        self._batch = batch
        self.done = False  # as Lightning's data fetchers have it
        try:
            with _quiet(), self._attached():
                self._set_up(load(str(package)), package, checkpoint)
        except Exception as error:
            self.release()
            if isinstance(error, SmokeError):
                raise
            name = type(model).__name__
            raise SmokeError(
                f"Lightning cannot set up {name} for training: {type(error).__name__}: {error}"
            ) from error

    def _set_up(self, lightning: Any, package: str | None, checkpoint: Path | None) -> None:
        """As Trainer.fit does, up to the first batch, or to the next one of a checkpoint."""
        model = self._model
        states = load(f"{package}.trainer.states")
        device = next((p.device.type for p in model.parameters()), "cpu")
        trainer = self.trainer = lightning.Trainer(
            accelerator="cpu" if device == "cpu" else device,
            devices=1,
            plugins=[load(f"{package}.plugins.environments").LightningEnvironment()],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            max_epochs=1,
            limit_val_batches=0,
            num_sanity_val_steps=0,
        )
        callback = type(
            "Seen",
            (load(f"{package}.callbacks").Callback,),
            {
                "on_before_backward": lambda _, trainer, module, loss: self._losses.append(loss),
                "on_train_batch_end": self._keep_outputs,
            },
        )
        trainer.callbacks = [callback()]
        trainer.state.fn = states.TrainerFn.FITTING
        trainer.state.status = states.TrainerStatus.RUNNING
        trainer.training = True
        trainer._data_connector.attach_data(model, train_dataloaders=_Batches(self._batch))
        trainer.strategy.connect(model)
        load(f"{package}.trainer.configuration_validator")._verify_loop_configurations(trainer)
        self._call._call_setup_hook(trainer)
        self._call._call_configure_model(trainer)
        connector = trainer._checkpoint_connector
        connector._restore_modules_and_callbacks(checkpoint)
        trainer._logger_connector.reset_results()
        trainer._logger_connector.reset_metrics()
        trainer.strategy.setup(trainer)
        self.call_hook("on_fit_start")
        connector.restore_training_state()
        connector.resume_end()
        self._start_over(trainer.fit_loop)
        self.call_hook("on_train_start")
        if checkpoint is None:  # else in the middle of an epoch, where Lightning leaves it out
            self.call_hook("on_train_epoch_start")
        self.optimizers = list(trainer.optimizers)
        if any(type(optimizer).__name__ == "_MockOptimizer" for optimizer in self.optimizers):
            name = type(model).__name__
            raise SmokeError(
                f"{name}.configure_optimizers returned None: return the optimizer, or a list of "
                "them"
            )

    def call_hook(self, name: str) -> None:
        """Call a hook of the model's that takes nothing."""
        with self._attached():
            self._model.trainer = self.trainer
            self._call._call_lightning_module_hook(self.trainer, name)

    def write_checkpoint(self, path: Path) -> None:
        with _quiet(), self._attached():
            self._model.trainer = self.trainer
            self.trainer.save_checkpoint(path)

    @property
    def schedulers(self) -> list[Any]:
        return [config.scheduler for config in self.trainer.lr_scheduler_configs]

    @staticmethod
    def _start_over(loop: Any) -> None:
        """A loop whose progress was loaded goes on with the next batch, as one never stopped."""
        loop.on_iteration_done()
        loop.restarting = False

    def _keep_outputs(self, trainer: Any, module: Any, outputs: Any, *rest: Any) -> None:
        self._outputs = outputs

    def __next__(self) -> tuple[Any, int, int]:
        return self._batch, 0, 0

    def step(self, batch: Any) -> Any:
        """One turn of the loop; returns the loss."""
        model, epoch = self._model, self.trainer.fit_loop.epoch_loop
        self._batch, self._outputs, self._losses = batch, None, []
        try:
            with warnings.catch_warnings(), self._attached():
                for message in _CHATTER:
                    warnings.filterwarnings("ignore", message)
                model.trainer = self.trainer
                epoch.advance(self)
                epoch.on_advance_end(self)
        except StopIteration:
            raise SmokeError(
                f"{type(model).__name__}.on_train_batch_start returned -1, which ends the epoch: "
                "no batch is trained on"
            ) from None
        return self._loss()

    @contextmanager
    def _attached(self) -> Iterator[None]:
        """The model may have a Trainer of the user's: it has ours inside only."""
        before = [(m, m._trainer) for m in self._model.modules() if hasattr(m, "_trainer")]
        try:
            yield
        finally:
            for module, trainer in before:
                module._trainer = trainer

    def _loss(self) -> Any:
        outputs = self._outputs or {}
        if isinstance(outputs, dict) and outputs.get("loss") is not None:
            return outputs["loss"]
        if self._model.automatic_optimization:
            raise SmokeError("training_step returned None: return the loss from training_step")
        if not self._losses:
            raise SmokeError(
                "training_step returned no loss and never called self.manual_backward: with "
                "automatic_optimization = False both are its to do"
            )
        # With several optimizers training_step need not return one loss.
        return sum(loss.detach() for loss in self._losses)

    def save(self) -> Undo:
        loop = self.trainer.fit_loop
        progress = copy.deepcopy(loop.state_dict())
        states = [(s, copy.deepcopy(s.state_dict())) for s in self.schedulers]

        def undo() -> None:
            loop.load_state_dict(copy.deepcopy(progress))
            self._start_over(loop)
            for scheduler, state in states:
                scheduler.load_state_dict(copy.deepcopy(state))
            self.trainer._logger_connector.reset_results()
            self.trainer._logger_connector.reset_metrics()

        return undo

    def release(self) -> None:
        """Take off the model what setting up has put there."""
        self._before()


class _Batches:
    """The one batch, as often as an epoch has batches."""

    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def __len__(self) -> int:
        return BATCHES

    def __iter__(self) -> Iterator[Any]:
        for _ in range(BATCHES):
            yield self._batch


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning tells about devices and advertises when a Trainer is made."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
