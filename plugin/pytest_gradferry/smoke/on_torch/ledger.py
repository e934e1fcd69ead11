"""What torch training keeps from step to step: graphs, hooks, weights of optimizers and modules."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ...frameworks import load
from ..growth import Kept, Ledger
from ..tree import leaves
from .graph import walk

if TYPE_CHECKING:
    from ..on_keras.trainee import KerasTrainee
    from .trainee import TorchTrainee

GRAPHS = "nodes of old autograd graphs"
HOOKS = "hooks on modules and weights"
WEIGHTS = "tensors in the optimizers' groups"
MODULES = "modules of the model"

_MARK = "gradferry"


class _Mark:
    """Stands in the metadata of a node, which lives and dies with it."""

    __slots__ = ("__weakref__",)


class TorchLedger(Ledger):
    """Outputs of modules are marked at their nodes of the graph: whoever keeps an output, or what
    was computed from it, keeps the node, also after the backward pass has freed its tensors."""

    def __init__(self, trainee: TorchTrainee | KerasTrainee) -> None:
        self._trainee = trainee
        self._tensor = load("torch").Tensor
        self._marks: list[weakref.ref[_Mark]] = []

    @contextmanager
    def counting(self) -> Iterator[None]:
        with ExitStack() as stack:
            register = load("torch").nn.Module.register_forward_hook  # ScriptModules refuse theirs
            # a function, which a step that copies the model shares, and not a method
            mark = lambda *call: self._mark(*call)  # noqa: E731
            for module in self._modules():
                stack.callback(register(module, mark).remove)
            yield

    def _modules(self) -> list[Any]:
        module = load("torch").nn.Module
        hidden = getattr(self._trainee.structure, "hidden_modules", {})
        roots = [self._trainee.model, *(m for m, _, _ in hidden.values())]
        roots += [thing for thing in self._trainee.held.objects if isinstance(thing, module)]
        return list({id(m): m for root in roots for m in root.modules()}.values())

    def _mark(self, module: Any, inputs: Any, output: Any) -> None:
        for leaf in leaves(output):
            node = leaf.grad_fn if isinstance(leaf, self._tensor) else None
            if node is not None and _MARK not in node.metadata:
                mark = _Mark()
                node.metadata[_MARK] = mark
                self._marks.append(weakref.ref(mark))

    def amounts(self) -> dict[str, int]:
        self._marks = [mark for mark in self._marks if mark() is not None]
        groups = [g for o in self._trainee.optimizers for g in getattr(o, "param_groups", ())]
        return {
            GRAPHS: len(self._marks),
            HOOKS: sum(map(len, self._hooks())),
            WEIGHTS: sum(len(group["params"]) for group in groups),
            MODULES: sum(1 for _ in self._trainee.model.modules()),
        }

    def _hooks(self) -> Iterator[Any]:
        for module in self._modules():
            yield from (v for k, v in vars(module).items() if k.endswith("_hooks") and v)
        for tensor in self._trainee.model.parameters():
            yield tensor._backward_hooks or ()
            yield getattr(tensor, "_post_accumulate_grad_hooks", None) or ()

    def kept(self, kind: str) -> Kept:
        if kind == HOOKS:
            return Kept("", "register the hook once, before training, or remove its handle")
        if kind == WEIGHTS:
            return Kept("", "call add_param_group once, not in every step")
        if kind == MODULES:
            return Kept("", "make modules in __init__, not in every step")
        oldest = next((mark() for mark in self._marks if mark() is not None), None)
        values = ((name, get()) for name, get in self._places())
        name, value = next((each for each in values if self._holds(oldest, each[1])), ("", None))
        if not name:
            return Kept("", "keep loss.item() or output.detach(), not the tensor with its graph")
        if self._of_loss(value):
            return Kept(name, "keep loss.item() or loss.detach()", "XFR219")
        return Kept(name, "keep it without its graph: .detach()")

    def _places(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        yield from ((place.name, place.get) for place in self._trainee.held.places)
        model = self._trainee.model
        for path, module in getattr(model, "named_modules", list)():
            prefix = f"{type(model).__name__}.{path}".rstrip(".")
            for name in module._buffers:
                yield f"the buffer `{prefix}.{name}`", partial(module._buffers.get, name)

    def _of_loss(self, value: Any) -> bool:
        """Whether it is made of single numbers, as losses are."""
        tensors = [leaf for leaf in _leaves(value) if isinstance(leaf, self._tensor)]
        return bool(tensors) and all(tensor.numel() == 1 for tensor in tensors)

    def _holds(self, mark: Any, value: Any) -> bool:
        """Whether the marked node can be reached from a tensor of this value."""
        tensors = [leaf for leaf in _leaves(value) if isinstance(leaf, self._tensor)]
        nodes = walk(*(tensor.grad_fn for tensor in tensors))
        return any(node.metadata.get(_MARK) is mark for node in nodes)


def _leaves(value: Any) -> list[Any]:
    return leaves(list(value) if isinstance(value, (set, deque)) else value)
