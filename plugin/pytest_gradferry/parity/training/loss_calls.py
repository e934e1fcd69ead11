"""The calls of losses inside what a user gave: seen, and changed to try a cause.

A loss may be an object, a function, or one of several terms in a user's own function. Whatever it
is wrapped in, it ends in `torch.nn.functional` or in a `keras.losses` object or function.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ...frameworks import load, loaded

_TORCH = {
    "cross_entropy": "cross_entropy",
    "nll_loss": "nll",
    "binary_cross_entropy": "binary",
    "binary_cross_entropy_with_logits": "binary",
    "mse_loss": "mse",
    "l1_loss": "l1",
    "smooth_l1_loss": "huber",
    "huber_loss": "huber",
    "kl_div": "kl_div",
    "poisson_nll_loss": "poisson",
}
_KERAS = {
    "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
    "binary_crossentropy": "binary",
    "mean_squared_error": "mse",
    "mean_absolute_error": "l1",
    "huber": "huber",
    "kl_divergence": "kl_div",
    "poisson": "poisson",
}


@dataclass(frozen=True)
class Call:
    """One call of a known loss. `arguments` are torch's function's or, of a Keras object, its
    reduction, the sample weights and what its function takes."""

    framework: str
    name: str
    kind: str  # the same word for the same loss of both frameworks; empty where it is not known
    output: Any
    target: Any
    arguments: dict[str, Any]
    function: Callable[..., Any] = field(repr=False)  # (output, target, **arguments)

    def given(self, **changes: Any) -> Call:
        return replace(self, arguments=self.arguments | changes)

    def run(self) -> Any:
        return self.function(self.output, self.target, **self.arguments)


Edit = Callable[[Call], Call]


class Calls:
    """Of one framework's loss. `seen` are those of the last evaluation, as edited."""

    def __init__(self, framework: str) -> None:
        self.framework = framework
        self.seen: list[Call] = []
        self.edits: dict[int, list[Edit]] = {}
        self._inside = False

    @contextmanager
    def watched(self, dtype: str) -> Iterator[None]:
        """Every loss called inside is computed in `dtype`, noted and edited."""
        self.seen = []
        with ExitStack() as stack:
            if self.framework == "torch":
                stack.enter_context(_torch_mode(self, dtype))
            else:
                _patch_keras(self, dtype, stack)
            yield

    def made(self, call: Call) -> Any:
        """What the call gives, edited; losses inside a loss are its own business."""
        if self._inside:
            return call.run()
        for edit in self.edits.get(len(self.seen), []):
            call = edit(call)
        self.seen.append(call)
        self._inside = True
        try:
            return call.run()
        finally:
            self._inside = False

    @contextmanager
    def edited(self, index: int, edit: Edit) -> Iterator[None]:
        edits = self.edits.setdefault(index, [])
        edits.append(edit)
        try:
            yield
        finally:
            edits.remove(edit)


def _torch_mode(calls: Calls, dtype: str) -> Any:
    import torch
    from torch.overrides import TorchFunctionMode

    functions = {getattr(torch.nn.functional, name): name for name in _TORCH}
    kind = getattr(torch, dtype)

    def in_dtype(value: Any) -> Any:
        """Class weights of the user's, in float32."""
        floating = isinstance(value, torch.Tensor) and value.is_floating_point()
        return value.to(kind) if floating else value

    class Mode(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            name = functions.get(function)
            if name is None:
                return function(*args, **(kwargs or {}))
            bound = inspect.signature(function).bind(*args, **(kwargs or {}))
            bound.apply_defaults()
            arguments = {key: in_dtype(value) for key, value in bound.arguments.items()}
            output, target = arguments.pop("input"), arguments.pop("target")
            return calls.made(
                Call("torch", name, _TORCH[name], output, target, arguments, function)
            )

    return Mode()


def _patch_keras(calls: Calls, dtype: str, stack: ExitStack) -> None:
    keras = load("keras")
    original = keras.losses.Loss.__call__

    def loss(self: Any, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        name = getattr(getattr(self, "fn", None), "__name__", type(self).__name__)
        settings = _settings(self) | {"reduction": self.reduction, "sample_weight": sample_weight}

        def run(
            output: Any, target: Any, reduction: Any, sample_weight: Any, **changed: Any
        ) -> Any:
            own = copy.copy(self)  # never the user's: its dtype and settings stay
            own._dtype, own.reduction = dtype, reduction
            if hasattr(own, "_fn_kwargs"):
                own._fn_kwargs = own._fn_kwargs | changed
            return original(own, target, output, sample_weight)

        return calls.made(Call("keras", name, _KERAS.get(name, ""), y_pred, y_true, settings, run))

    stack.callback(setattr, keras.losses.Loss, "__call__", original)
    keras.losses.Loss.__call__ = loss
    for place in (keras.losses, loaded("keras._tf_keras.keras.losses")):
        for name in _KERAS:
            function = getattr(place, name, None)  # tf.keras has some of them, or none is loaded
            if function is not None:
                stack.callback(setattr, place, name, function)
                setattr(place, name, _function(calls, name, function))


def _function(calls: Calls, name: str, function: Any) -> Any:
    """A function of `keras.losses`, which returns a loss for each sample."""

    def seen(*args: Any, **kwargs: Any) -> Any:
        bound = inspect.signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        target, output = arguments.pop("y_true"), arguments.pop("y_pred")

        def run(output: Any, target: Any, **arguments: Any) -> Any:
            return function(target, output, **arguments)

        return calls.made(Call("keras", name, _KERAS[name], output, target, arguments, run))

    return seen


def _settings(loss: Any) -> dict[str, Any]:
    """What a Keras loss' function is given, defaults included."""
    if not hasattr(loss, "_fn_kwargs"):
        return {}
    try:
        parameters = list(inspect.signature(loss.fn).parameters.values())[2:]
    except (TypeError, ValueError):
        parameters = []
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    return {**defaults, **loss._fn_kwargs}
