"""Shapes in which a gradient of None was reported, each with its fixed twin."""

import tensorflow as tf

# -- as reported in tensorflow/tensorflow#56968: plain tensors on both sides -----------------------

ones = tf.ones([1, 128, 128, 1], tf.float32)
with tf.GradientTape() as tape:
    class_channel = tf.reduce_sum(4.4 * ones)
grads = tape.gradient(class_channel, ones)  # XFR211

watched = tf.ones([1, 128, 128, 1], tf.float32)
with tf.GradientTape() as watching:
    watching.watch(watched)
    class_channel = tf.reduce_sum(4.4 * watched)
grads = watching.gradient(class_channel, watched)
