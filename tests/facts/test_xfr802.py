"""XFR802: a traced function and the Python values it was traced with."""

from __future__ import annotations

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR802").page


def test_bad_goes_on_with_the_first_value() -> None:
    assert run(PAGE.bad[0])["moved"] == pytest.approx(0.1)


def test_good_takes_the_new_one() -> None:
    assert run(PAGE.good[0])["moved"] == pytest.approx(0.5)


def test_attributes_and_optimizers_are_kept_too() -> None:
    names = run(
        """
import keras
import tensorflow as tf


class Trainer:
    def __init__(self):
        self.rate = 0.1
        self.weight = tf.Variable(1.0)
        self.optimizer = keras.optimizers.SGD(0.1)

    @tf.function
    def step(self):
        self.weight.assign_sub(self.rate)

    @tf.function
    def train(self):
        self.optimizer.apply_gradients([(tf.constant(1.0), self.weight)])


def moved(step):
    before = float(trainer.weight)
    step()
    return before - float(trainer.weight)


trainer = Trainer()
first = moved(trainer.step), moved(trainer.train)
trainer.rate = 0.5
trainer.optimizer = keras.optimizers.SGD(0.5)
second = moved(trainer.step), moved(trainer.train)
"""
    )
    assert names["first"] == pytest.approx((0.1, 0.1))
    assert names["second"] == pytest.approx((0.1, 0.1))


def test_what_a_callback_sets_is_not_seen_by_the_traced_step() -> None:
    names = run(
        """
import keras
import numpy as np
import tensorflow as tf


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.beta = 0.0
        self.out = keras.layers.Dense(1)

    def call(self, x):
        return self.out(x)

    def train_step(self, data):
        self(data[0], training=True)
        return {"beta": tf.constant(1.0) * self.beta}


class Anneal(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.beta = float(epoch)


model = Net()
model.compile("sgd")
x = np.ones((4, 2))
history = model.fit(x, x, epochs=3, verbose=0, callbacks=[Anneal()]).history
"""
    )
    assert names["history"]["beta"] == [0.0, 0.0, 0.0]
    assert names["model"].beta == 2.0
