"""Shapes in which pairs the wrong way round are written, each with its fixed twin."""

import keras
import tensorflow as tf


class Trainer(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self(x, training=True) - y))
        trainable_vars = self.trainable_variables
        gradients = tape.gradient(loss, trainable_vars)
        self.optimizer.apply_gradients(zip(trainable_vars, gradients))  # XFR204
        return {"loss": loss}


class TrainerFixed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self(x, training=True) - y))
        trainable_vars = self.trainable_variables
        gradients = tape.gradient(loss, trainable_vars)
        self.optimizer.apply_gradients(zip(gradients, trainable_vars))
        return {"loss": loss}


def by_pairs(net, opt, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(net(x))
    grads = tape.gradient(loss, net.trainable_weights)
    clipped = [tf.clip_by_norm(g, 1.0) for g in grads]
    opt.apply_gradients([(v, g) for v, g in zip(net.trainable_weights, clipped)])  # XFR204


def by_pairs_fixed(net, opt, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(net(x))
    grads = tape.gradient(loss, net.trainable_weights)
    clipped = [tf.clip_by_norm(g, 1.0) for g in grads]
    opt.apply_gradients([(g, v) for v, g in zip(net.trainable_weights, clipped)])
