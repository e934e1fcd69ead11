"""The sixteen bugs in Keras on TensorFlow, each in the words it has there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from . import Bug, Loop

CLASSES, FEATURES, SAMPLES = 3, 16, 8


class Net(keras.Model):
    def __init__(self, outputs: int = CLASSES) -> None:
        super().__init__()
        self.a, self.drop = layers.Dense(8, "relu", name="a"), layers.Dropout(0.1)
        self.b = layers.Dense(outputs, name="b")

    def call(self, x: Any, training: Any = None) -> Any:
        return self.b(self.drop(self.a(x), training=training))


class Softmaxed(Net):
    def call(self, x: Any, training: Any = None) -> Any:
        return tf.identity(tf.nn.softmax(super().call(x, training)))


class Holder:
    """A plain object: Keras does not look into it for layers."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer


class Untracked(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.b = Holder(layers.Dense(8, "relu", name="hidden")), layers.Dense(CLASSES)

    def call(self, x: Any) -> Any:
        return self.b(self.hidden.layer(x))


class Detached(Net):
    def call(self, x: Any, training: Any = None) -> Any:
        return self.b(self.drop(tf.stop_gradient(self.a(x)), training=training))


class AlwaysDrops(Net):
    def call(self, x: Any, training: Any = None) -> Any:
        return self.b(tf.nn.dropout(self.a(x), 0.5))


class MixesBatch(Net):
    def call(self, x: Any, training: Any = None) -> Any:
        return super().call(tf.reshape(tf.transpose(x), (-1, FEATURES)), training)


def built(model: Any) -> Any:
    model(np.zeros((SAMPLES, FEATURES), "float32"))
    return model


def cross_entropy(target: Any, output: Any) -> Any:
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(target, output)


def mean_square(target: Any, output: Any) -> Any:
    return tf.reduce_mean((target - output) ** 2)


def loop(
    model: Any = None,
    lr: float = 0.1,
    loss: Callable[[Any, Any], Any] = cross_entropy,
    training: bool = True,
    held: Callable[[Any], list[Any]] = lambda model: model.trainable_variables,
    gradients: bool = True,
    apply: bool = True,
    carry: bool = False,
    clear: bool = False,
    targets: Any = None,
) -> Loop:
    """A loop with a tape; `held` picks the variables that are trained."""
    model = built(Net() if model is None else model)
    optimizer = keras.optimizers.SGD(lr)
    weights = held(model)
    kept = [tf.Variable(tf.zeros_like(w)) for w in weights]

    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=training))
        if not gradients:
            return value
        found = tape.gradient(value, weights)
        if clear or carry:
            for total, gradient in zip(kept, found, strict=True):
                total.assign_add(gradient)
                if clear:
                    total.assign(tf.zeros_like(total))
            found = kept
        if apply:
            optimizer.apply_gradients(zip(found, weights, strict=True))
        return value

    x = np.random.normal(size=(SAMPLES, FEATURES)).astype("float32")
    y = np.arange(SAMPLES) % CLASSES if targets is None else targets
    return Loop(model, optimizer, step, loss, x, y)


def sound() -> Loop:
    return loop()


def before_the_head_is_replaced(model: Any) -> list[Any]:
    """The nearest in Keras: with no variable of the model's among them, Keras raises."""
    weights = list(model.trainable_variables)
    model.pop()
    model.add(layers.Dense(CLASSES, name="head"))
    built(model)
    return weights


BUGS: dict[str, Bug] = {
    "no zero_grad": (lambda: loop(carry=True), "fresh-gradients", "never clears"),
    "zero_grad between backward and step": (
        lambda: loop(clear=True),
        "updates",
        "the optimizer is handed zeros for them",
    ),
    "no optimizer.step()": (lambda: loop(apply=False), "updates", "no optimizer was stepped"),
    "no backward()": (lambda: loop(gradients=False), "gradients", "never runs a backward"),
    "model left in eval() in the loop": (
        lambda: loop(training=False),
        "modes",
        "Net is called without training=True in the step",
    ),
    "softmax before cross_entropy": (
        lambda: loop(Softmaxed()),
        "loss-input",
        "it is given probabilities",
    ),
    "loss sign flipped": (
        lambda: loop(loss=lambda y, out: -cross_entropy(y, out)),
        "learns",
        "sign of the loss is flipped",
    ),
    "(N,1) vs (N,) broadcast in MSE": (
        lambda: loop(
            Net(1), loss=mean_square, targets=np.random.normal(size=SAMPLES).astype("float32")
        ),
        "shapes",
        "each output is compared with every target",
    ),
    "optimizer built before deepcopy": (
        lambda: loop(
            keras.Sequential([layers.Dense(8), layers.Dense(CLASSES)]),
            held=before_the_head_is_replaced,
        ),
        "updates",
        "that are not this model's",
    ),
    "half the params not in optimizer": (
        lambda: loop(held=lambda model: model.b.trainable_variables),
        "updates",
        "never asks the tape",
    ),
    "lr = 0": (lambda: loop(lr=0.0), "updates", "the learning rate is 0"),
    "lr = 1e4": (lambda: loop(lr=1e4), "finite", "is too high"),
    "layers in a python list": (
        lambda: loop(Untracked()),
        "updates",
        "where the framework does not look for layers",
    ),
    ".detach() between layers": (
        lambda: loop(Detached()),
        "gradients",
        "the graph is cut between a and b",
    ),
    "F.dropout without training=": (
        lambda: loop(AlwaysDrops()),
        "modes",
        "dropout is applied whatever the mode",
    ),
    "view() mixes the batch": (
        lambda: loop(MixesBatch()),
        "batch-independence",
        "with other samples in the batch",
    ),
}
