import tensorflow as tf


def fit(model, x, y):
    return tf.reduce_mean((model(x, training=True) - y) ** 2)
