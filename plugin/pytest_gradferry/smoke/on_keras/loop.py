"""The tool's own training loop for Keras on TensorFlow: losses and optimizers by name, one step."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ...frameworks import load
from ..errors import SmokeError
from ..tree import map_arrays, shapes

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

LOSSES = ("cross_entropy", "mse", "l1", "bce_with_logits", "nll", "huber", "kl_div")


def as_tensors(tree: Any) -> Any:
    """NumPy arrays and numbers as tensors, floats in Keras' float type."""
    tf, keras = load("tensorflow"), load("keras")

    def convert(leaf: Any) -> Any:
        if leaf is None or tf.is_tensor(leaf):
            return leaf
        array = np.asarray(leaf)
        dtype = keras.config.floatx() if array.dtype.kind == "f" else None
        return tf.convert_to_tensor(array, dtype=dtype)

    return map_arrays(convert, tree)


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
    keras, tf = load("keras"), load("tensorflow")
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    dense = keras.losses.CategoricalCrossentropy(from_logits=True)

    def cross_entropy(target: Any, output: Any) -> Any:
        one_hot = target.dtype.is_floating and target.shape == output.shape
        return (dense if one_hot else sparse)(target, output)

    def nll(target: Any, output: Any) -> Any:
        classes = tf.one_hot(target, output.shape[-1], dtype=output.dtype)
        return -tf.reduce_mean(tf.reduce_sum(classes * output, -1))

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


def make_step(model: Any, loss: Any, optimizer: Any) -> Callable[[Any, Any], Any]:
    """The training step the tool takes when the user brings none."""
    tf = load("tensorflow")
    compute = loss_function(loss)
    mode = {"training": True} if takes_training(model) else {}  # as fit calls it

    def step(inputs: Any, targets: Any) -> Any:
        if targets is None:
            raise SmokeError("the loss needs targets: training_smoke(model, inputs, targets, ...)")
        with tf.GradientTape() as tape:
            output = model(inputs, **mode)
            try:
                value = tf.reduce_mean(compute(targets, output))
            except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
                name = loss if isinstance(loss, str) else getattr(loss, "name", type(loss).__name__)
                raise SmokeError(
                    f"the loss {name} does not accept outputs {shapes(output)} with targets "
                    f"{shapes(targets)}: {error}"
                ) from error
            if model.losses:
                value += tf.add_n([tf.cast(extra, value.dtype) for extra in model.losses])
        weights = model.trainable_variables
        gradients = tape.gradient(value, weights)
        pairs = [(g, w) for g, w in zip(gradients, weights, strict=True) if g is not None]
        if pairs:  # else it is for the check `gradients` to say
            optimizer.apply_gradients(pairs)
        return value

    return step


def compiled_step(model: Any) -> Callable[[Any, Any], Any]:
    """The model's own train_step, as `fit` would run it on one batch.

    Not train_on_batch, which hands train_step a sample weight of None that `fit` does not.
    """
    pack = load("keras").utils.pack_x_y_sample_weight

    def step(inputs: Any, targets: Any) -> Any:
        model._maybe_symbolic_build(data_batch=(inputs, targets, None))
        model.make_train_function()
        model.reset_metrics()
        return model.train_function(iter([pack(inputs, targets)]))

    return step
