"""XFR804: what a loss that is not scaled does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR804").page


@pytest.fixture
def float16() -> Iterator[None]:
    keras.mixed_precision.set_global_policy("mixed_float16")
    yield
    keras.mixed_precision.set_global_policy("float32")


def test_bad_does_not_train() -> None:
    assert float(run(PAGE.bad[0])["loss"]) == pytest.approx(6.42, abs=0.01)


def test_good_does() -> None:
    assert float(run(PAGE.good[0])["loss"]) < 1e-4


@pytest.mark.usefixtures("float16")
@pytest.mark.parametrize("scaled", [False, True])
def test_compile_wraps_the_optimizer(scaled: bool) -> None:
    class Own(keras.Sequential):
        def train_step(self, data: object) -> dict[str, object]:
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((tf.cast(self(x, training=True), tf.float32) - y) ** 2)
                target = self.optimizer.scale_loss(loss) if scaled else loss
            gradients = tape.gradient(target, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            return {"loss": loss}

    model = Own([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    assert type(model.optimizer).__name__ == "LossScaleOptimizer"
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    before = model.trainable_variables[0].numpy()
    model.fit(x, 10 + x.sum(1, keepdims=True), batch_size=64, epochs=5, verbose=0)
    moved = np.abs(model.trainable_variables[0].numpy() - before).sum()
    assert (moved > 0.1) == scaled


@pytest.mark.usefixtures("float16")
def test_small_gradients_lose_digits() -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(64)])
    x = tf.random.normal((4096, 4), seed=1)
    y = model(x) + tf.cast(1e-2, tf.float16)
    optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(1.0))
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_mean(tf.cast(model(x) - y, tf.float32) ** 2)
        scaled = optimizer.scale_loss(loss)
    bias = model.trainable_variables[1]
    plain = tape.gradient(loss, bias).numpy()
    right = tape.gradient(scaled, bias).numpy() / 2.0**15
    assert plain[0] / right[0] == pytest.approx(0.78, abs=0.02)
