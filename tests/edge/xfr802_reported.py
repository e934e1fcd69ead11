"""Shapes in which a value that was traced stays was reported, each with its fixed twin."""

import keras
import tensorflow as tf

# -- as reported in tensorflow/tensorflow#34316: another optimizer for the second phase ------------------

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.build((None, 3))
optimiser = keras.optimizers.Adam(0.1)


@tf.function
def train():
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(tf.ones((1, 3)), training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    optimiser.apply_gradients(zip(grads, model.trainable_variables))


train()
optimiser = keras.optimizers.Adam(0.01)  # XFR802
train()

second = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
slower = keras.optimizers.Adam(0.1)


@tf.function
def train_fixed():
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(second(tf.ones((1, 3)), training=True))
    grads = tape.gradient(loss, second.trainable_variables)
    slower.apply_gradients(zip(grads, second.trainable_variables))


train_fixed()
slower.learning_rate = 0.01
train_fixed()
