"""Shapes in which a forward pass outside the tape was reported, each with its fixed twin."""

import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
other = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.Adam()

# -- as reported in tensorflow/tensorflow#31265: the tape around the loss alone ------------------------


def train_step(data, target):
    prediction = model(data, training=True)  # XFR209
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(prediction - target))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))


def train_step_fixed(data, target):
    with tf.GradientTape() as tape:
        prediction = model(data, training=True)
        loss = tf.reduce_mean(tf.square(prediction - target))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))


# -- the other way round: the loss behind the block -----------------------------------------------------


class Trainer:
    def __init__(self):
        self.net, self.opt = other, keras.optimizers.Adam()

    def step(self, x, y):
        with tf.GradientTape() as t:
            out = self.net(x, training=True)
        loss = tf.reduce_mean((out - y) ** 2)  # XFR209
        grads = t.gradient(loss, self.net.trainable_variables)
        self.opt.apply_gradients(zip(grads, self.net.trainable_variables))

    def step_fixed(self, x, y):
        with tf.GradientTape() as t:
            out = self.net(x, training=True)
            loss = tf.reduce_mean((out - y) ** 2)
        grads = t.gradient(loss, self.net.trainable_variables)
        self.opt.apply_gradients(zip(grads, self.net.trainable_variables))
