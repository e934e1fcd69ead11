import keras
import pytest
import tensorflow as tf
from keras import layers

net = keras.Sequential([keras.layers.Dense(1)])


@tf.function
def with_a_metric(x):
    seen = keras.metrics.Mean()  # XFR801
    seen.update_state(x)
    return seen.result()


@tf.function(jit_compile=True)
def with_a_variable(x):
    total = tf.Variable(0.0)  # XFR801
    for item in x:
        total.assign_add(item)
    return total


@tf.function
def forward(x):
    hidden = layers.Dense(8, activation="relu")(x)  # XFR801
    return keras.layers.Dropout(0.5)(hidden, training=True)  # XFR801


class Trainer:
    @tf.function(reduce_retracing=True)
    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((net(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, net.trainable_variables)
        opt = keras.optimizers.SGD(0.1)  # XFR801
        opt.apply_gradients(zip(gradients, net.trainable_variables))

    def evaluate(self, x):
        accuracy = keras.metrics.Sum()  # XFR801
        accuracy.update_state(net(x))
        return accuracy.result()

    def compile(self):
        self.run = tf.function(self.evaluate)


def build(x):
    model = keras.Sequential([keras.layers.Dense(2)])  # XFR801
    return model(x)


graph = tf.function(build)


# -- right ones ------------------------------------------------------------------------------------


class Once(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = None
        self.count = tf.Variable(0)

    @tf.function
    def __call__(self, x):
        if self.w is None:
            self.w = tf.Variable(tf.ones(x.shape))
        with tf.init_scope():
            self.note = tf.Variable(1.0)
        flat = keras.layers.Flatten()(x)
        return keras.losses.MeanSquaredError()(flat, layers.ReLU()(flat))


def eager(x):
    metric = keras.metrics.Mean()
    metric.update_state(x)
    return keras.layers.Dense(1)(x)


def outer():
    optimizer = keras.optimizers.Adam()

    @tf.function
    def step(gradients):
        optimizer.apply_gradients(zip(gradients, net.trainable_variables))

    return step


@tf.function
def default(x, metric=keras.metrics.Mean()):
    metric.update_state(x)


def function(step):
    return step


@function
def not_traced(x):
    return keras.layers.Dense(1)(x)


@tf.function
def demonstrates(x):
    return tf.Variable(x)


with pytest.raises(ValueError):
    demonstrates(1.0)
