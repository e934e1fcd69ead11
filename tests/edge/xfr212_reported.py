"""Shapes in which a value that leaves the tape was reported, each with its fixed twin."""

import keras
import numpy as np
import tensorflow as tf

# -- as reported in tensorflow/tensorflow#50111: a loss of one's own that wants an array ------------

weights = tf.Variable(np.ones(3, "float32"))
opt = keras.optimizers.Adam()


def sharpe(returns, w):
    return -np.mean(returns @ w)


def step(returns):
    with tf.GradientTape() as tape:
        loss = tf.convert_to_tensor(sharpe(returns, weights.numpy()))  # XFR212
    grads = tape.gradient(loss, [weights])
    opt.apply_gradients(zip(grads, [weights]))


def step_fixed(returns):
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(tf.linalg.matvec(returns, weights))
    grads = tape.gradient(loss, [weights])
    opt.apply_gradients(zip(grads, [weights]))


# -- the same with a model: the prediction as an array ----------------------------------------------

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])


def custom_loss(y_true, y_pred):
    errors = np.abs(y_true - y_pred)
    return tf.reduce_mean(errors)


def train_step(x, y):
    with tf.GradientTape() as tape:
        y_pred = model(x, training=True)
        loss = custom_loss(y, y_pred.numpy())  # XFR212
    grads = tape.gradient(loss, model.trainable_variables)
    opt.apply_gradients(zip(grads, model.trainable_variables))


def custom_loss_fixed(y_true, y_pred):
    errors = tf.abs(y_true - y_pred)
    return tf.reduce_mean(errors)


def train_step_fixed(x, y):
    with tf.GradientTape() as tape:
        y_pred = model(x, training=True)
        loss = custom_loss_fixed(y, y_pred)
    grads = tape.gradient(loss, model.trainable_variables)
    opt.apply_gradients(zip(grads, model.trainable_variables))
