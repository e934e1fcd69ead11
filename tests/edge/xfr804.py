import keras
import tensorflow as tf
from tensorflow.keras import mixed_precision
from tensorflow.keras.mixed_precision import LossScaleOptimizer

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
opt = mixed_precision.LossScaleOptimizer(keras.optimizers.Adam())
plain = keras.optimizers.Adam()
mse = keras.losses.MeanSquaredError()


@tf.function
def step(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))  # XFR804


class Trainer:
    def __init__(self, model):
        self.model = model
        self.opt = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = mse(y, self.model(x, training=True))
        grads = tape.gradient(loss, self.model.trainable_variables)
        grads, _ = tf.clip_by_global_norm(grads, 1.0)
        self.opt.apply_gradients(zip(grads, self.model.trainable_variables))  # XFR804


def make_optimizer(rate):
    return LossScaleOptimizer(keras.optimizers.Adam(rate))


def train(batches):
    optimizer = make_optimizer(1e-3)
    for x, y in batches:
        with tf.GradientTape() as tape:
            loss = mse(y, net(x, training=True))
        grads = tape.gradient(loss, net.trainable_variables)
        optimizer.apply(grads, net.trainable_variables)  # XFR804


# ---- look-alikes -------------------------------------------------------------------------------


def not_wrapped(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.trainable_variables)
    plain.apply_gradients(zip(grads, net.trainable_variables))


def unknown(optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.trainable_variables)
    optimizer.apply_gradients(zip(grads, net.trainable_variables))
