"""The tool's own training loop for Keras: losses and optimizers by name, and their value."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...frameworks import Array, load
from ..errors import SmokeError
from ..tree import map_arrays, shapes
from .backends import Backend

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

LOSSES = ("cross_entropy", "mse", "l1", "bce_with_logits", "nll", "huber", "kl_div")


def as_tensors(tree: Any, backend: Backend) -> Any:
    """NumPy arrays and numbers as tensors, floats in Keras' float type."""
    floatx = load("keras").config.floatx()

    def convert(leaf: Any) -> Any:
        if leaf is None or backend.is_tensor(leaf):
            return leaf
        array = np.asarray(leaf)
        if array.dtype.kind in "OSU" and not (backend.takes_text and _is_text(array)):
            raise SmokeError(
                f"cannot feed an array of dtype {array.dtype} to a Keras model: turn text into "
                "numbers first, with the layers or the tokenizer that prepare the data"
            )
        return backend.tensor(array, floatx if array.dtype.kind == "f" else None)

    return map_arrays(convert, tree)


def _is_text(array: Array) -> bool:
    return all(isinstance(value, (str, bytes)) for value in array.reshape(-1)[:100].tolist())


@dataclass(frozen=True)
class Weighing:
    """What `fit` takes to weigh the samples by: weights, or a weight a class."""

    sample_weight: Any = None
    class_weight: dict[int, float] | None = None

    def __bool__(self) -> bool:
        return self.sample_weight is not None or self.class_weight is not None

    def of(self, targets: Any) -> Any:
        """The sample weights that `fit` hands on with these targets, None for none."""
        if self.class_weight is None:
            return self.sample_weight
        adapters = load("keras.src.trainers.data_adapters.data_adapter_utils")
        weights = adapters.class_weight_to_sample_weights(targets, self.class_weight)
        return load("keras").ops.convert_to_tensor(weights)


def weighing(sample_weight: Any, class_weight: Any, backend: Backend) -> Weighing:
    """Raises SmokeError for what `fit` would not take."""
    if sample_weight is not None and class_weight is not None:
        raise SmokeError("pass sample_weight or class_weight: fit does not take both")
    if class_weight is not None and not isinstance(class_weight, dict):
        raise SmokeError(
            f"class_weight is a {type(class_weight).__name__}: pass a dict, as fit takes it, "
            "{0: 1.0, 1: 5.0}"
        )
    return Weighing(as_tensors(sample_weight, backend), class_weight)


def loss_function(loss: Any) -> Callable[[Any, Any], Any]:
    """The loss as a callable of (target, output), Keras' order."""
    keras = load("keras")
    if isinstance(loss, type):
        raise SmokeError(f"loss={loss.__name__} is a class: pass an instance, {loss.__name__}()")
    if callable(loss):
        return loss  # type: ignore[no-any-return]
    if loss in LOSSES:
        return _named(loss)
    try:
        return keras.losses.get(loss)  # type: ignore[no-any-return]
    except ValueError:
        raise SmokeError(
            f"unknown loss {loss!r}: known names are {', '.join(LOSSES)} and Keras' own"
        ) from None


def _named(name: str) -> Callable[[Any, Any], Any]:
    keras = load("keras")
    ops = keras.ops
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    dense = keras.losses.CategoricalCrossentropy(from_logits=True)

    def cross_entropy(target: Any, output: Any) -> Any:
        floating = keras.backend.is_float_dtype(keras.backend.standardize_dtype(target.dtype))
        one_hot = floating and tuple(target.shape) == tuple(output.shape)
        return (dense if one_hot else sparse)(target, output)

    def nll(target: Any, output: Any) -> Any:
        classes = ops.one_hot(target, output.shape[-1], dtype=output.dtype)
        return -ops.mean(ops.sum(classes * output, axis=-1))

    return {  # type: ignore[no-any-return]
        "cross_entropy": cross_entropy,
        "nll": nll,
        "mse": keras.losses.MeanSquaredError(),
        "l1": keras.losses.MeanAbsoluteError(),
        "bce_with_logits": keras.losses.BinaryCrossentropy(from_logits=True),
        "huber": keras.losses.Huber(),
        "kl_div": keras.losses.KLDivergence(),
    }[name]


def make_optimizer(optimizer: Any) -> Any:
    """An instance as it is, a name, or a class or function without arguments."""
    keras = load("keras")
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return optimizer
    if callable(optimizer):
        optimizer = optimizer()
    try:
        return keras.optimizers.get(optimizer)
    except (ValueError, TypeError):
        raise SmokeError(
            f"unknown optimizer {optimizer!r}: pass a name that keras.optimizers knows, or an "
            "instance"
        ) from None


def takes_training(model: Any) -> bool:
    """Whether `call` names `training`; `fit` passes it only then."""
    return "training" in inspect.signature(model.call).parameters


def loss_value(
    model: Any, loss: Any, backend: Backend, mode: dict[str, bool]
) -> Callable[[Any, Any], Any]:
    """The loss of a batch, with the terms that the layers add, as the tool's own step takes it.

    `mode` is the argument that tells the model of training.
    """
    ops = load("keras").ops
    compute = loss_function(loss)

    def value(inputs: Any, targets: Any) -> Any:
        if targets is None:
            raise SmokeError("the loss needs targets: training_smoke(model, inputs, targets, ...)")
        output = model(inputs, **mode)
        try:
            total = ops.mean(compute(targets, output))
        except backend.shape_errors as error:
            name = loss if isinstance(loss, str) else getattr(loss, "name", type(loss).__name__)
            raise SmokeError(
                f"the loss {name} does not accept outputs {shapes(output)} with targets "
                f"{shapes(targets)}: {error}"
            ) from error
        for extra in getattr(model, "losses", ()):
            total = total + ops.cast(extra, total.dtype)
        return total

    return value
