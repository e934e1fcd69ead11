"""Operations on torch tensors, those of modules and functional ones, by `TorchFunctionMode`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from ... import tree
from ...layout import Array
from ...sides.side import Side
from ...sides.torch_side import TorchSide
from . import frames
from .stream import Busy, Operation, Pulled, Site, Stream, Value, as_axes

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
_CALL = frozenset({nn.Module._call_impl.__code__})
# Functions whose second argument numbers axes, and those whose arguments say little.
_AXES = {
    "mean",
    "sum",
    "amax",
    "amin",
    "max",
    "min",
    "prod",
    "std",
    "var",
    "softmax",
    "log_softmax",
}
_AXES |= {"cat", "concat", "stack", "logsumexp", "flip", "cumsum", "norm", "argmax"}
_WEIGHTED = {"linear", "conv1d", "conv2d", "conv3d", "batch_norm", "layer_norm", "group_norm"}
_COPY = TorchSide.array.__code__


class _Listener(TorchFunctionMode):
    """Hears every function of tensors while the model is called, and which module calls it."""

    def __init__(self, side: Side) -> None:
        super().__init__()
        self.names = {id(m): name for name, m in side.model.named_modules()}
        self.inside: list[tuple[nn.Module, int]] = []
        self.calls = 0
        self.counts: Counter[Hashable] = Counter()

    def hear(self, func: Any, args: Any, kwargs: Any, output: Any, site: Site, key: Any) -> Any:
        """Returns the output, or what takes its place."""
        raise NotImplementedError

    def starts(self, inputs: Any) -> None:
        """Before each call of the model."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        output = func(*args, **kwargs)
        if Busy.now or _copies(sys._getframe(1)):
            return output
        name = _name(func)
        changed = args[0] if name == "setitem" else output
        if not any(isinstance(leaf, torch.Tensor) for leaf in tree.leaves(changed)):
            return output
        site = self._site(name, args, kwargs)
        place = (site.key, name)
        self.counts[place] += 1
        return self.hear(func, args, kwargs, changed, site, (*place, self.counts[place]))

    def _site(self, name: str, args: Any, kwargs: Any) -> Site:
        text, axes = _told(name, args, kwargs)
        _, user = frames.outwards(sys._getframe(2), _CALL)
        module, number = self.inside[-1] if self.inside else (None, 0)
        if user is not None:
            return Site(name, text, frames.where(user), object(), frames.key(user), axes=axes)
        if module is None or isinstance(module, _CONTAINERS):
            return Site(name, text, "", object(), "", axes=axes)
        layer = self.names.get(id(module)) or type(module).__name__
        return Site(name, text, "", number, layer, layer, axes)

    def _entered(self, module: nn.Module, _: Any) -> None:
        self.calls += 1
        self.inside.append((module, self.calls))

    def _left(self, *_: Any) -> None:
        self.inside.pop()

    @contextmanager
    def listening(self, inputs: Any) -> Iterator[None]:
        self.counts.clear()
        self.starts(inputs)
        hooks = [
            register_module_forward_pre_hook(self._entered),
            register_module_forward_hook(self._left, always_call=True),
        ]
        try:
            with self:
                yield
        finally:
            for hook in hooks:
                hook.remove()


def _copies(frame: FrameType | None) -> bool:
    """The recording of layers copies tensors, through whatever modes stand in between."""
    while frame is not None and frame.f_code.co_name == "__torch_function__":
        frame = frame.f_back
    return frame is not None and frame.f_code is _COPY


def _name(func: Any) -> str:
    name = str(func.__name__)
    return str(func.__self__.__name__) if name == "__get__" else name.strip("_")


def _told(name: str, args: Any, kwargs: Any) -> tuple[str, tuple[int, ...]]:
    """The call as a reader would write it, and which axes it names."""
    if name == "getitem":
        return f"x{frames.slices(args[1])}", ()
    numbered = next((kwargs[key] for key in ("dim", "axis", "dims") if key in kwargs), None)
    if name in _AXES and numbered is None and len(args) > 1:
        numbered = args[1]
    if name in _WEIGHTED:
        return name, ()
    text = frames.arguments([*(("", arg) for arg in args), *kwargs.items()])
    return f"{name}({text})" if text else name, as_axes(numbered)


