import tensorflow as tf

from sine import Sine


def evaluate(model, x, y):
    return tf.reduce_mean((model.forward(x) - y) ** 2)


model = Sine()
