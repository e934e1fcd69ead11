"""Watching one training step in torch: hooks on the weights, the modules and every optimizer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np

from ...frameworks import Array, load
from ..record import Broadcast, LayerCall, LossCall, StepRecord
from ..tree import leaves, map_arrays
from ..verdict import carried
from .acts import ActWatcher
from .sights import Settings, Strangers

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

# The functions of torch.nn.functional to look at: what each takes its input for.
_LOSSES = {
    "cross_entropy": "logits",
    "nll_loss": "log-probabilities",
    "kl_div": "log-probabilities",
    "binary_cross_entropy_with_logits": "sigmoid-logits",
}
# Those that broadcast their target against their input, with a warning at most.
_ELEMENTWISE = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
_DROPOUTS = (
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "alpha_dropout",
    "feature_alpha_dropout",
)


def dense(tensor: Any) -> Any:
    """A detached copy, sparse gradients made dense."""
    copy = tensor.detach()
    return copy.to_dense() if copy.is_sparse else copy.clone()


def transformed(tensor: Any) -> bool:
    """Whether it stands inside torch.func's grad or vmap, where its numbers cannot be read."""
    return bool(load("torch")._C._functorch.is_functorch_wrapped_tensor(tensor))


class Watcher:
    """Fills a StepRecord while a step runs.  Lives over several steps, as stale gradients do."""

    def __init__(self, tensors: dict[str, Any], modules: dict[str, Any], model: Any) -> None:
        self.torch = load("torch")
        self.tensors = tensors
        self.modules = modules
        self.model = model
        self.names = {id(tensor): name for name, tensor in tensors.items()}
        self.optimizers: list[Any] = []
        self.acts = ActWatcher(self.names, self.optimizers)
        self.root_call: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        self._root: Any = None  # what the step calls: the model, or what holds all of its weights
        self.root_path = ""
        self.on_new_optimizer: Callable[[Any], None] = lambda optimizer: None
        self._strangers = Strangers(model, list(modules.values()))
        self._settings: Settings | None = None  # of the step that is watched
        self._met_now: set[int] = set()  # optimizers that update for the first time
        self._since: dict[str, Array] = {}  # gradients computed since the last update
        self._applied: dict[str, Any] = {}  # gradients as their last update used them
        self._base: dict[str, Any] = {}  # ... and were still there when new ones were added
        self._at_start: dict[str, Any] = {}  # gradients that a step found

    def watch(self, stack: ExitStack, record: StepRecord) -> None:
        """Hook everything until the stack closes."""
        found = {name: tensor.grad for name, tensor in self.tensors.items() if tensor.is_leaf}
        self._at_start = {name: dense(g) for name, g in found.items() if g is not None}
        for name, tensor in self.tensors.items():
            if not tensor.is_leaf or not (tensor.is_floating_point() or tensor.is_complex()):
                continue
            needs = tensor.requires_grad
            tensor.requires_grad_()  # for the hooks alone: the step may unfreeze it
            self._hook(stack, tensor.register_hook(self._on_gradient(record, name, tensor)))
            stored = self._on_stored(record, name)
            self._hook(stack, tensor.register_post_accumulate_grad_hook(stored))
            tensor.requires_grad_(needs)
        for name, module in self.modules.items():
            hook = self._on_call(record, name)
            # ScriptModules refuse by a method of their own, and run hooks all the same
            self._hook(stack, self.torch.nn.Module.register_forward_hook(module, hook))
        for path, module in _roots(self.model):
            before_root = self._on_root(record, path)
            register = self.torch.nn.Module.register_forward_pre_hook
            self._hook(stack, register(module, before_root, with_kwargs=True))
        optimizers = load("torch.optim.optimizer")
        before, after = self._on_update(record)
        self._hook(stack, optimizers.register_optimizer_step_pre_hook(before))
        self._hook(stack, optimizers.register_optimizer_step_post_hook(after))
        self._settings = Settings(record, self.model, self.tensors)
        stack.callback(self._settings.done)
        stack.enter_context(self._strangers.watch(record, self._held))
        stack.enter_context(functions_seen(record))
        self.acts.watch(stack, record)

    def _held(self) -> set[int]:
        return {id(p) for o in self.optimizers for group in o.param_groups for p in group["params"]}

    @staticmethod
    def _hook(stack: ExitStack, handle: Any) -> None:
        stack.callback(handle.remove)

    def _on_gradient(self, record: StepRecord, name: str, tensor: Any) -> Callable[[Any], None]:
        def hook(gradient: Any) -> None:
            if gradient is None:
                record.given_none[name] = self.acts.giver_of_none(tensor)
                return
            if not record.events or record.events[-1] != "backward":
                record.events.append("backward")
            self.acts.gradient(name, tensor, gradient)
            value = dense(gradient)
            earlier, since = record.fresh.get(name), self._since.get(name)
            array = to_array(value)
            record.fresh[name] = array if earlier is None else earlier + array
            self._since[name] = array if since is None else since + array
            # A leftover counts only if it is the very gradient that an update has used.
            applied = self._applied.get(name)
            present = None if tensor.grad is None else dense(tensor.grad)
            if present is None or not bool(present.any()):
                self._base.pop(name, None)
            elif applied is not None and bool((present == applied).all()):
                self._base[name] = present

        return hook

    @staticmethod
    def _on_stored(record: StepRecord, name: str) -> Callable[[Any], None]:
        def hook(tensor: Any) -> None:
            record.stored[name] = True

        return hook

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
            if module is self._root and record.outputs is None and len(floats or results) == 1:
                (output,) = floats or results
                record.outputs = to_array(output)
                if output.requires_grad:
                    output.register_hook(self._on_output_gradient(record))

        return hook

    @staticmethod
    def _on_output_gradient(record: StepRecord) -> Callable[[Any], None]:
        def hook(gradient: Any) -> None:
            array, earlier = to_array(dense(gradient)), record.output_gradient
            record.output_gradient = array if earlier is None else earlier + array

        return hook

    def _on_root(self, record: StepRecord, path: str) -> Callable[[Any, Any, Any], None]:
        tensor = self.torch.Tensor

        def hook(module: Any, args: Any, kwargs: Any) -> None:
            if self._root is None:
                self._root, self.root_path = module, path
            if module is not self._root:
                return
            if self._settings is not None and "forward" not in record.events:
                self._settings.forward()
            record.events.append("forward")
            if any(transformed(x) for x in leaves([args, kwargs]) if isinstance(x, tensor)):
                return
            self.acts.forward(args, kwargs)
            if self.root_call is None:
                self.root_call = map_arrays(self._copied, (args, kwargs))

        return hook

    def _copied(self, leaf: Any) -> Any:
        """The step may change what it called the model with, in place."""
        return leaf.detach().clone() if isinstance(leaf, self.torch.Tensor) else leaf

    def _on_update(self, record: StepRecord) -> tuple[Any, Any]:
        def note(optimizer: Any) -> None:
            self._set_by_hand(record, optimizer)
            record.events.append("update")
            self.acts.update(optimizer)
            record.optimizers.append(type(optimizer).__name__)
            for group in optimizer.param_groups:
                for tensor in group["params"]:
                    name = self.names.get(id(tensor))
                    if name is None:
                        record.strangers += 1
                        continue
                    self._note_use(record, name)
                    if "lr" in group:
                        record.rates[name] = float(group["lr"])

        def before(optimizer: Any, args: Any, kwargs: Any) -> None:
            if not any(known is optimizer for known in self.optimizers):
                self._met_now.add(id(optimizer))
                self.on_new_optimizer(optimizer)
                self.optimizers.append(optimizer)
            if not _closure(args, kwargs):
                note(optimizer)
            if self._settings is not None:
                self._settings.updating()

        def after(optimizer: Any, args: Any, kwargs: Any) -> None:
            if _closure(args, kwargs):  # the backward passes ran inside
                note(optimizer)
            if id(optimizer) in self._met_now and _remembers(optimizer):
                record.first_met += 1
                self._met_now.discard(id(optimizer))
            if self._settings is not None:
                self._settings.updated()

        return before, after

    def _set_by_hand(self, record: StepRecord, optimizer: Any) -> None:
        """Gradients that the step stored itself, computed by torch.func or estimated."""
        for tensor in (p for group in optimizer.param_groups for p in group["params"]):
            name = self.names.get(id(tensor))
            if name is None or tensor.grad is None or record.fresh.get(name) is not None:
                continue
            gradient, found = dense(tensor.grad), self._at_start.get(name)
            if name not in self._since and (found is None or not bool((gradient == found).all())):
                record.events.append("backward")
                record.fresh[name] = to_array(gradient)

    def by_hand(self, record: StepRecord, moved: list[str]) -> None:
        """The step moved weights without an optimizer: count that as its update."""
        record.events.append("update")
        for name in moved:
            self._note_use(record, name)

    def _note_use(self, record: StepRecord, name: str) -> None:
        gradient = self.tensors[name].grad
        gradient = None if gradient is None else dense(gradient)
        record.used[name] = gradient is not None and bool(gradient.any())
        base, since = self._base.pop(name, None), self._since.pop(name, None)
        self._applied.pop(name, None)
        if gradient is None or not record.used[name]:
            return
        self._applied[name] = gradient
        if base is not None and since is not None:
            difference = carried(to_array(gradient), to_array(base), since)
            if difference is not None:
                record.carried[name] = difference


