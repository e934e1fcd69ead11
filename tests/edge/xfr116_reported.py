"""Shapes in which variables that Keras does not see were reported, each with its fixed twin."""

import keras
import tensorflow as tf

# -- as reported in tensorflow/tensorflow#38211: made by a method that the constructor calls ---------


class FooLayer(keras.layers.Layer):
    def __init__(self, size):
        super(FooLayer, self).__init__()
        self.size = size
        self.build_foo(size)

    def call(self, in_data):
        return in_data * self.first

    def build_foo(self, size):
        self.first = tf.Variable(1.0, name="TNS0")  # XFR116


class FooLayerFixed(keras.layers.Layer):
    def __init__(self, size):
        super(FooLayerFixed, self).__init__()
        self.size = size
        self.build_foo(size)

    def call(self, in_data):
        return in_data * self.first

    def build_foo(self, size):
        self.first = self.add_weight(shape=(), initializer="ones", name="TNS0")


# -- as reported in tensorflow/tensorflow#46325: a batch norm of one's own -----------------------------


class OwnNorm(keras.layers.Layer):
    def __init__(self, shape, **kwargs):
        super(OwnNorm, self).__init__(**kwargs)
        self.beta = tf.Variable(initial_value=tf.zeros(shape), trainable=True)  # XFR116
        self.gamma = tf.Variable(initial_value=tf.ones(shape), trainable=True)  # XFR116

    def call(self, x):
        mean, variance = tf.nn.moments(x, axes=[0])
        return tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, 1e-3)


class OwnNormFixed(keras.layers.Layer):
    def __init__(self, shape, **kwargs):
        super(OwnNormFixed, self).__init__(**kwargs)
        self.beta = self.add_weight(shape=shape, initializer="zeros", name="beta")
        self.gamma = self.add_weight(shape=shape, initializer="ones", name="gamma")

    def call(self, x):
        mean, variance = tf.nn.moments(x, axes=[0])
        return tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, 1e-3)


# -- as reported in keras-team/keras#16797: a list of them ---------------------------------------------


class Gates(keras.layers.Layer):
    def __init__(self, number):
        super().__init__()
        self.gates = [tf.Variable(0.0) for _ in range(number)]  # XFR116

    def call(self, x):
        return x * tf.add_n([tf.sigmoid(gate) for gate in self.gates])


class GatesFixed(keras.layers.Layer):
    def __init__(self, number):
        super().__init__()
        self.gates = [self.add_weight(shape=()) for _ in range(number)]

    def call(self, x):
        return x * tf.add_n([tf.sigmoid(gate) for gate in self.gates])