class Recorder(_Listener):
    def __init__(self, side: Side, stream: Stream) -> None:
        super().__init__(side)
        self.stream = stream
        self.known: dict[int, Value] = {}
        self.kept: list[Any] = []  # so that no tensor takes the id of another

    def starts(self, inputs: Any) -> None:
        self.stream.inputs = [
            Value(_array(leaf), True, place=i) for i, leaf in enumerate(tree.leaves(inputs))
        ]
        for leaf, value in zip(tree.leaves(inputs), self.stream.inputs, strict=True):
            self.known[id(leaf)] = value

    def hear(self, func: Any, args: Any, kwargs: Any, output: Any, site: Site, key: Any) -> Any:
        before: list[Value] = []

        def told(leaf: Any) -> Any:
            value = self.known.get(id(leaf)) if isinstance(leaf, torch.Tensor) else None
            if value is None:
                return leaf
            before.append(value)
            return _Place(len(before) - 1)

        places = _mapped(told, args), _mapped(told, kwargs)
        fed = any(value.fed for value in before)
        if not fed:
            return output
        leaves = [leaf for leaf in tree.leaves(output) if isinstance(leaf, torch.Tensor)]
        after = [Value(_array(leaf), True, place=i) for i, leaf in enumerate(leaves)]
        index = len(self.stream.operations)
        again = _again(func, *places)
        operation = Operation(index, site, key, before, after, again)
        for leaf, value in zip(leaves, after, strict=True):
            value.maker = operation
            self.known[id(leaf)] = value
        self.kept.append((args, kwargs, output))
        self.stream.operations.append(operation)
        return output


class _Place:
    """Where a tensor stood among the arguments."""

    def __init__(self, index: int) -> None:
        self.index = index


def _mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    if isinstance(structure, dict):
        return {key: _mapped(function, part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)) and type(structure) in (list, tuple):
        return type(structure)(_mapped(function, part) for part in structure)
    return function(structure)


def _again(func: Any, args: Any, kwargs: Any) -> Callable[[list[Any]], list[Any]]:
    def again(tensors: list[Any]) -> list[Any]:
        def filled(leaf: Any) -> Any:
            # A copy: the function may work in place.
            return tensors[leaf.index].clone() if isinstance(leaf, _Place) else leaf

        given = _mapped(filled, args)
        output = func(*given, **_mapped(filled, kwargs))
        output = given[0] if _name(func) == "setitem" else output
        return [leaf for leaf in tree.leaves(output) if isinstance(leaf, torch.Tensor)]

    return again


class Replacer(_Listener):
    """Catches the sources, and puts the function of them in the target's place."""

    def __init__(
        self, side: Side, target: Value | None, sources: list[Value], function: Any = None
    ) -> None:
        super().__init__(side)
        self.target = None if target is None else target.address
        self.sources = [value.address for value in sources]
        self.function = function
        self.caught: dict[Hashable, Any] = {}

    def starts(self, inputs: Any) -> None:
        self.caught = {(None, i): leaf for i, leaf in enumerate(tree.leaves(inputs))}

    def hear(self, func: Any, args: Any, kwargs: Any, output: Any, site: Site, key: Any) -> Any:
        leaves = [leaf for leaf in tree.leaves(output) if isinstance(leaf, torch.Tensor)]
        here: dict[Hashable, Any] = {(key, i): leaf for i, leaf in enumerate(leaves)}
        with Busy.working():
            for address in {self.target, *self.sources} & here.keys():
                self.caught[address] = here[address].clone()  # whatever changes it in place
        ready = self.caught.keys() >= set(self.sources)  # another mode may take another way
        if self.target is None or self.target not in here or not ready:
            return output
        old = here[self.target]
        with Busy.working():
            new = self.function(old, *(self.caught[address] for address in self.sources))
        return tree.transform(lambda leaf: new if leaf is old else leaf, output)


def _array(tensor: torch.Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy().copy()
    return array


def gather(tensor: Any, positions: Array) -> Any:
    """The flattened tensor's elements at `positions`, in their shape."""
    index = torch.from_numpy(np.ascontiguousarray(positions.ravel()))
    return tensor.reshape(-1)[index.to(tensor.device)].reshape(positions.shape)


def pulled(side: Side, run: Callable[[list[Any]], Any], arrays: list[Array]) -> Pulled:
    """`run` of these, and what takes a gradient of the result back to them."""
    tensors = [side.tensor(array).requires_grad_() for array in arrays]
    with torch.enable_grad():
        output = run([tensor.view_as(tensor) for tensor in tensors])

    def back(gradient: Array) -> list[Array]:
        given = side.tensor(gradient)
        found = torch.autograd.grad(output, tensors, given, allow_unused=True, retain_graph=True)
        return [
            np.zeros(t.shape) if g is None else _array(g)
            for t, g in zip(tensors, found, strict=True)
        ]

    return _array(output), back


def foreign(evaluate: Callable[[list[Array]], Pulled], tensors: list[Any]) -> Any:
    """What another framework makes of the tensors, with its gradient."""
    apply: Any = _Foreign.apply
    return apply(evaluate, *tensors)


class _Foreign(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, evaluate: Any, *tensors: Any) -> Any:
        output, ctx.back = evaluate([_array(tensor) for tensor in tensors])
        return torch.from_numpy(output).to(tensors[0])

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (gradient,) = gradients
        return None, *(torch.from_numpy(g).to(gradient) for g in ctx.back(_array(gradient)))
