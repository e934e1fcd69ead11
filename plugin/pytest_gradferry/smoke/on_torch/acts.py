"""Noting the acts of a torch step: what backward begins at, clips, updates and schedules."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from ...frameworks import Array, load
from ..acts import SAMPLE, Clip, Forward, Schedule, Update, note_gradient, sampled
from ..patching import patch
from ..record import StepRecord
from ..tree import leaves
from . import groups
from .function_mode import functions_through
from .graph import walk

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

# Functions whose result is a mean over the batch, unless told reduction="sum" or "none".
_LOSSES = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "gaussian_nll_loss",
    "huber_loss",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
)
_FAR = 20_000  # nodes of a graph that are walked
_DEPTH = 8  # additions between a loss and what backward is called on


class ActWatcher:
    """Fills `StepRecord.acts`.  Lives over several steps; `names` are those of the weights."""

    def __init__(self, names: dict[int, str], optimizers: list[Any]) -> None:
        self.torch = load("torch")
        self._names = names
        self._optimizers = optimizers
        functional = self.torch.nn.functional
        self._losses = {getattr(functional, name): f"F.{name}" for name in _LOSSES}
        self._means = {self.torch.mean: "mean", self.torch.Tensor.mean: "mean"}
        self._scales: dict[int, float] = {}  # what gradients are multiplied by just now
        self._depth = 0  # schedules step the schedules inside them

    def watch(self, stack: ExitStack, record: StepRecord) -> None:
        """Patch everything until the stack closes."""
        self._record = record
        self._begun_at: dict[Any, str] = {}  # the nodes of means, in this step
        self._unscaled: tuple[Any, Any, float] | None = None
        self._next = ("", 1.0)  # mean_of and scale of the backward pass at hand
        self._node: Any = None  # ... and where it starts
        self._clipped: list[tuple[Clip, set[int]]] = []
        stack.callback(self._finish)
        scaler = load("torch.amp.grad_scaler").GradScaler
        patch(stack, scaler, "scale", self._on_scale)
        patch(stack, scaler, "unscale_", self._on_unscale)
        clips = load("torch.nn.utils.clip_grad")
        for name in ("clip_grad_norm_", "clip_grad_value_"):
            patch(stack, clips, name, self._on_clip)
        for kind in _with_step(load("torch.optim.lr_scheduler").LRScheduler):
            patch(stack, kind, "step", self._on_schedule, updated=("__dict__",))
        stack.enter_context(functions_through(self._on_function))

    def _finish(self) -> None:
        """Optimizers are known at the end of the step; nodes of the graph are let go."""
        held = {id(tensor) for o in self._optimizers for tensor in groups.held(o)}
        for clip, tensors in self._clipped:
            clip.held = len(tensors & held)
        self._record.not_differentiated = self._not_differentiated()
        self._begun_at, self._unscaled = {}, None

    def _not_differentiated(self) -> dict[str, str]:
        """See StepRecord.  A loss that was taken backward keeps its nodes, not what they saved."""
        fresh = self._record.fresh
        missing = {key: name for key, name in self._names.items() if fresh.get(name) is None}
        found: dict[str, str] = {}
        front = list(self._begun_at.items()) if missing else []
        seen = {node for node, _ in front}
        while front and len(seen) < _FAR:
            node, loss = front.pop()
            name = missing.get(id(getattr(node, "variable", None)))
            if name is not None:
                found[name] = loss
            parents = {parent for parent, _ in node.next_functions if parent is not None} - seen
            seen |= parents
            front += [(parent, loss) for parent in parents]
        return found

    # forward and backward

    def forward(self, args: Any, kwargs: Any) -> None:
        tensors = [
            x for x in leaves([args, kwargs]) if isinstance(x, self.torch.Tensor) and x.dim()
        ]
        self._record.acts.append(Forward(int(tensors[0].shape[0]) if tensors else None))

    def returned(self, outputs: list[Any], training: bool) -> None:
        """The call of the model that was noted last has come to its end."""
        forward = next((a for a in reversed(self._record.acts) if isinstance(a, Forward)), None)
        trained = [output for output in outputs if output.requires_grad]
        if forward is None or not trained:
            return
        forward.trains = training

        def reach(gradient: Any) -> None:
            forward.reached = True

        for output in trained:
            output.register_hook(reach)

    def gradient(self, name: str, tensor: Any, gradient: Any) -> None:
        """A backward pass brought a weight this gradient."""
        mean_of, scale = self._next
        value = self._sample(gradient) / scale
        note_gradient(self._record.acts, name, value, mean_of, scale)
        self._scales[id(tensor)] = scale

    def giver_of_none(self, tensor: Any) -> str:
        """The function of the graph at hand that passes on None for the gradient of a weight."""
        for node in walk(self._node):
            weights = [getattr(to, "variable", None) for to, _ in node.next_functions]
            if any(weight is tensor for weight in weights):
                return str(node.name()).removesuffix("Backward")
        return ""

    def _sample(self, tensor: Any) -> Array:
        value = tensor.detach()
        value = (value.to_dense() if value.layout != self.torch.strided else value).reshape(-1)
        value = value[:: max(1, -(-value.numel() // SAMPLE))]
        if value.is_complex():
            value = self.torch.view_as_real(value).reshape(-1)
        return sampled(value.double().cpu().numpy())

    def _on_function(self, function: Any, args: Any, kwargs: Any) -> Any:
        if function is self.torch.Tensor.backward:
            self._next, self._node = self._root(args[0]), args[0].grad_fn
            try:
                return function(*args, **kwargs)
            finally:
                self._next, self._node = ("", 1.0), None
        result = function(*args, **kwargs)
        name = self._means.get(function, "")
        if name and args[0].dim() == 0:  # the mean of one number is that number
            name = self._begun_at.get(args[0].grad_fn, "")
        elif not name and function in self._losses and kwargs.get("reduction", "mean") == "mean":
            name = self._losses[function]
        if name and result.dim() == 0 and result.grad_fn is not None:
            self._begun_at[result.grad_fn] = name
        return result

    def _root(self, root: Any) -> tuple[str, float]:
        scale = 1.0
        if self._unscaled is not None and root is self._unscaled[0]:
            _, root, scale = self._unscaled
        return self._mean_under(root.grad_fn, _DEPTH), scale

    def _mean_under(self, node: Any, depth: int) -> str:
        """The mean that a node is, or adds something to."""
        if node is None or depth < 0:
            return ""
        if node in self._begun_at:
            return self._begun_at[node]
        if not node.name().startswith("AddBackward"):
            return ""
        under = (self._mean_under(following, depth - 1) for following, _ in node.next_functions)
        return next(filter(None, under), "")

    def _on_scale(self, original: Any, scaler: Any, outputs: Any) -> Any:
        result = original(scaler, outputs)
        if isinstance(outputs, self.torch.Tensor) and scaler.is_enabled():
            self._unscaled = (result, outputs, float(scaler.get_scale()))
        return result

    def _on_unscale(self, original: Any, scaler: Any, optimizer: Any) -> Any:
        result = original(scaler, optimizer)
        for tensor in groups.held(optimizer):
            self._scales.pop(id(tensor), None)
        return result

    # clips, updates and schedules

    def _on_clip(self, original: Any, parameters: Any, limit: Any, *args: Any, **kw: Any) -> Any:
        single = isinstance(parameters, self.torch.Tensor)
        given = [parameters] if single else list(parameters)
        present = [p for p in given if p.grad is not None]
        gradients = {
            self._names[id(p)]: self._sample(p.grad) for p in present if id(p) in self._names
        }
        by_norm = "norm" in original.__name__
        largest = max((float(p.grad.abs().max()) for p in present if p.grad.numel()), default=0.0)
        scale = max((self._scales.get(id(p), 1.0) for p in present), default=1.0)
        acts = len(self._record.acts)
        result = original(given, limit, *args, **kw)
        del self._record.acts[acts:]  # what it is made of
        names = {self._names[id(p)] for p in given if id(p) in self._names}
        norm = float(result) if by_norm else largest
        clip = Clip(
            original.__name__, float(limit), norm, gradients, names, len(given), scale=scale
        )
        self._record.acts.append(clip)
        self._clipped.append((clip, {id(p) for p in given}))
        return result

    def update(self, optimizer: Any) -> None:
        parameters, rates = groups.held(optimizer), groups.rates(optimizer)
        gradients = {
            self._names[id(p)]: self._sample(p.grad)
            for p in parameters
            if p.grad is not None and id(p) in self._names
        }
        weights = frozenset(map(id, parameters))
        act = Update(type(optimizer).__name__, id(optimizer), gradients, rates, weights)
        self._record.acts.append(act)
        for p in parameters:
            self._scales.pop(id(p), None)

    def _on_schedule(self, original: Any, scheduler: Any, *args: Any, **kwargs: Any) -> Any:
        optimizer = getattr(scheduler, "optimizer", None)
        making = getattr(scheduler, "_step_count", 1) < 1
        if self._depth or optimizer is None or making:
            return original(scheduler, *args, **kwargs)
        before, first = groups.rates(optimizer), getattr(scheduler, "last_epoch", 1) <= 0
        self._depth += 1
        try:
            return original(scheduler, *args, **kwargs)
        finally:
            self._depth -= 1
            name = type(scheduler).__name__
            weights, after = frozenset(map(id, groups.held(optimizer))), groups.rates(optimizer)
            act = Schedule(name, id(scheduler), id(optimizer), weights, before, after, first)
            act.on_plateau = name == "ReduceLROnPlateau"
            self._record.acts.append(act)


def _with_step(kind: type[Any]) -> list[type[Any]]:
    """The classes of schedules that define `step`, the user's own too."""
    found = [kind] if "step" in vars(kind) else []
    for each in kind.__subclasses__():
        found += [known for known in _with_step(each) if known not in found]
    return found
