"""Keras on torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from ....frameworks import Undo, get, load, loaded, together
from ...growth import Ledger
from ...on_torch import groups
from ...on_torch.functions import loss_call
from ...on_torch.ledger import TorchLedger
from ...on_torch.state import save_modes, save_optimizer, save_state_dict, save_tensor
from ...patching import patch
from ...record import LossCall, StepRecord
from .backend import Backend, DropoutFunction, LossFunction, Step, apply, packed

if TYPE_CHECKING:
    from ..loop import Weighing
    from ..trainee import KerasTrainee
    from ..watch import Watcher

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

_LOSSES = ("cross_entropy", "nll_loss", "kl_div", "binary_cross_entropy_with_logits")
_DROPOUTS = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout")


class TorchBackend(Backend):
    """A weight is a torch parameter underneath, with its gradient in `.grad`; torch's optimizers
    may hold it as well as Keras'."""

    keeps_gradients = True
    trains_in_place = True
    shape_errors = (TypeError, ValueError, RuntimeError, IndexError)

    def __init__(self) -> None:
        self.framework = get("keras")
        self.torch = load("torch")

    def is_abstract(self, tensor: Any) -> bool:
        return isinstance(tensor, self.torch.Tensor) and tensor.device.type == "meta"

    def carries_gradient(self, tensor: Any) -> bool | None:
        return bool(tensor.requires_grad)

    def handles(self, variable: Any) -> list[Any]:
        return [variable, variable.value]

    def save_variables(self, variables: Iterable[Any]) -> Undo:
        return together(*(save_tensor(getattr(v, "value", v)) for v in variables))

    def is_variable(self, thing: Any) -> bool:
        return isinstance(thing, self.torch.Tensor) or super().is_variable(thing)

    def save_model(self, model: Any) -> Undo:
        return together(super().save_model(model), save_modes(list(model.modules())))

    def is_optimizer(self, thing: Any) -> bool:
        return isinstance(thing, self.torch.optim.Optimizer) or super().is_optimizer(thing)

    def save_optimizer(self, optimizer: Any, held: Iterable[Any]) -> Undo:
        if not isinstance(optimizer, self.torch.optim.Optimizer):
            return super().save_optimizer(optimizer, held)
        return together(save_optimizer(optimizer), self.save_variables(held))

    def save_other(self, thing: Any) -> list[Undo]:
        module, optimizer = self.torch.nn.Module, self.torch.optim.Optimizer
        return [] if isinstance(thing, (module, optimizer)) else save_state_dict(thing)

    def learning_rates(self, optimizer: Any) -> list[float]:
        if isinstance(optimizer, self.torch.optim.Optimizer):
            return self.rates(optimizer)
        return super().learning_rates(optimizer)

    def rates(self, optimizer: Any) -> list[float]:
        if isinstance(optimizer, self.torch.optim.Optimizer):
            return groups.rates(optimizer)
        return super().rates(optimizer)

    def scale_learning_rates(self, optimizer: Any, factor: float) -> None:
        if not isinstance(optimizer, self.torch.optim.Optimizer):
            super().scale_learning_rates(optimizer, factor)
            return
        groups.scale_rates(optimizer, factor)

    def ledger(self, trainee: KerasTrainee) -> Ledger:
        return TorchLedger(trainee)

    def make_step(self, model: Any, value: Step, optimizer: Any) -> Step:
        def step(inputs: Any, targets: Any) -> Any:
            model.zero_grad()
            loss = value(inputs, targets)
            if loss.requires_grad:
                loss.backward()
            weights = model.trainable_variables
            with self.torch.no_grad():
                apply(optimizer, [weight.value.grad for weight in weights], weights)
            return loss

        return step

    def compiled_step(self, model: Any, weighing: Weighing) -> Step:
        def step(inputs: Any, targets: Any) -> Any:
            weights = weighing.of(targets)
            model._symbolic_build(data_batch=(inputs, targets, weights))
            model.make_train_function()
            model.reset_metrics()
            undo = save_modes(list(model.modules()))
            model.train()
            try:
                return model.train_function([packed(inputs, targets, weights)])
            finally:
                undo()

        return step

    def evaluating(self) -> AbstractContextManager[Any]:
        return self.torch.no_grad()  # type: ignore[no-any-return]

    def watch(self, stack: ExitStack, watcher: Watcher, record: StepRecord) -> None:
        # nothing is compiled before torch._dynamo is imported, which takes seconds
        if loaded("torch._dynamo") is not None and hasattr(self.torch.compiler, "set_stance"):
            stack.enter_context(self.torch.compiler.set_stance("force_eager"))
        for name, variable in watcher.variables.items():
            if variable.value.requires_grad:
                hook = self._on_gradient(watcher, record, name)
                stack.callback(variable.value.register_hook(hook).remove)
        patch(stack, self.torch.Tensor, "backward", self._on_backward(record))
        patch(stack, self.torch.autograd, "grad", self._on_backward(record))
        before = partial(self._on_update, watcher, record)
        optimizers = load("torch.optim.optimizer")
        stack.callback(optimizers.register_optimizer_step_pre_hook(before).remove)
        after = optimizers.register_optimizer_step_post_hook(lambda *_: watcher.updated())
        stack.callback(after.remove)
        stack.callback(self._note_reached, watcher)

    @staticmethod
    def _note_reached(watcher: Watcher) -> None:
        strangers = watcher.strangers
        strangers.reached([v for v in strangers.variables() if v.value.grad is not None])

    def output_seen(self, watcher: Watcher, record: StepRecord, output: Any) -> Any:
        if output.requires_grad:
            output.register_hook(lambda gradient: watcher.note_output_gradient(record, [gradient]))
        return output

    def owner(self, watcher: Watcher, gradient: Any) -> str | None:
        if gradient is None:
            return None
        carrying = (n for n, v in watcher.variables.items() if v.value.grad is gradient)
        return next(carrying, None)

    @staticmethod
    def _on_backward(record: StepRecord) -> Callable[..., Any]:
        def backward(original: Any, *args: Any, **kwargs: Any) -> Any:
            record.backward_calls += 1
            return original(*args, **kwargs)

        return backward

    def _on_gradient(self, watcher: Watcher, record: StepRecord, name: str) -> Callable[..., None]:
        def hook(gradient: Any) -> None:
            record.backward()
            watcher.note_gradient(record, name, get("torch").to_numpy(gradient))

        return hook

    def _on_update(
        self, watcher: Watcher, record: StepRecord, optimizer: Any, args: Any, kwargs: Any
    ) -> None:
        tensors = groups.held(optimizer)
        watcher.note_update(record, optimizer, tensors, [tensor.grad for tensor in tensors])
        watcher.updating()

    def loss_functions(self) -> list[LossFunction]:
        functional = self.torch.nn.functional

        def note(name: str, result: Any, *args: Any, **kwargs: Any) -> LossCall:
            given = args[0] if args else kwargs["input"]
            return loss_call(name, given, result)

        return [LossFunction(functional, name, partial(note, name)) for name in _LOSSES]

    def dropout_functions(self) -> list[DropoutFunction]:
        def acts(x: Any, p: float = 0.5, training: bool = True, *args: Any, **kwargs: Any) -> bool:
            return p > 0 and training

        functional = self.torch.nn.functional
        return [DropoutFunction(functional, name, f"F.{name}", acts) for name in _DROPOUTS]
