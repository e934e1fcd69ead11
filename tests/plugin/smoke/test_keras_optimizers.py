"""What Keras' optimizers do beside the plain update is no mistake, in fit and in a loop by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from pytest_gradferry.smoke import Smoke

OPTIMIZERS = {
    "weight-decay": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
    "clipnorm": lambda: keras.optimizers.SGD(0.1, clipnorm=0.1),
    "ema": lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_overwrite_frequency=3),
    "loss-scale": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)),
    "accumulation": lambda: keras.optimizers.SGD(0.1, gradient_accumulation_steps=3),
}


def batch():
    random = np.random.default_rng(0)
    return random.normal(size=(8, 6)).astype("float32"), random.integers(0, 3, 8)


def net():
    shared = layers.Dense(6, "tanh")
    norm = layers.BatchNormalization()
    norm.trainable = False
    inputs = layers.Input((6,))
    return keras.Model(inputs, layers.Dense(3)(shared(norm(shared(inputs)))))


LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_fit(name):
    keras.utils.set_random_seed(0)
    model = net()
    model.compile(optimizer=OPTIMIZERS[name](), loss=LOSS)
    optimizer, before = model.optimizer, [v.numpy() for v in model.variables]
    report = Smoke().report(model, *batch())
    assert report.passed, str(report)
    assert not optimizer.built
    for old, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())


@pytest.mark.parametrize("name", ["ema", "loss-scale", "accumulation"])
def test_loop_by_hand(name):
    keras.utils.set_random_seed(0)
    model, optimizer = net(), OPTIMIZERS[name]()

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = LOSS(y, model(x, training=True))
            scaled = optimizer.scale_loss(loss)
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(scaled, weights), weights, strict=True))
        return loss

    report = Smoke().report(model, *batch(), step=step)
    assert report.passed, str(report)
