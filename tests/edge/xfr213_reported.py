"""Shapes in which a step without slope was reported, each with its fixed twin."""

import keras
import tensorflow as tf

# -- as reported in keras-team/keras#11157: argmax between two networks ------------------------------

encoder = keras.Sequential([keras.Input((20,)), keras.layers.Dense(50, activation="softmax")])
decoder = keras.Sequential([keras.Input(()), keras.layers.Embedding(50, 8)])
opt = keras.optimizers.Adam()


def autoencode(x, y):
    variables = encoder.trainable_variables
    with tf.GradientTape() as tape:
        codes = tf.argmax(encoder(x, training=True), axis=-1)  # XFR213
        loss = tf.reduce_mean(tf.cast(codes, "float32") - y)
    opt.apply_gradients(zip(tape.gradient(loss, variables), variables))


def autoencode_fixed(x, y):
    variables = encoder.trainable_variables
    with tf.GradientTape() as tape:
        said = encoder(x, training=True)
        loss = tf.reduce_mean(tf.reduce_sum(said * tf.range(50.0), axis=-1) - y)
    opt.apply_gradients(zip(tape.gradient(loss, variables), variables))
