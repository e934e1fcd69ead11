"""A torch module under comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ...hidden import hidden_modules
from .. import tree
from ..layout import Array
from ..mapping import BY_KIND, TORCH_BOOKKEEPING, Row
from . import torch_attention, torch_stages
from .side import Event, Gradients, Handle, Objective, Side
from .torch_attention import attended, no_fast_path
from .torch_functions import WatchedFunctions
from .torch_kept import Kept, converted, kept, put_back
from .torch_stages import staged
from .torch_statistics import BATCH_NORM, make_biased, moves_statistics


class TorchSide(Side):
    framework = "torch"
    model: nn.Module

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self._names = {id(m): name for name, m in model.named_modules(remove_duplicate=True)}
        self._inputs: list[Array | None] = []  # of the layers of the table we are inside of
        self._kept: list[tuple[nn.Module, Kept]] = []  # as it was when the run began
        self._variances: dict[int, torch.Tensor] = {}  # of the batch norms we are inside of
        for module in model.modules():
            name = self._names[id(module)] or type(module).__name__
            torch_stages.refuse(module, name)
            torch_attention.refuse(module, name)
        parameters = list(model.parameters())
        self._device = parameters[0].device if parameters else torch.device("cpu")

    # -- the run --------------------------------------------------------------------------------

    @contextmanager
    def opened(self, inputs: Any) -> Iterator[None]:
        if any(isinstance(p, nn.parameter.UninitializedParameter) for p in self.model.parameters()):
            with torch.no_grad():  # lazy modules take their shapes from the first batch
                dtype = torch.get_default_dtype()
                self._call(tree.transform(lambda a: _native(a, self._device, dtype), inputs))
        modules = list(self.model.modules())
        modes = [(m, m.training) for m in modules]
        unset = [m for m in modules if isinstance(m, nn.RMSNorm) and m.eps is None]
        buffers = [(m, dict(m._buffers)) for m in modules]
        parameters = [
            (p, p.data, None if p.grad is None else p.grad, p.requires_grad)
            for p in self.model.parameters()
        ]
        default = torch.get_default_dtype()
        own = [(module, kept(module)) for module in modules]
        try:
            with no_fast_path(), ExitStack() as hooks:
                self._own_state()
                for norm in unset:  # the default is of the dtype, and users run in float32
                    norm.eps = torch.finfo(torch.float32).eps
                self.use("float64")
                self._hook(hooks, modules)
                yield
        finally:
            torch.set_default_dtype(default)
            for module, tensors in own:
                put_back(module, tensors)
            for parameter, data, grad, requires_grad in parameters:
                parameter.data = data
                parameter.grad = grad
                parameter.requires_grad_(requires_grad)
            for module, saved in buffers:
                module._buffers.clear()
                module._buffers.update(saved)
            for module, training in modes:
                module.training = training
            for norm in unset:
                norm.eps = None

    def _own_state(self) -> None:
        """Copies in place of the user's tensors, so that nothing done here can reach them."""
        for parameter in self.model.parameters():
            parameter.data = parameter.data.clone()
            parameter.grad = None
        for module in self.model.modules():
            for name, buffer in module._buffers.items():
                module._buffers[name] = None if buffer is None else buffer.clone()

    def use(self, dtype: str) -> None:
        self.dtype = dtype
        kind = getattr(torch, dtype)
        torch.set_default_dtype(kind)
        for parameter in self.model.parameters():
            if parameter.dtype.is_floating_point:
                parameter.data = parameter.data.to(kind)
        for module in self.model.modules():
            vars(module).update({k: converted(v, kind) for k, v in kept(module).items()})
            for name, buffer in module._buffers.items():
                if buffer is not None and buffer.dtype.is_floating_point:
                    module._buffers[name] = buffer.to(kind)
        self._kept = [(module, kept(module)) for module in self.model.modules()]

    def snapshot(self) -> list[tuple[Any, Any]]:
        tensors = [*self.model.parameters(), *self.model.buffers()]
        state: list[tuple[Any, Any]] = [(tensor, tensor.detach().clone()) for tensor in tensors]
        return [*state, *((module, kept(module)) for module in self.model.modules())]

    def restore(self, snapshot: list[tuple[Any, Any]]) -> None:
        with torch.no_grad():
            for thing, value in snapshot:
                if isinstance(thing, nn.Module):
                    name = self._names.get(id(thing), "")
                    self.carried.update(f"{name}.{k}".strip(".") for k in put_back(thing, value))
                else:
                    thing.copy_(value)

    # -- forward, backward, training ------------------------------------------------------------

    def tensor(self, array: Array) -> Any:
        return _native(array, self._device, getattr(torch, self.dtype))

    def array(self, tensor: Any) -> Array:
        if not isinstance(tensor, torch.Tensor):
            return np.asarray(tensor)
        return np.array(tensor.detach().cpu().numpy())

    def _call(self, inputs: Any) -> Any:
        if isinstance(inputs, dict):
            return self.model(**inputs)
        if isinstance(inputs, (tuple, list)):
            return self.model(*inputs)
        return self.model(inputs)

    def call(self, inputs: Any, training: bool) -> Any:
        self.training = training
        self.model.train(training)
        if self.carries_nothing:
            for module, before in self._kept:
                put_back(module, before)
        with torch.set_grad_enabled(training), WatchedFunctions(self):
            return self._call(inputs)

    def gradients(self, inputs: Any, objective: Objective) -> Gradients:
        tensors = tree.transform(self.tensor, inputs)
        watched = [t for t in tree.leaves(tensors) if t.dtype.is_floating_point]
        for tensor in watched:
            tensor.requires_grad_()
        weights = [p for p in self.model.parameters() if p.requires_grad]
        with self.unchanged():
            outputs = self.outputs(tensors, training=True)
            value = objective(outputs)
            found = torch.autograd.grad(value, [*weights, *watched], allow_unused=True)
        grads: list[Array | None] = [None if g is None else self.array(g) for g in found]
        by_key = {
            id(p): (np.zeros(p.shape) if g is None else g) * self.masks.get(id(p), 1.0)
            for p, g in zip(weights, grads[: len(weights)], strict=True)
        }
        self.tie(by_key)
        return Gradients(float(value.detach()), outputs, by_key, grads[len(weights) :])

    def train(self, inputs: Any, objective: Objective, optimizer: Any, steps: int) -> list[float]:
        tensors = tree.transform(self.tensor, inputs)
        weights = [p for p in self.model.parameters() if p.requires_grad]
        losses = []
        for _ in range(steps):
            value = objective(self.outputs(tensors, training=True))
            losses.append(float(value.detach()))
            grads = torch.autograd.grad(value, weights, allow_unused=True)
            self._step(dict(zip(map(id, weights), grads, strict=True)), optimizer)
        return losses

    def step(self, gradients: dict[int, Array], optimizer: Any) -> None:
        self._step({key: self.tensor(value) for key, value in gradients.items()}, optimizer)

    def _step(self, gradients: dict[int, Any], optimizer: Any) -> None:
        gradients = self.tied(gradients)
        for parameter in self.model.parameters():
            grad = gradients.get(id(parameter))
            if grad is not None and id(parameter) in self.masks:
                grad = grad * self.tensor(self.masks[id(parameter)])
            parameter.grad = grad
        optimizer.step()
        for parameter in self.model.parameters():
            parameter.grad = None

    # -- a few operations on tensors ------------------------------------------------------------

    def take(self, tensor: Any, index: Array, axis: int = -1) -> Any:
        return tensor.index_select(axis, torch.from_numpy(index))

    def reshape(self, tensor: Any, like: Any) -> Any:
        return tensor.reshape(like.shape)

    def pad(self, tensor: Any, amounts: list[tuple[int, int]], value: float) -> Any:
        return F.pad(tensor, [n for pair in reversed(amounts) for n in pair], value=value)

    # -- layers and weights ---------------------------------------------------------------------

    def run_layer(self, layer: Any, inputs: Array, training: bool) -> Array:
        with torch.no_grad(), self.unchanged(), WatchedFunctions(self):
            self.training = training
            layer.train(training)
            return self.array(torch_attention.alone(layer, self.tensor(inputs)))

    def all_weights(self) -> list[Handle]:
        found, seen = [], set()
        for prefix, module in self.model.named_modules():
            for name, tensor in (*module._parameters.items(), *module._buffers.items()):
                if tensor is None or id(tensor) in seen or name in TORCH_BOOKKEEPING:
                    continue
                if tensor is not None and not tensor.dtype.is_floating_point:
                    continue  # position ids, masks: constants
                if name in module._non_persistent_buffers_set or id(tensor) in self.folded:
                    continue
                seen.add(id(tensor))
                found.append(Handle(module, name, f"{prefix}.{name}" if prefix else name))
        return found

    def hidden_layers(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for name, (_, place, rule) in hidden_modules(self.model):
            found.setdefault((place, rule), []).append(name)
        return found

    def assign(self, variable: Any, value: Array) -> None:
        with torch.no_grad():
            variable.copy_(torch.from_numpy(np.array(value, order="C")))

    def trainable(self, handle: Handle) -> bool:
        return bool(handle.variable.requires_grad)

    # -- recording ------------------------------------------------------------------------------

    @property
    def in_layer(self) -> bool:
        """A layer of the table is running."""
        return bool(self._inputs)

    def record_function(
        self, name: str, kind: str, inputs: Any, output: Any, **detail: Any
    ) -> None:
        if self.recording is not None and not self.in_layer:
            arrays = self.array(inputs), self.array(output)
            self.recording.append(Event("torch", None, f"F.{name}", BY_KIND[kind], *arrays, detail))

    def _hook(self, stack: ExitStack, modules: list[nn.Module]) -> None:
        for module in modules:
            row = self.row(module)
            name = self._names.get(id(module), type(module).__name__)
            if isinstance(module, nn.RNNBase):
                stack.enter_context(staged(module, name, self, self._observed))
            elif isinstance(module, nn.MultiheadAttention):
                forced, observe = self.forced_masks, self._observed
                stack.enter_context(attended(module, name, forced, observe, self.array))
            elif row is not None:
                enter = module.register_forward_pre_hook(self._entering)
                leave = module.register_forward_hook(self._leaving(row), always_call=True)
                stack.callback(enter.remove)
                stack.callback(leave.remove)

    def _entering(self, module: Any, args: Any) -> Any:
        # Copied before the module runs: it may work in place.
        wanted = self.recording is not None and args and isinstance(args[0], torch.Tensor)
        self._inputs.append(self.array(args[0]) if wanted else None)
        if isinstance(module, BATCH_NORM) and module.training != self.training:
            self.strays[id(module)] = module.training
            if id(module) in self.recalled:
                module.train(self.training)
        if id(module) in self.by_batch:
            module.train(True)
        if self.population_variance and moves_statistics(module):
            self._variances[id(module)] = module.running_var.clone()
        if (before := self.before.get(id(module))) is not None:
            return (before(args[0]), *args[1:])
        return None

    def _observed(
        self, layer: Any, name: str, x: Any, run: Callable[[Any], Any], **detail: Any
    ) -> Any:
        """What hooks do for a module, for an attention or a stacked layer of a recurrent one."""
        wanted = self.recording is not None and not self._inputs
        inputs = self.array(x) if wanted else None
        if isinstance(layer, nn.MultiheadAttention) and layer.dropout:
            self.record_function(f"of {name}", "dropout", x, x, rate=layer.dropout)
        if (before := self.before.get(id(layer))) is not None:
            x = before(x)
        self._inputs.append(inputs)
        try:
            output = run(x)
        finally:
            self._inputs.pop()
        if id(layer) in self.tapped:
            self.tapped[id(layer)].append(output)
        if (after := self.after.get(id(layer))) is not None:
            output = after(output)
        row = self.row(layer)
        if inputs is not None and self.recording is not None and row is not None:
            self.recording.append(
                Event("torch", layer, name, row, inputs, self.array(output), detail)
            )
        behind = self.behind.get(id(layer))
        return behind(output) if behind else output

    def row(self, layer: Any) -> Row | None:
        return getattr(layer, "row", None) or super().row(layer)

    def _leaving(self, row: Row) -> Any:
        def leaving(module: nn.Module, args: Any, output: Any) -> Any:
            inputs = self._inputs.pop()
            if output is None:  # the module raised: always_call only keeps the stack right
                return None
            if (old := self._variances.pop(id(module), None)) is not None:
                make_biased(module, old, args[0])
            output, *rest = output if isinstance(output, tuple) else (output,)  # of an LSTMCell
            if (after := self.after.get(id(module))) is not None:
                output = after(output)
            outermost = not self._inputs and isinstance(output, torch.Tensor)
            if outermost and self.recording is not None and inputs is not None:
                name = self._names.get(id(module), type(module).__name__)
                self.recording.append(Event("torch", module, name, row, inputs, self.array(output)))
            behind = self.behind.get(id(module))
            output = behind(output) if behind else output
            return (output, *rest) if rest else output

        return leaving


def _native(array: Array, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    tensor = torch.tensor(np.asarray(array), device=device)
    return tensor.to(dtype) if tensor.dtype.is_floating_point else tensor
