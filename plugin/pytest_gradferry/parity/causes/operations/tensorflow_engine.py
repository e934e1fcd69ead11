"""Operations on TensorFlow's eager tensors, of layers, `keras.ops`, `tf.*` and operators alike, by
its op callbacks."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from ....frameworks import load
from ... import tree
from ...layout import Array
from ...sides.side import Side
from . import frames
from .stream import Busy, Operation, Pulled, Site, Stream, Value, as_axes

tf = load("tensorflow")
keras = load("keras")
op_callbacks = load("tensorflow.python.framework.op_callbacks")
execute = load("tensorflow.python.eager.execute")
context = load("tensorflow.python.eager.context")

# Between the user's call and the function he called.
_WRAPPERS = {
    *("error_handler", "op_dispatch_handler", "wrapper", "sparse_wrapper", "new_func"),
    "__call__",
}
_GRAPH = (
    "/keras/src/models/",
    "/ops/function.py",
    "/ops/operation.py",
)  # what runs a graph of layers
_OPERATORS = {"binary_op_wrapper", "r_binary_op_wrapper", "unary_op_wrapper", "__neg__"}
# What of a layer's own settings tells what it does.
_SHOWN = ("axis", "axes", "dims", "target_shape", "negative_slope", "alpha", "max_value")
_NAMES = {"BatchMatMul": "matmul", "RealDiv": "div", "StridedSlice": "getitem"}


def _called(original: Any, listener: _Listener, layer: Any, args: Any, kwargs: Any) -> Any:
    """Stands in for `Layer.__call__`: a frame of it says which layer is at work."""
    listener.calls += 1
    listener.inside.append((layer, listener.calls))
    key = ("returned", listener.path(layer), listener.calls)
    try:
        output = original(layer, *args, **kwargs)
    finally:
        listener.inside.pop()
    return listener.returns(key, output) if tf.is_tensor(output) else output


_LAYER = frozenset({_called.__code__})


class _Listener:
    """Hears every operation while the model is called, and whose layer makes it."""

    def __init__(self, side: Side) -> None:
        self.names = getattr(side, "_names", {})
        self.inside: list[tuple[Any, int]] = []
        self.calls = 0
        self.counts: Counter[Hashable] = Counter()
        self.seen: list[FrameType] = []  # kept, so that no frame takes the id of another
        self.recorded_later = False  # for the gradient, by the caller of the operation's callbacks

    def hear(
        self, kind: str, inputs: Any, attributes: Any, outputs: list[Any], site: Site, key: Hashable
    ) -> None:
        """May put others in the place of `outputs`."""
        raise NotImplementedError

    def starts(self, inputs: Any) -> None:
        """Before each call of the model."""

    def returns(self, key: Hashable, output: Any) -> Any:
        """What a layer returns, or what takes its place."""
        return output

    def path(self, layer: Any) -> str:
        return str(self.names.get(id(layer)) or getattr(layer, "name", ""))

    def __call__(
        self, kind: Any, inputs: Any, attributes: Any, outputs: Any, *_: Any, **__: Any
    ) -> None:
        if Busy.now:
            return
        kind = kind.decode() if isinstance(kind, bytes) else kind
        # TensorFlow's compiled path records before it calls back, its Python path afterwards.
        self.recorded_later = sys._getframe(2).f_code is execute.execute_with_callbacks.__code__
        site = self._site(kind, inputs)
        place = (site.key, kind)
        self.counts[place] += 1
        self.hear(kind, inputs, attributes, outputs, site, (*place, self.counts[place]))

    def _site(self, kind: str, inputs: Any) -> Site:
        libraries, user = frames.outwards(sys._getframe(2), _LAYER)
        layer, number = self.inside[-1] if self.inside else (None, 0)
        path = self.path(layer)
        if user is None and layer is not None and not isinstance(layer, keras.Model):
            name, text, axes = _described(layer)
            return Site(name, text, "", number, (path, number), path, axes)
        entry = next((f for f in reversed(libraries) if _is_entry(f)), None)
        name, text, axes = _function(kind, inputs, entry)
        call: Hashable = object()
        if entry is not None:
            self.seen.append(entry)
            call = id(entry)
        where, key = ("", path) if user is None else (frames.where(user), frames.key(user))
        return Site(name, text, where, call, key, axes=axes)

    @contextmanager
    def listening(self, inputs: Any) -> Iterator[None]:
        self.counts.clear()
        self.seen.clear()
        self.calls = 0
        self.starts(inputs)
        original = keras.layers.Layer.__call__

        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            if Busy.now:
                return original(layer, *args, **kwargs)
            return _called(original, self, layer, args, kwargs)

        keras.layers.Layer.__call__ = call
        _LISTENING.append(self)
        if len(_LISTENING) == 1:
            op_callbacks.add_op_callback(_dispatch)
        try:
            yield
        finally:
            keras.layers.Layer.__call__ = original
            _LISTENING.remove(self)
            if not _LISTENING:
                op_callbacks.remove_op_callback(_dispatch)


_LISTENING: list[_Listener] = []


def _dispatch(*arguments: Any, **named: Any) -> None:
    """In the order of their coming: TensorFlow keeps its callbacks in none."""
    for listener in list(_LISTENING):
        listener(*arguments, **named)


def _is_entry(frame: FrameType) -> bool:
    """The function that was called, not what wraps it or runs a graph of layers."""
    code = frame.f_code
    graph = any(part in code.co_filename for part in _GRAPH)
    return code.co_name not in _WRAPPERS and not graph and not frames.is_own(frame)


Told = tuple[str, str, tuple[int, ...]]  # a name, the whole call, the axes it names


def _function(kind: str, inputs: Any, entry: FrameType | None) -> Told:
    plain = _NAMES.get(kind, frames.snake(kind))
    if entry is None:
        return plain, plain, ()
    name = entry.f_code.co_name
    if name == "_slice_helper":
        return "getitem", f"x{frames.slices(entry.f_locals.get('slice_spec'))}", ()
    if name in _OPERATORS or entry.f_code.co_filename.endswith("override_binary_operator.py"):
        return plain, plain + _scalar(inputs), ()
    if name == "call":  # a keras.ops function in a functional model
        operation = entry.f_locals.get("self")
        return _described(operation, frames.snake(type(operation).__name__))
    name = frames.unversioned(name)
    given = frames.parameters(entry)
    text = frames.arguments(given)
    axes = next((value for name, value in given if name in ("axis", "axes", "dim")), None)
    return name, f"{name}({text})" if text else name, as_axes(axes)


def _described(owner: Any, name: str = "") -> Told:
    """A layer or operation and what it is set to: `Concatenate(axis=1)`."""
    kind = type(owner).__name__
    function = getattr(getattr(owner, "activation", None), "__name__", "")
    if kind == "Activation":
        return function, function, ()
    plain = not getattr(owner, "weights", None)
    settings = [(name, getattr(owner, name, None)) for name in _SHOWN if plain]
    if not plain and function not in ("", "linear"):
        settings.append(("activation", function))
    text = frames.arguments(settings)
    axes = as_axes(getattr(owner, "axis", None))
    shown = name or kind
    return frames.snake(kind), f"{shown}({text})" if text else shown, axes


def _scalar(inputs: Any) -> str:
    """The number in `x * 0.5`."""
    scalars = [t for t in inputs if hasattr(t, "shape") and t.shape.rank == 0]
    # A variable's handle is a scalar too, without a number in it.
    numbers = [t for t in scalars if t.dtype.is_floating or t.dtype.is_integer]
    return f"({float(numbers[0]):g})" if len(numbers) == 1 else ""


class Recorder(_Listener):
    def __init__(self, side: Side, stream: Stream) -> None:
        super().__init__(side)
        self.stream = stream
        self.known: dict[int, Value] = {}
        self.kept: list[Any] = []

    def starts(self, inputs: Any) -> None:
        leaves = tree.leaves(inputs)
        self.stream.inputs = [Value(_array(x), True, place=i) for i, x in enumerate(leaves)]
        self.known = {id(x): v for x, v in zip(leaves, self.stream.inputs, strict=True)}

    def hear(
        self, kind: str, inputs: Any, attributes: Any, outputs: list[Any], site: Site, key: Hashable
    ) -> None:
        before = [self.known[id(x)] for x in inputs if id(x) in self.known]
        if not before:
            return
        places = [self.known.get(id(x)) is not None for x in inputs]
        after = [Value(_array(x), True, place=i) for i, x in enumerate(outputs)]
        again = _again(kind, list(inputs), places, attributes, len(outputs))
        operation = Operation(len(self.stream.operations), site, key, before, after, again)
        for tensor, value in zip(outputs, after, strict=True):
            value.maker = operation
            self.known[id(tensor)] = value
        self.kept.append((inputs, list(outputs)))
        self.stream.operations.append(operation)

    def returns(self, key: Hashable, output: Any) -> Any:
        value = self.known.get(id(output))
        if value is None and self.known:  # put there by a replacement that was made before
            value = Value(_array(output), True)
            site = Site("replaced", "replaced", "", key, key)
            index = len(self.stream.operations)
            value.maker = Operation(index, site, key, [], [value], lambda _: [output])
            self.known[id(output)] = value
            self.kept.append(output)
            self.stream.operations.append(value.maker)
        if value is not None and value.maker is not None:
            value.returned = key
        return output


def _again(
    kind: str, inputs: list[Any], places: list[bool], attributes: Any, count: int
) -> Callable[[list[Any]], list[Any]]:
    def again(tensors: list[Any]) -> list[Any]:
        rest = iter(tensors)
        given = [next(rest) if known else x for x, known in zip(inputs, places, strict=True)]
        outputs = execute.quick_execute(kind, count, given, attributes, context.context())
        if execute.must_record_gradient():
            execute.record_gradient(kind, given, attributes, outputs)
        return list(outputs)

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

    def hear(
        self, kind: str, inputs: Any, attributes: Any, outputs: list[Any], site: Site, key: Hashable
    ) -> None:
        here: dict[Hashable, Any] = {(key, i): tensor for i, tensor in enumerate(outputs)}
        for address in {self.target, *self.sources} & here.keys():
            self.caught[address] = here[address]
        if self.target is None or self.target not in here or not self._ready():
            return
        old = here[self.target]
        recording = self.recorded_later and execute.must_record_gradient()
        if recording:
            # `old` must be known before it is used, and `new` not be taken for the output.
            execute.record_gradient(kind, list(inputs), attributes, list(outputs))
        outputs[next(i for i, tensor in enumerate(outputs) if tensor is old)] = self._new(old)
        if recording:
            _record_nothing_once()

    def returns(self, key: Hashable, output: Any) -> Any:
        self.caught[key] = output
        return self._new(output) if self.target == key and self._ready() else output

    def _ready(self) -> bool:
        """A source may be missing where another mode takes another way."""
        return self.caught.keys() >= set(self.sources)

    def _new(self, old: Any) -> Any:
        with Busy.working():
            return self.function(old, *(self.caught[address] for address in self.sources))


def _record_nothing_once() -> None:
    plain = execute.record_gradient

    def nothing(*_: Any) -> None:
        execute.record_gradient = plain

    execute.record_gradient = nothing


def _array(tensor: Any) -> Array:
    if getattr(tensor, "dtype", None) in (tf.resource, tf.variant, tf.string):
        return np.zeros(0, object)
    array: Array = np.array(tensor)
    return array


def gather(tensor: Any, positions: Array) -> Any:
    """The flattened tensor's elements at `positions`, in their shape."""
    return tf.reshape(tf.gather(tf.reshape(tensor, [-1]), positions.ravel()), positions.shape)


def pulled(side: Side, run: Callable[[list[Any]], Any], arrays: list[Array]) -> Pulled:
    """`run` of these, and what takes a gradient of the result back to them."""
    tensors = [side.tensor(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        output = run(tensors)

    def back(gradient: Array) -> list[Array]:
        found = tape.gradient(output, tensors, side.tensor(gradient))
        return [
            np.zeros(t.shape) if g is None else _array(tf.convert_to_tensor(g))
            for t, g in zip(tensors, found, strict=True)
        ]

    return _array(output), back


def foreign(evaluate: Callable[[list[Array]], Pulled], tensors: list[Any]) -> Any:
    """What another framework makes of the tensors, with its gradient."""

    def function(*given: Any) -> Any:
        output, back = evaluate([_array(tensor) for tensor in given])

        def pull(gradient: Any) -> Any:
            grads = back(_array(tf.convert_to_tensor(gradient)))
            return [tf.constant(g, t.dtype) for g, t in zip(grads, given, strict=True)]

        return tf.constant(output, given[0].dtype), pull

    return tf.custom_gradient(function)(*tensors)
