"""A Keras model under comparison, on any backend. It runs eagerly, so that its layers show."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from ...frameworks import load
from ...keras_layers import layer_paths
from ...wording import rule_name
from .. import tree
from ..layout import Array
from ..mapping import BY_KIND, Row
from . import keras_backends
from .keras_functions import watched_functions
from .keras_parts import parts
from .keras_recurrent import dropouts, no_dropout, recurrent_row, repadded, state_variables
from .keras_watch import watched
from .side import Event, Gradients, Handle, Objective, Side, Trace

keras = load("keras")

_NOISE = (
    keras.layers.Dropout,  # SpatialDropout1D to 3D derive from it
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
)


class KerasSide(Side):
    framework = "keras"

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.backend = keras_backends.current()
        self._layers: set[int] = set()
        self._names: dict[int, str] = {}
        self._parts: dict[int, list[Any]] = {}  # of layers that torch writes as several
        self.depth = 0  # inside how many layers of the table we are
        self._unseen = False  # a layer was called on values that are not known yet

    # -- the run --------------------------------------------------------------------------------

    @contextmanager
    def opened(self, inputs: Any) -> Iterator[None]:
        if not self.model.built or not self.model.weights:
            self._build(inputs)
        layers = self.model._flatten_layers(include_self=True, recursive=True)
        self._layers = {id(layer) for layer in layers}
        self._names = layer_paths(self.model)
        for layer in layers:
            self._split(layer)
        policies = [(layer, layer._dtype_policy) for layer in layers]
        symbols = [(symbol, symbol._dtype) for layer in layers for symbol in _inputs_of(layer)]
        variables = [(v, v._value, v._dtype) for v in self._variables()]
        integers = [(v, v.numpy()) for v in self._variables() if not _is_float(v)]
        floatx = keras.config.floatx()
        keras.config.dtype_policy()  # the first to ask settles it for good, by the floatx of then
        try:
            with self.backend.opened(), ExitStack() as patches:
                self._own_state()
                self.use("float64")
                self._patch(patches)
                yield
        finally:
            keras.config.set_floatx(floatx)
            for variable, value, dtype in variables:
                variable._value, variable._dtype = value, dtype
            for variable, value in integers:
                variable.assign(value)
            for layer, policy in policies:
                layer._dtype_policy = policy
            for symbol, dtype in symbols:
                symbol._dtype = dtype

    def _build(self, inputs: Any) -> None:
        layers = self.model._flatten_layers(include_self=True, recursive=True)
        self._layers = {id(layer) for layer in layers}
        with ExitStack() as patches:  # a factory's layers may be of a dtype that needs substitutes
            self._patch(patches)
            self.model(*self._arguments(tree.transform(self._native, inputs)))
        self.acting.clear()  # that was no call of ours

    def _split(self, layer: Any) -> None:
        found = parts(layer, self._names.get(id(layer), layer.name))
        if found:
            self._parts[id(layer)] = found
            self._layers.update(map(id, found))
            self._names.update((id(part), part.name) for part in found)

    def _variables(self) -> list[Any]:
        layers = self.model._flatten_layers(include_self=True, recursive=True)
        return [*self.model.variables, *state_variables(layers)]

    def _own_state(self) -> None:
        for variable in self._variables():
            if _is_float(variable):
                self.backend.own(variable, np.array(variable.numpy()))
        for state in self._variables()[len(self.model.variables) :]:
            state.assign(np.zeros(state.shape))

    def use(self, dtype: str) -> None:
        self.dtype = dtype
        keras.config.set_floatx(dtype)
        policy = keras.dtype_policies.DTypePolicy(dtype)
        for layer in self.model._flatten_layers(include_self=True, recursive=True):
            for part in (layer, *self._parts.get(id(layer), ())):
                part._dtype_policy = policy
            for symbol in _inputs_of(layer):
                if symbol._dtype.startswith("float"):
                    symbol._dtype = dtype
        for variable in self._variables():
            if _is_float(variable):
                variable._dtype = dtype
                self.backend.own(variable, variable.numpy().astype(dtype))

    def snapshot(self) -> list[tuple[Any, Any]]:
        return [(v, v.numpy()) for v in self._variables()]

    def row(self, layer: Any) -> Row | None:
        return recurrent_row(layer) or super().row(layer)

    def restore(self, snapshot: list[tuple[Any, Any]]) -> None:
        for variable, value in snapshot:
            variable.assign(value)

    # -- forward, backward, training ------------------------------------------------------------

    def tensor(self, array: Array) -> Any:
        array = np.asarray(array)
        return self.backend.tensor(array, self.dtype if array.dtype.kind == "f" else None)

    def _native(self, array: Array) -> Any:
        """A tensor of the dtype that Keras is set to."""
        array = np.asarray(array)
        return self.backend.tensor(
            array, keras.config.floatx() if array.dtype.kind == "f" else None
        )

    def array(self, tensor: Any) -> Array:
        return self.backend.array(tensor)

    def _arguments(self, inputs: Any) -> tuple[Any, ...]:
        """`call(self, a, b)` takes a tuple apart; a functional model and `call(self, x)` do not."""
        if not isinstance(inputs, (tuple, list)):
            return (inputs,)
        if isinstance(self.model, keras.Sequential) or hasattr(self.model, "_inputs_struct"):
            return (list(inputs),)
        required = [
            p
            for name, p in inspect.signature(self.model.call).parameters.items()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
            and name not in ("training", "mask")
        ]
        several = len(required) >= len(inputs) > 1
        return tuple(inputs) if several else (inputs,)

    def call(self, inputs: Any, training: bool) -> Any:
        self.training = training
        return self.model(*self._arguments(inputs), training=training)

    def gradients(self, inputs: Any, objective: Objective) -> Gradients:
        weights = self.model.trainable_weights
        with self.unchanged():
            found = self._differentiate(tree.transform(self.tensor, inputs), objective)
        self.sparse_gradients = found.sparse
        by_key = {
            id(v): (np.zeros(v.shape) if g is None else self.array(g)) * self.masks.get(id(v), 1.0)
            for v, g in zip(weights, found.weights, strict=True)
        }
        self.tie(by_key)
        of_inputs = [None if g is None else self.array(g) for g in found.inputs]
        return Gradients(float(found.value), found.outputs, by_key, of_inputs)

    def _differentiate(self, tensors: Any, objective: Objective) -> keras_backends.Derivative:
        def compute(tensors: Any) -> tuple[Any, Any]:
            outputs = self.outputs(tensors, training=True)
            return objective(outputs), outputs

        model = self.model
        weights = model.trainable_weights
        trained = {id(v) for v in weights}
        state = [v for v in self._variables() if id(v) not in trained]
        return self.backend.differentiate(compute, weights, state, tensors)

    def train(self, inputs: Any, objective: Objective, optimizer: Any, steps: int) -> list[float]:
        tensors = tree.transform(self.tensor, inputs)
        losses = []
        for _ in range(steps):
            found = self._differentiate(tensors, objective)
            losses.append(float(found.value))
            self._step(self.model.trainable_weights, found.weights, optimizer)
        return losses

    def step(self, gradients: dict[int, Array], optimizer: Any) -> None:
        weights = [v for v in self.model.trainable_weights if id(v) in gradients]
        self._step(weights, [self.tensor(gradients[id(v)]) for v in weights], optimizer)

    def _step(self, weights: list[Any], gradients: list[Any], optimizer: Any) -> None:
        by_key = self.tied(dict(zip(map(id, weights), gradients, strict=True)))
        gradients = list(by_key.values())
        pairs = [
            (g * self.tensor(self.masks[id(v)]) if id(v) in self.masks else g, v)
            for g, v in zip(gradients, weights, strict=True)
            if g is not None
        ]
        optimizer.apply_gradients(pairs)

    # -- a few operations on tensors ------------------------------------------------------------

    def take(self, tensor: Any, index: Array, axis: int = -1) -> Any:
        return keras.ops.take(tensor, index, axis=axis)

    def reshape(self, tensor: Any, like: Any) -> Any:
        return keras.ops.reshape(tensor, like.shape)

    def pad(self, tensor: Any, amounts: list[tuple[int, int]], value: float) -> Any:
        return keras.ops.pad(tensor, amounts, constant_values=value)

    # -- layers and weights ---------------------------------------------------------------------

    def run_layer(self, layer: Any, inputs: Array, training: bool) -> Array:
        self.training = training
        with self.unchanged(), watched(layer) as seen:
            arguments = {"training": training} if _takes_training(layer) else {}
            x = self.tensor(inputs)
            attention = isinstance(layer, keras.layers.MultiHeadAttention)
            output = layer(x, x, **arguments) if attention else layer(x, **arguments)
        return self.array(output if seen.output is None else seen.output)

    def all_weights(self) -> list[Handle]:
        found, seen = [], set()
        for layer in self.model._flatten_layers(include_self=True, recursive=True):
            prefix = self._names.get(id(layer), layer.name)
            for variable in (*layer._trainable_variables, *layer._non_trainable_variables):
                if id(variable) in seen or not _is_float(variable):
                    continue
                seen.add(id(variable))
                name = variable.path.rsplit("/", 1)[-1]
                found.append(Handle(variable, None, f"{prefix}.{name}" if prefix else name))
        return found

    def remarks(self) -> list[str]:
        remarks = []
        if count := len(self.model.losses):
            remarks.append(
                f"{count} losses that {self} adds itself (regularisers) are left out of the loss; "
                "an optimizer of one's own is given L2's gradient"
            )
        layers = self.model._flatten_layers(include_self=True, recursive=True)
        for kind in dict.fromkeys(type(layer) for layer in layers):
            owner = next(base for base in kind.__mro__ if "__call__" in vars(base))
            if not owner.__module__.startswith("keras."):
                remarks.append(
                    f"{owner.__name__} overrides __call__, which builds the layer and passes the "
                    f"training mode on: name it call ({rule_name('XFR101')})"
                )
        return remarks

    def assign(self, variable: Any, value: Array) -> None:
        variable.assign(value)

    def trainable(self, handle: Handle) -> bool:
        return any(handle.variable is v for v in self.model.trainable_weights)

    # -- recording ------------------------------------------------------------------------------

    def trace(self, inputs: Any, training: bool = False) -> Trace:
        self._unseen = False
        found = super().trace(inputs, training)
        if self._unseen:
            with self.backend.unrolled():
                found = super().trace(inputs, training)
        return found

    def _patch(self, stack: ExitStack) -> None:
        original = keras.layers.Layer.__call__
        side, is_tensor = self, self.backend.is_tensor

        def seen(layer: Any, *args: Any, **kwargs: Any) -> Any:
            args, kwargs = _first_by_position(layer, args, kwargs)
            if id(layer) not in side._layers or not args or not is_tensor(args[0]):
                return original(layer, *args, **kwargs)
            if made_of := side._parts.get(id(layer)):
                x, *_ = args
                for part in made_of:
                    x = seen(part, x)
                return x
            row = side.row(layer)
            if isinstance(layer, _NOISE):
                side.record(layer, row, args[0], args[0])
                name = side._names.get(id(layer), layer.name)
                if kwargs.get("training") and side.acts(name, getattr(layer, "rate", 1)):
                    return original(layer, *args, **kwargs)
                return args[0]
            if row is None:
                return original(layer, *args, **kwargs)
            if isinstance(layer, keras.layers.BatchNormalization):
                kwargs = side._mode_of(layer, kwargs)
            other = side.backend.substitute(layer, side.dtype) if layer.built else None
            call = other or original
            return side._observed(call, layer, row, *args, **kwargs)

        _set_attribute(stack, keras.layers.Layer, "__call__", seen)
        for owner, name, replacement in watched_functions(self):
            _set_attribute(stack, owner, name, replacement)
        # The masks of recurrent cells, the users' own too, come from nowhere else.
        cell = next(c for c in keras.layers.LSTMCell.__mro__ if c.__name__ == "DropoutRNNCell")
        _set_attribute(stack, cell, "_create_dropout_mask", no_dropout)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What is called in here is part of a call that is recorded."""
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def _mode_of(self, layer: Any, arguments: dict[str, Any]) -> dict[str, Any]:
        if id(layer) in self.by_batch:
            return arguments | {"training": True}
        told = bool(arguments.get("training"))  # Keras takes a None that is given for False
        if "training" not in arguments or told == self.training:
            return arguments
        self.strays[id(layer)] = told
        return arguments | {"training": self.training} if id(layer) in self.recalled else arguments

    def _observed(self, original: Any, layer: Any, row: Row, x: Any, *args: Any, **kw: Any) -> Any:
        if (before := self.before.get(id(layer))) is not None:
            given, x = x, before(x)
            args = tuple(x if a is given else a for a in args)  # self-attention
            kw = {name: x if a is given else a for name, a in kw.items()}
        if self.padding is not None:
            x, kw = repadded(layer, self.padding, x, kw)
        key = id(layer)
        with (
            self.inside(),
            watched(layer, self.forced_masks.get(key), self.forced_states.get(key)) as seen,
        ):
            output = original(layer, x, *args, **kw)
        if key in self.tapped:
            self.tapped[key].append(seen.output)
        output, *rest = output if isinstance(output, tuple) else (output,)
        for name, rate in dropouts(layer):
            name = f"{name} of {self._names.get(id(layer), layer.name)}"
            self.record(None, BY_KIND["dropout"], x, x, name, rate=rate)
        if (after := self.after.get(id(layer))) is not None:
            output = after(output)
        inner = output if seen.output is None else seen.output
        self.record(layer, row, x, inner, "", **seen.detail)
        behind = self.behind.get(id(layer))
        output = behind(output) if behind else output
        return (output, *rest) if rest else output

    def record(
        self, layer: Any, row: Row | None, x: Any, output: Any, called: str = "", **detail: Any
    ) -> None:
        if (
            self.recording is None
            or self.depth
            or row is None
            or not self.backend.is_tensor(output)
        ):
            return
        if self.backend.is_traced(output):
            self._unseen = True
            return
        name = called if layer is None else self._names.get(id(layer), layer.name)
        arrays = self.array(x), self.array(output)
        self.recording.append(Event("keras", layer, name, row, *arrays, detail))


def _first_by_position(layer: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """`attention(query=x, value=x)` is called with its input all the same."""
    if args or not kwargs or not isinstance(layer, keras.layers.MultiHeadAttention):
        return args, kwargs
    rest = dict(kwargs)
    return (rest.pop("query"),), rest


def _set_attribute(stack: ExitStack, owner: Any, name: str, value: Any) -> None:
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


def _takes_training(layer: Any) -> bool:
    return "training" in inspect.signature(layer.call).parameters


def _is_float(variable: Any) -> bool:
    return str(variable._dtype).startswith(("float", "bfloat"))


def _inputs_of(layer: Any) -> list[Any]:
    """Input layers and symbolic inputs: by their dtype a model casts what it is given."""
    if isinstance(layer, keras.layers.InputLayer):
        return [layer]
    functional = getattr(layer, "_functional", None) or layer
    return list(getattr(functional, "_inputs", None) or [])