def _remembers(optimizer: Any) -> bool:
    """Whether an optimizer has state that a new one would lack."""
    slots = [value for state in optimizer.state.values() for value in state.values()]
    return any(value is not None for value in slots)


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


def _closure(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    # a global hook is given the optimizer itself as the first of args
    return any(callable(a) for a in args[1:]) or kwargs.get("closure") is not None


def to_array(tensor: Any) -> Array:
    torch = load("torch")
    value = tensor.detach().cpu()
    return np.array((value.float() if value.dtype == torch.bfloat16 else value).numpy())


def is_sensitive(module: Any) -> bool:
    """Whether a module acts differently in training and in evaluation."""
    nn = load("torch").nn
    if isinstance(module, nn.modules.dropout._DropoutNd):
        return bool(module.p > 0)
    if isinstance(module, nn.modules.batchnorm._NormBase):
        return bool(module.track_running_stats)
    return bool(getattr(module, "dropout", None)) and isinstance(
        module, (nn.RNNBase, nn.MultiheadAttention)
    )


def functions_seen(record: StepRecord) -> Any:
    """A context that records the loss and dropout functions called inside.

    torch's function mode sees `F.cross_entropy` and `nn.CrossEntropyLoss` alike, with the tensors
    they were given.
    """
    torch = load("torch")
    functional = torch.nn.functional
    losses = {getattr(functional, name): name for name in _LOSSES}
    dropouts = {getattr(functional, name): name for name in _DROPOUTS}
    elementwise = {getattr(functional, name): f"F.{name}" for name in _ELEMENTWISE}
    attention = functional.scaled_dot_product_attention
    backward = (torch.Tensor.backward, torch.autograd.backward, torch.autograd.grad)
    draws = {torch.multinomial, torch.bernoulli, torch.normal, torch.poisson}
    draws |= {torch.Tensor.multinomial, torch.Tensor.bernoulli}

    def seen(
        mode: Any, function: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        record.backward_calls += function in backward
        record.stored_backward += function in backward[:2]
        result = function(*args, **kwargs)
        if function in losses:
            given = args[0] if args else kwargs["input"]
            if not transformed(given):
                call = loss_call(losses[function], given, result)
                target: Any = args[1] if len(args) > 1 else kwargs.get("target")
                if call.function == "F.kl_div" and not kwargs.get("log_target"):
                    call.target_low = float(target.detach().min())
                record.losses.append(call)
        elif function in elementwise and kwargs.get("reduction") != "none":
            record.broadcasts += broadcast(elementwise[function], *args[:2], **kwargs)
        elif function in dropouts:
            rate = args[1] if len(args) > 1 else kwargs.get("p", 0.5)
            acts = args[2] if len(args) > 2 else kwargs.get("training", True)
            if rate and acts:
                record.dropouts.append(f"F.{dropouts[function]}(p={rate})")
        elif function is attention and kwargs.get("dropout_p"):
            rate = kwargs["dropout_p"]
            record.dropouts.append(f"F.scaled_dot_product_attention(dropout_p={rate})")
        elif function in draws and args and isinstance(args[0], torch.Tensor):
            record.drawn.append(function.__name__)
        return result

    mode = torch.overrides.TorchFunctionMode
    return type("FunctionsSeen", (mode,), {"__torch_function__": seen})()


def broadcast(function: str, input: Any, target: Any, **options: Any) -> list[Broadcast]:
    """The call, if each value of the input is compared with values of several samples.

    Tensors of the same rank were given their axes of 1 to be broadcast.
    """
    a, b = tuple(input.shape), tuple(target.shape)
    if len(a) == len(b):
        return []
    together = np.broadcast_shapes(a, b)
    larger = np.prod(together) > max(np.prod(a), np.prod(b))
    return [Broadcast(function, a, b, together)] if larger else []


def loss_call(name: str, given: Any, result: Any) -> LossCall:
    expects = _LOSSES[name]
    values = to_array(given)
    if expects in ("logits", "log-probabilities") and values.ndim > 1 and name != "kl_div":
        values = np.moveaxis(values, 1, -1)  # torch keeps the classes second
    return LossCall(f"F.{name}", expects, values, float(to_array(result).mean()))
