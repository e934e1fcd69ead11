import random
import time

import keras
import numpy as np
import tensorflow as tf

losses = []
traces = 0
step_number = 0
net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


@tf.function
def jitter(x):
    scale = np.random.uniform(0.9, 1.1)  # XFR610
    if random.random() < 0.5:  # XFR610
        x = tf.image.flip_left_right(x)
    return x * scale


@tf.function
def jitter_fixed(x):
    scale = tf.random.uniform((), 0.9, 1.1)
    if tf.random.uniform(()) < 0.5:
        x = tf.image.flip_left_right(x)
    return x * scale


@tf.function(jit_compile=True)
def kept(x):
    y = net(x)
    losses.append(y)  # XFR610
    return y


@tf.function
def counted(x):
    global step_number
    step_number += 1  # XFR610
    return x / float(step_number)


@tf.function
def timed(x):
    start = time.time()  # XFR610
    y = net(x)
    print(time.time() - start)  # XFR610
    return y


def noisy(x):
    return x + np.random.normal(size=(3,))  # XFR610


compiled = tf.function(noisy)


class Trainer:
    def __init__(self):
        self.step = 0
        self.history = []
        self.trace_count = 0
        self.seen = tf.Variable(0)

    @tf.function
    def train(self, x):
        self.trace_count += 1
        self.step += 1  # XFR610
        loss = tf.reduce_mean(net(x) ** 2)
        self.history.append(loss)  # XFR610
        return loss

    @tf.function
    def train_fixed(self, x):
        self.seen.assign_add(1)
        return tf.reduce_mean(net(x) ** 2)


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    def call(self, x):
        return self.out(x)

    def train_step(self, data):
        x, y = data
        x = x + np.random.randn()  # XFR610
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x, training=True) - y) ** 2)
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}


# ---- look-alikes -------------------------------------------------------------------------------


@tf.function
def shown(x):
    global traces
    traces += 1
    print("Tracing with", x.shape)
    return x * 2.0


@tf.function
def local(xs):
    found = []
    for x in (xs, xs * 2.0):
        found.append(x)
    total = 0
    for x in found:
        total += 1
    return found, total


@tf.function
def by_numpy_function(x):
    def draw(value):
        return value * np.random.rand()

    return tf.numpy_function(draw, [x], tf.float32)


@tf.function
def weights():
    return tf.constant(np.random.randn(3, 3))


@tf.function
def seeded(x):
    np.random.seed(1)
    return x + np.random.rand()


def eager(x):
    losses.append(x)
    return x + np.random.rand()


@tf.function
def lifted(trainer, x):
    with tf.init_scope():
        trainer.step += 1
    return x


class Metric(keras.metrics.Metric):
    def __init__(self):
        super().__init__()
        self.total = self.add_weight(name="total", initializer="zeros")

    def update_state(self, y, p, sample_weight=None):
        self.total.assign_add(tf.reduce_sum(p))

    def result(self):
        return self.total


made_once = []


@tf.function
def with_variables_made_once(x):
    if not made_once:
        made_once.append(tf.constant(2.0))
    if len(losses) > 10:
        made_once.append(x)  # XFR610
    return made_once[0] * x
