"""Shapes in which a tape asked twice was reported, each with its fixed twin."""

import keras
import tensorflow as tf


def mlp(units):
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(units)])


# -- as asked in manicman1999/StyleGAN2-Tensorflow-2.0#14: one tape for two networks ---------------


class StyleGAN:
    def __init__(self):
        self.GM, self.D = mlp(8), mlp(1)
        self.gm_opt, self.d_opt = keras.optimizers.Adam(), keras.optimizers.Adam()

    @tf.function
    def train_step(self, images, noise):
        with tf.GradientTape() as tape:
            real = self.D(images, training=True)
            fake = self.D(self.GM(noise, training=True), training=True)
            gen_loss = tf.reduce_mean(fake)
            disc_loss = tf.reduce_mean(tf.nn.relu(1 + real) + tf.nn.relu(1 - fake))
        for_gen = tape.gradient(gen_loss, self.GM.trainable_variables)
        for_disc = tape.gradient(disc_loss, self.D.trainable_variables)  # XFR203
        self.gm_opt.apply_gradients(zip(for_gen, self.GM.trainable_variables))
        self.d_opt.apply_gradients(zip(for_disc, self.D.trainable_variables))

    @tf.function
    def train_step_fixed(self, images, noise):
        with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
            real = self.D(images, training=True)
            fake = self.D(self.GM(noise, training=True), training=True)
            gen_loss = tf.reduce_mean(fake)
            disc_loss = tf.reduce_mean(tf.nn.relu(1 + real) + tf.nn.relu(1 - fake))
        for_gen = gen_tape.gradient(gen_loss, self.GM.trainable_variables)
        for_disc = disc_tape.gradient(disc_loss, self.D.trainable_variables)
        self.gm_opt.apply_gradients(zip(for_gen, self.GM.trainable_variables))
        self.d_opt.apply_gradients(zip(for_disc, self.D.trainable_variables))


# -- as reported in tensorflow/tensorflow#46487: a gradient for each of several values -------------


@tf.function
def fitting(model, x, y):
    grads = []
    with tf.GradientTape() as tape:
        values = tf.unstack(tf.reduce_mean((model(x) - y) ** 2, axis=0))
    for value in values:
        grads.append(tape.gradient(value, model.trainable_weights))  # XFR203
    return grads


@tf.function
def fitting_fixed(model, x, y):
    grads = []
    with tf.GradientTape(persistent=True) as tape:
        values = tf.unstack(tf.reduce_mean((model(x) - y) ** 2, axis=0))
    for value in values:
        grads.append(tape.gradient(value, model.trainable_weights))
    del tape
    return grads
