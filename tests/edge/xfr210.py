import keras
import tensorflow as tf
from tensorflow.keras import layers

net = keras.Sequential([keras.Input((3,)), layers.BatchNormalization(), layers.Dense(1)])
plain = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
other = keras.Sequential([keras.Input((3,)), layers.BatchNormalization(), layers.Dense(1)])
opt = keras.optimizers.Adam()
mse = keras.losses.MeanSquaredError()


# ---- mistakes, each with its fixed twin --------------------------------------------------------


def step(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.variables))  # XFR210


def step_fixed(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_weights))


def weights(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    opt.apply_gradients(zip(tape.gradient(loss, net.trainable_weights), net.weights))  # XFR210


def other_way(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))  # XFR210


def clipped(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.trainable_variables)
    grads = [tf.clip_by_norm(g, 1.0) for g in grads]
    opt.apply_gradients(zip(grads, net.variables))  # XFR210


def named(x, y):
    learned = net.trainable_variables
    everything = net.weights
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, learned)
    opt.apply_gradients(zip(grads, everything))  # XFR210


def applied(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply(grads, net.variables)  # XFR210


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = layers.BatchNormalization()
        self.out = layers.Dense(1)

    def call(self, x, training=None):
        return self.out(self.norm(x, training=training))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = mse(y, self(x, training=True))
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.variables))  # XFR210
        return {"loss": loss}


class NetFixed(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = layers.BatchNormalization()
        self.out = layers.Dense(1)

    def call(self, x, training=None):
        return self.out(self.norm(x, training=training))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = mse(y, self(x, training=True))
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}


# ---- look-alikes -------------------------------------------------------------------------------


def nothing_else(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, plain(x, training=True))
    grads = tape.gradient(loss, plain.trainable_variables)
    opt.apply_gradients(zip(grads, plain.variables))


def everything(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    opt.apply_gradients(zip(tape.gradient(loss, net.variables), net.variables))


def meta(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, other.trainable_variables))


def averaged():
    for target, source in zip(other.variables, net.variables):
        target.assign(0.99 * target + 0.01 * source)
