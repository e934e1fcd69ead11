"""Shapes in which an optimizer that does not know a variable was reported, with the fixed twins."""

import keras
import tensorflow as tf


def mlp(units):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])


# -- as reported in chiamp/muzero-cartpole#2: three networks of one model, their gradients in a list --


def train(batches):
    representation, dynamics = mlp(4), mlp(4)
    optimizer = keras.optimizers.Adam(1e-3)
    for x, y in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(dynamics(representation(x)) - y))
        grads = tape.gradient(
            loss, [representation.trainable_variables, dynamics.trainable_variables]
        )
        optimizer.apply_gradients(zip(grads[0], representation.trainable_variables))
        optimizer.apply_gradients(zip(grads[1], dynamics.trainable_variables))  # XFR217


def train_fixed(batches):
    representation, dynamics = mlp(4), mlp(4)
    optimizers = [keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3)]
    for x, y in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(dynamics(representation(x)) - y))
        grads = tape.gradient(
            loss, [representation.trainable_variables, dynamics.trainable_variables]
        )
        optimizers[0].apply_gradients(zip(grads[0], representation.trainable_variables))
        optimizers[1].apply_gradients(zip(grads[1], dynamics.trainable_variables))


# -- as reported in lovedlim/tensorflow#40: a notebook that goes on with a second student --------------

student, second = mlp(2), mlp(2)
opt = keras.optimizers.Adam()
x, y = tf.ones((8, 4)), tf.ones((8, 2))
for epoch in range(3):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(student(x) - y))
    grad = tape.gradient(loss, student.trainable_variables)
    opt.apply_gradients(zip(grad, student.trainable_variables))
for epoch in range(3):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(second(x) - y))
    grad = tape.gradient(loss, second.trainable_variables)
    opt.apply_gradients(zip(grad, second.trainable_variables))  # XFR217

third, its_own = mlp(2), keras.optimizers.Adam()
for epoch in range(3):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(third(x) - y))
    grad = tape.gradient(loss, third.trainable_variables)
    its_own.apply_gradients(zip(grad, third.trainable_variables))
