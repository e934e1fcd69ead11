"""Half precision in torch: autocast, models in float16, and GradScaler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from ...frameworks import Array, load
from ..precision import Backward, Precision
from ..tree import leaves

if TYPE_CHECKING:
    from .trainee import TorchTrainee

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True


class TorchPrecision(Precision):
    """See `Precision`."""

    unscaled = (
        "scaler.scale(loss).backward(), with torch.amp.GradScaler, then scaler.step(optimizer) "
        "and scaler.update()",
        "XFR803",
    )
    order = (
        "scaler.scale(loss).backward(), scaler.unscale_(optimizer), clip, scaler.step(optimizer), "
        "scaler.update()",
        "XFR803",
    )

    def __init__(self, trainee: TorchTrainee) -> None:
        self._trainee = trainee
        self.torch = trainee.torch

    def kind(self) -> str:
        """By the outputs of the modules in one step."""
        torch, found = self.torch, set[str]()
        names = {torch.float16: "float16", torch.bfloat16: "bfloat16"}

        def note(module: Any, inputs: Any, output: Any) -> None:
            tensors = [leaf for leaf in leaves(output) if isinstance(leaf, torch.Tensor)]
            found.update(names[t.dtype] for t in tensors if t.dtype in names)

        register = torch.nn.Module.register_forward_hook  # ScriptModules refuse their own
        with ExitStack() as stack:
            for module in self._trainee.model.modules():
                stack.enter_context(register(module, note))
            stack.enter_context(self._trainee.compiling.watched())
            self._trainee.step()
        return next((name for name in ("float16", "bfloat16") if name in found), "")

    def _scalers(self) -> list[Any]:
        kind = load("torch.amp").GradScaler
        held = self._trainee.held.objects
        return [each for each in held if isinstance(each, kind) and each.is_enabled()]

    def scale(self) -> float | None:
        scalers = self._scalers()
        return float(scalers[0].get_scale()) if scalers else None

    def set_scale(self, scale: float) -> None:
        for scaler in self._scalers():
            scaler.load_state_dict({**scaler.state_dict(), "scale": scale})

    @contextmanager
    def seen(self, backward: Backward, factor: float = 1.0) -> Iterator[None]:
        scaler_class = load("torch.amp").GradScaler
        parameters: dict[str, Any] = {}
        raw: dict[str, Any] = {}
        inside = False

        def note_raw(name: str) -> Callable[[Any], None]:
            def hook(parameter: Any) -> None:
                raw[name] = parameter.grad.detach().clone()
                backward.raw[name] = _array(raw[name])

            return hook

        def through_scaler(original: Any) -> Callable[..., Any]:
            def call(scaler: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
                nonlocal inside
                states = scaler._per_optimizer_states[id(optimizer)]
                if scaler.is_enabled() and not states["found_inf_per_device"]:  # still scaled
                    backward.changed_scaled |= any(
                        name in raw and not self.torch.equal(p.grad, raw[name])
                        for name, p in parameters.items()
                        if p.grad is not None
                    )
                inside = True
                try:
                    return original(scaler, optimizer, *args, **kwargs)
                finally:
                    inside = False

            return call

        def update(optimizer: Any, args: Any, kwargs: Any) -> None:
            if backward.used:
                return
            backward.bypassed = not inside
            backward.used = {
                name: _array(p.grad) for name, p in parameters.items() if p.grad is not None
            }

        original_backward = self.torch.Tensor.backward

        def louder(tensor: Any, gradient: Any = None, *args: Any, **kwargs: Any) -> Any:
            if gradient is None and factor != 1.0 and tensor.numel() == 1:
                gradient = self.torch.full_like(tensor, factor)
            return original_backward(tensor, gradient, *args, **kwargs)

        with ExitStack() as stack:
            stack.enter_context(self._trainee.compiling.watched())
            for name, parameter in self._trainee.model.named_parameters():
                if parameter.requires_grad:
                    parameters[name] = parameter
                    handle = parameter.register_post_accumulate_grad_hook(note_raw(name))
                    stack.callback(handle.remove)
            hooks = load("torch.optim.optimizer")
            stack.callback(hooks.register_optimizer_step_pre_hook(update).remove)
            for name in ("step", "unscale_"):
                wrapped = through_scaler(getattr(scaler_class, name))
                stack.enter_context(mock.patch.object(scaler_class, name, wrapped))
            stack.enter_context(mock.patch.object(self.torch.Tensor, "backward", louder))
            yield

    def lowered(self) -> AbstractContextManager[object]:
        context: AbstractContextManager[object] = self.torch.autocast(
            self._trainee.device_type, dtype=self.torch.bfloat16
        )
        return context


def _array(gradient: Any) -> Array:
    dense = gradient.to_dense() if gradient.is_sparse else gradient
    return np.array(dense.detach().float().cpu().numpy())
