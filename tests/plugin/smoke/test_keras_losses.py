"""What Keras layers add to the loss (regularizers, add_loss) is in the step, or it is said."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from pytest_gradferry.smoke import Smoke


def batch():
    random = np.random.default_rng(0)
    x = random.normal(size=(16, 8)).astype("float32")
    return x, x.sum(1, keepdims=True)


def regularized(hidden=True):
    l2 = keras.regularizers.L2(0.01)
    first = [layers.Dense(6, "relu", kernel_regularizer=l2, name="fc1")] if hidden else []
    last = layers.Dense(1, kernel_regularizer=None if hidden else l2, name="fc2")
    return keras.Sequential([layers.Input((8,)), *first, last])


class Adds(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = layers.Dense(6, "relu"), layers.Dense(1)

    def call(self, x):
        x = self.fc1(x)
        self.add_loss(0.01 * tf.reduce_mean(x**2))
        return self.fc2(x)


def activity():
    return keras.Sequential(
        [layers.Input((8,)), layers.Dense(6, activity_regularizer="l2"), layers.Dense(1)]
    )


def none(model):
    return 0.0


def all_of_them(model):
    return sum(model.losses)


def l2_by_hand(model):
    kernels = [layer.kernel for layer in model.layers]
    return 0.02 * tf.add_n([tf.nn.l2_loss(kernel) for kernel in kernels])


def squares_by_hand(model):
    return 0.01 * sum(tf.reduce_sum(tf.square(layer.kernel)) for layer in model.layers)


def calls_the_regularizer(model):
    layer = next(layer for layer in model.layers if layer.kernel_regularizer)
    return layer.kernel_regularizer(layer.kernel)


def own(model, extra, compile=lambda step: step):
    optimizer = keras.optimizers.SGD(0.01)

    def step(x, y):
        with tf.GradientTape() as tape:
            data = tf.reduce_mean((model(x, training=True) - y) ** 2)
            total = data + extra(model)
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(total, weights), weights, strict=True))
        return data

    return compile(step)


def outcome(model, step=None, **how):
    keras.utils.set_random_seed(0)
    report = Smoke().report(model, *batch(), step=step, **how)
    return report, report.outcomes["layer-losses"]


@pytest.mark.parametrize(
    ("build", "where"),
    [
        (regularized, "fc1/kernel add"),
        (lambda: regularized(hidden=False), "fc2/kernel add"),
        (Adds, "Adds (Adds) add"),
        (activity, "(Dense) add"),
    ],
    ids=["hidden", "single", "add_loss", "activity"],
)
def test_step_without_the_layers_losses(build, where):
    model = build()
    report, found = outcome(model, own(model, none, tf.function))
    assert found.status == "failed", str(report)
    (finding,) = found.findings
    assert where in finding.measured
    assert finding.code == "XFR226"
    assert list(report.failed) == ["layer-losses"]


@pytest.mark.parametrize(
    "extra",
    [all_of_them, l2_by_hand, squares_by_hand, calls_the_regularizer],
    ids=lambda extra: extra.__name__,
)
def test_step_with_them(extra):
    model = regularized()
    report, found = outcome(model, own(model, extra))
    assert report.passed, str(report)
    assert found.status == "passed"


def test_step_with_them_added_by_the_layers():
    for model in (Adds(), activity()):
        report, _ = outcome(model, own(model, all_of_them))
        assert report.passed, str(report)


def test_fit_and_the_tools_own_loop_add_them():
    model = regularized()
    report, _ = outcome(model, loss="mse")
    assert report.passed, str(report)
    model.compile(optimizer="sgd", loss="mse")
    report, _ = outcome(model)
    assert report.passed, str(report)
    assert keras.layers.Layer._get_own_losses.__name__ == "_get_own_losses"


def test_a_regularizer_of_a_frozen_layer_is_no_matter():
    model = regularized()
    model.get_layer("fc1").trainable = False
    report, _ = outcome(model, own(model, none))
    assert report.passed, str(report)
