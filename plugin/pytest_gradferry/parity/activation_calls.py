"""Every activation that a model applies: layers, what a layer applies itself, functions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..frameworks import available, loaded
from .causes.glue import has_own_activation
from .causes.operations import frames
from .layout import Array
from .sides.side import Side, Trace

Function = Callable[[Any], Any]  # of one tensor

# Elementwise, and known by these names in torch, in keras.ops, keras.activations and tf.nn.
_NAMES = frozenset(
    "relu relu_ relu6 leaky_relu elu celu selu gelu silu swish mish softplus softsign sigmoid tanh "
    "hardsigmoid hardswish hardtanh hardshrink softshrink tanhshrink logsigmoid threshold clamp "
    "hard_sigmoid hard_silu hard_swish hard_tanh hard_shrink soft_shrink tanh_shrink log_sigmoid "
    "clip clip_by_value".split()
)
_OPERATIONS = {name.replace("_", "") for name in _NAMES}  # keras.ops' classes, in lower case


@dataclass(frozen=True)
class Applied:
    """One call. `inputs` and `output` are told by their moments, whatever the layout; `function`
    takes tensors of the side's own."""

    name: str
    inputs: Array
    output: Array
    rank: int
    function: Function


def applied(side: Side, trace: Trace, inputs: Any) -> list[Applied]:
    """Of a trace in evaluation: its layers, and the functions of another such pass."""
    found = []

    def note(name: str, x: Array, y: Array, function: Function) -> None:
        before, after = _moments(x), _moments(y)
        if before is not None and after is not None:
            found.append(Applied(name, before, after, x.ndim, function))

    for event in trace.events:
        if event.layer is not None and event.row.kind == "activation":
            note(event.name, event.inputs, event.output, event.layer)
        elif has_own_activation(event.layer):
            function = event.layer.activation
            output = side.array(function(side.tensor(event.output)))
            note(f"activation of {event.name}", event.output, output, function)
    with _functions_noted(side, note):
        side.forward(inputs)
    return found


def _moments(array: Array) -> Array | None:
    """Mean, mean size, root mean square and range; None of what is constant, or of no numbers."""
    if array.dtype.kind != "f" or not array.size or not np.isfinite(array).all():
        return None
    flat = array.astype(np.float64).ravel()
    if flat.min() == flat.max():
        return None
    size = float(np.sqrt(np.dot(flat, flat) / flat.size))
    return np.array([flat.mean(), np.abs(flat).mean(), size, flat.min(), flat.max()])


Note = Callable[[str, Array, Array, Function], None]


def _functions_noted(side: Side, note: Note) -> Any:
    return _in_torch(side, note) if side.framework == "torch" else _in_keras(side, note)


def _told(side: Side, note: Note, name: str, function: Any, args: Any, kwargs: Any) -> Any:
    """Calls the function, and notes it where all but its first argument are plain values."""
    before = np.array(side.array(args[0])) if args else None
    output = function(*args, **kwargs)
    rest = (*args[1:], *kwargs.values())
    if before is not None and not any(hasattr(value, "shape") for value in rest):
        _, user = frames.outwards(sys._getframe(2))
        place = "" if user is None else f" [{frames.where(user)}]"
        note(
            name + place,
            before,
            side.array(output),
            lambda x: function(x, *args[1:], **kwargs),
        )
    return output


@contextmanager
def _in_torch(side: Any, note: Note) -> Iterator[None]:
    torch = available("torch")
    mode: type = available("torch.overrides").TorchFunctionMode

    class Noted(mode):  # type: ignore[misc]
        def __torch_function__(self, func: Any, _: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            name = getattr(func, "__name__", "")
            known = name in _NAMES and not side.in_layer
            if not known or not args or not isinstance(args[0], torch.Tensor):
                return func(*args, **kwargs)
            return _told(side, note, name.rstrip("_"), func, args, kwargs)

    with Noted():
        yield


@contextmanager
def _in_keras(side: Any, note: Note) -> Iterator[None]:
    keras = available("keras")

    def seen(name: str, function: Any) -> Any:
        def called(*args: Any, **kwargs: Any) -> Any:
            plain = args and side.backend.is_tensor(args[0])
            if side.depth or not plain or side.backend.is_traced(args[0]):
                return function(*args, **kwargs)
            with side.inside():
                return _told(side, note, name, function, args, kwargs)

        return called

    original = keras.Operation.__call__

    def operation(self: Any, *args: Any, **kwargs: Any) -> Any:
        """A function in a functional model."""
        name = type(self).__name__
        if isinstance(self, keras.layers.Layer) or name.lower() not in _OPERATIONS:
            return original(self, *args, **kwargs)
        return seen(frames.snake(name), lambda *a, **kw: original(self, *a, **kw))(*args, **kwargs)

    modules = [keras.ops, keras.activations]
    modules += [loaded(f"keras._tf_keras.keras.{name}") for name in ("ops", "activations")]
    if (tf := loaded("tensorflow")) is not None:
        modules += [tf, tf.nn, tf.math]
    with ExitStack() as stack:
        stack.callback(setattr, keras.Operation, "__call__", original)
        keras.Operation.__call__ = operation
        for module in modules:
            for name in _NAMES:
                function = getattr(module, name, None)
                if callable(function):
                    stack.callback(setattr, module, name, function)
                    setattr(module, name, seen(name, function))
        yield
