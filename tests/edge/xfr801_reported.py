"""Shapes in which variables made while tracing were reported, each with its fixed twin."""

import keras
import tensorflow as tf

# -- as reported in tensorflow/tensorflow#27120 ----------------------------------------------------


@tf.function
def train_one_step(model, x1, target):
    optim = keras.optimizers.Adam(0.001)  # XFR801
    with tf.GradientTape() as tape:
        y = model(x1, training=True)
        loss = keras.losses.MeanSquaredError()(target, y)
    grad = tape.gradient(loss, model.trainable_variables)
    clipped, _ = tf.clip_by_global_norm(grad, 5)
    optim.apply_gradients(zip(clipped, model.trainable_variables))
    return loss


optim = keras.optimizers.Adam(0.001)


@tf.function
def train_one_step_fixed(model, x1, target):
    with tf.GradientTape() as tape:
        y = model(x1, training=True)
        loss = keras.losses.MeanSquaredError()(target, y)
    grad = tape.gradient(loss, model.trainable_variables)
    clipped, _ = tf.clip_by_global_norm(grad, 5)
    optim.apply_gradients(zip(clipped, model.trainable_variables))
    return loss
