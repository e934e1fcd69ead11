"""Sound look-alikes of `planted/keras_tape.py`."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow import clip_by_global_norm

from ..planted.keras_tape import Affine, Net, batch, differentiated, loop, mlp


class Trainer:
    """Sums the gradients of two calls, counted in a tf.Variable and in Python outside."""

    def __init__(self):
        self.model, self.optimizer = mlp(), keras.optimizers.SGD(0.3)
        self.weights = self.model.trainable_variables
        self.sums = [tf.Variable(tf.zeros_like(w), trainable=False) for w in self.weights]
        self.steps, self.calls, self.losses = tf.Variable(0, trainable=False), 0, []
        self.optimizer.build(self.weights)

    @tf.function
    def train(self, x, y):
        loss, gradients = differentiated(self.model, x, y)
        for total, gradient in zip(self.sums, gradients, strict=True):
            total.assign_add(gradient / 2)
        self.steps.assign_add(1)
        if self.steps % 2 == 0:
            self.optimizer.apply_gradients(zip(self.sums, self.weights, strict=True))
            for total in self.sums:
                total.assign(tf.zeros_like(total))
        return loss

    def step(self, x, y):
        self.calls += 1
        if self.calls % 10 == 0:
            self.optimizer.learning_rate.assign(self.optimizer.learning_rate * 0.9)
        self.losses.append(self.train(x, y))
        return self.losses[-1]


_TRAINERS = []  # a tf.function that is a method does not keep its object


def accumulating_in_a_traced_method():
    _TRAINERS.append(Trainer())
    return _TRAINERS[-1].model, *batch(), {"step": _TRAINERS[-1].train}


def accumulating_by_a_trainer():
    trainer = Trainer()
    return trainer.model, *batch(), {"step": trainer.step}


def clipped_by_bare_name():
    return loop(mlp(), lambda gradients: clip_by_global_norm(gradients, 0.5)[0])


def norm_taken_by_a_clip():
    norms = []

    def use(gradients):
        clipped, norm = clip_by_global_norm(gradients, 0.5)
        norms.append(float(norm))
        return clipped

    return loop(Net(), use)


def signs_by_an_optimizer():
    """Two steps may well use the same signs."""
    return loop(mlp(), lambda gradients: [tf.sign(g) for g in gradients], None, slow())


def slow():
    return keras.optimizers.SGD(1e-3)


def momentum_by_hand():
    sums = {}

    def use(gradients):
        for i, gradient in enumerate(gradients):
            sums[i] = 0.9 * sums.get(i, tf.zeros_like(gradient)) + 0.1 * gradient
        return list(sums.values())

    return loop(mlp(), use)


def averages_beside_the_weights():
    model, optimizer = mlp(), keras.optimizers.Adam(1e-2)
    weights = [w.value for w in model.trainable_variables]
    average = tf.train.ExponentialMovingAverage(0.99)
    average.apply(weights)

    def update(gradients):
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        average.apply(weights)

    return loop(model, update=update)


def reptile():
    """Some steps of another optimizer, of which a tenth is kept."""
    model, inner = mlp(), keras.optimizers.SGD(0.5)

    def step(x, y):
        start = [tf.identity(w) for w in model.trainable_variables]
        for _ in range(3):
            loss, gradients = differentiated(model, x, y)
            inner.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        for weight, old in zip(model.trainable_variables, start, strict=True):
            weight.assign(old + 0.1 * (weight - old))
        return loss

    return model, *batch(), {"step": step}


def head_of_zeros():
    """Its units start alike, and soon differ."""
    return loop(Net(tf.random.normal([8, 8]) * 0.3, tf.zeros([8, 3])))


class Scaled(tf.Module):
    """Matrices of ones that are scales, one of them a row."""

    def __init__(self):
        super().__init__()
        self.scale, self.gain = tf.Variable(tf.ones([1, 8])), tf.Variable(tf.ones([8, 1]))
        self.parts = {"first": [Affine(8, 8)], "last": Affine(8, 3)}

    def __call__(self, x, training=False):
        hidden = tf.nn.tanh(self.parts["first"][0](x * self.scale))
        return self.parts["last"](hidden * tf.transpose(self.gain))


def module_with_scales_and_parts_in_a_dict():
    return loop(Scaled())


class WithSums(keras.Model):
    """Holds variables that are not trained: sums of gradients, a counter, a teacher's weights."""

    def __init__(self):
        super().__init__()
        self.net = mlp()
        self.sums = [tf.Variable(tf.zeros_like(w)) for w in self.net.trainable_variables]
        self.counter = tf.Variable(0.0)
        self.kept = {"teacher": [tf.Variable(w) for w in self.net.trainable_variables]}

    def call(self, x, training=None):
        return self.net(x, training=training)


def model_with_variables_for_itself():
    model = WithSums()

    def use(gradients):
        model.counter.assign_add(1.0)
        for total, gradient in zip(model.sums, gradients, strict=True):
            total.assign(gradient)
        return [total.value() for total in model.sums]

    return loop(model, use)


def rates_of_both_optimizers():
    model = mlp()
    first, second = keras.optimizers.SGD(0.1), keras.optimizers.Adam(1e-2)

    def update(gradients):
        for optimizer, part in ((first, slice(0, 2)), (second, slice(2, 4))):
            optimizer.learning_rate.assign(optimizer.learning_rate * 0.95)
            weights = model.trainable_variables[part]
            optimizer.apply_gradients(zip(gradients[part], weights, strict=True))

    return loop(model, update=update)


def loss_scaled_in_float32():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    model = mlp()
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            )
            scaled = optimizer.scale_loss(loss)
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(scaled, weights), weights, strict=True))
        optimizer.learning_rate = optimizer.learning_rate * 0.99
        return loss

    return model, *batch(), {"step": step}


def frozen_first_layer():
    model = keras.Sequential(
        [layers.Input((8,)), layers.Dense(8, "tanh"), layers.BatchNormalization(), layers.Dense(3)]
    )
    model.layers[0].trainable = False
    return loop(model, optimizer=keras.optimizers.AdamW(1e-2, weight_decay=0.1))


def loss_below_zero_by_hand():
    """Descends a loss that is a negated likelihood ratio, by hand."""
    model = Net()
    weights = model.trainable_variables
    target = np.random.normal(size=(16, 3)).astype("float32")

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(tf.exp(-((model(x) - y) ** 2)))
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.1 * gradient)
        return loss

    return model, batch()[0], target, {"step": step}


SOUND = [
    accumulating_by_a_trainer,
    accumulating_in_a_traced_method,
    averages_beside_the_weights,
    clipped_by_bare_name,
    frozen_first_layer,
    head_of_zeros,
    loss_below_zero_by_hand,
    loss_scaled_in_float32,
    model_with_variables_for_itself,
    module_with_scales_and_parts_in_a_dict,
    momentum_by_hand,
    norm_taken_by_a_clip,
    rates_of_both_optimizers,
    reptile,
    signs_by_an_optimizer,
]
