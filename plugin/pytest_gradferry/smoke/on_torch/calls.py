"""Watching the calls of modules in a torch step, the model's own among them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from ...frameworks import get, load
from ..record import LayerCall, StepRecord
from ..sights import Settings
from ..tree import leaves, map_arrays
from .acts import ActWatcher
from .functions import transformed

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True


class CallWatcher:
    """Fills `StepRecord.calls`, and notes how the step calls the model.

    That is the model itself or, where it is never called, the module in it that holds all of its
    weights; `root_path` is its path, `root_call` the first call of it, None before.
    """

    def __init__(self, model: Any, modules: dict[str, Any], acts: ActWatcher) -> None:
        self.torch = load("torch")
        self.modules = modules
        self.root_path = ""
        self.root_call: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        self._model = model
        self._acts = acts
        self._root: Any = None

    def watch(self, stack: ExitStack, record: StepRecord, settings: Settings) -> None:
        """Hook the modules until the stack closes."""
        # ScriptModules refuse by a method of their own, and run hooks all the same
        kind = self.torch.nn.Module
        for name, module in self.modules.items():
            hook = self._on_call(record, name)
            stack.callback(kind.register_forward_hook(module, hook).remove)
        for path, module in _roots(self._model):
            before = self._on_root(record, settings, path)
            handle = kind.register_forward_pre_hook(module, before, with_kwargs=True)
            stack.callback(handle.remove)

    def _on_call(self, record: StepRecord, name: str) -> Callable[[Any, Any, Any], None]:
        def hook(module: Any, inputs: Any, given: Any) -> None:
            torch = self.torch
            tensors = [leaf for leaf in leaves(inputs) if isinstance(leaf, torch.Tensor)]
            results = [leaf for leaf in leaves(given) if isinstance(leaf, torch.Tensor)]
            if any(transformed(leaf) for leaf in (*tensors, *results)):
                record.functional = True
                return
            floats = [x for x in results if x.is_floating_point() or x.is_complex()]
            record.calls.append(
                LayerCall(
                    layer=name,
                    kind=type(module).__name__,
                    training=module.training,
                    sensitive=is_sensitive(module),
                    finite=all(bool(leaf.isfinite().all()) for leaf in floats),
                    finite_in=all(
                        bool(t.isfinite().all()) for t in tensors if t.is_floating_point()
                    ),
                    grad_in=any(leaf.requires_grad for leaf in tensors),
                    grad_out=any(leaf.requires_grad for leaf in floats),
                    checkpointed=not torch.is_grad_enabled() and _in_checkpoint(),
                )
            )
            if module is self._root:
                self._acts.returned(floats, module.training)
            if module is self._root and record.outputs is None and len(floats or results) == 1:
                (output,) = floats or results
                record.outputs = get("torch").to_numpy(output)
                if output.requires_grad:
                    output.register_hook(_on_output_gradient(record))

        return hook

    def _on_root(
        self, record: StepRecord, settings: Settings, path: str
    ) -> Callable[[Any, Any, Any], None]:
        tensor = self.torch.Tensor

        def hook(module: Any, args: Any, kwargs: Any) -> None:
            if self._root is None:
                self._root, self.root_path = module, path
            if module is not self._root:
                return
            if "forward" not in record.events:
                settings.forward()
            record.events.append("forward")
            if any(transformed(x) for x in leaves([args, kwargs]) if isinstance(x, tensor)):
                return
            self._acts.forward(args, kwargs)
            if self.root_call is None:
                self.root_call = map_arrays(self._copied, (args, kwargs))

        return hook

    def _copied(self, leaf: Any) -> Any:
        """The step may change what it called the model with, in place."""
        return leaf.detach().clone() if isinstance(leaf, self.torch.Tensor) else leaf


def _on_output_gradient(record: StepRecord) -> Callable[[Any], None]:
    def hook(gradient: Any) -> None:
        array, earlier = get("torch").to_numpy(gradient), record.output_gradient
        record.output_gradient = array if earlier is None else earlier + array

    return hook


def _roots(model: Any) -> list[tuple[str, Any]]:
    """The model, and the modules in it that hold all of its weights: (path, module).

    A LightningModule, for one, need not be called: its training_step may call the network in it.
    """
    found, path, module = [("", model)], "", model
    every = {id(parameter) for parameter in model.parameters()}
    while True:
        holding = [
            (name, child)
            for name, child in module.named_children()
            if every <= {id(parameter) for parameter in child.parameters()}
        ]
        if len(holding) != 1:
            return found
        name, module = holding[0]
        path = f"{path}.{name}".lstrip(".")
        found.append((path, module))


def _in_checkpoint() -> bool:
    """Whether a reentrant checkpoint of torch runs, which computes its part without a graph."""
    frame = sys._getframe()
    while frame := frame.f_back:  # type: ignore[assignment]
        if frame.f_globals.get("__name__") == "torch.utils.checkpoint":
            return True
    return False


def is_sensitive(module: Any) -> bool:
    """Whether a module acts differently in training and in evaluation."""
    nn = load("torch").nn
    if isinstance(module, nn.modules.dropout._DropoutNd):
        return bool(module.p > 0)
    if isinstance(module, nn.modules.batchnorm._NormBase):
        return bool(module.track_running_stats)
    if type(module) is load("torch").jit.RecursiveScriptModule:  # its parts are called out of sight
        kinds = {getattr(part, "original_name", "") for part in module.modules()}
        return any(kind.startswith(("BatchNorm", "Dropout")) for kind in kinds)
    return bool(getattr(module, "dropout", None)) and isinstance(
        module, (nn.RNNBase, nn.MultiheadAttention)
    )
