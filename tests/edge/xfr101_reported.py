"""Shapes in which `__call__` was taken for the method to write, each with its fixed twin."""

import tensorflow as tf
from tensorflow.keras import Model, layers

# -- as demanded in tensorflow/tensorflow#29554 ("def call() should be def __call__()") --------------


class MyModel(Model):
    def __init__(self):
        super(MyModel, self).__init__()
        self.conv1 = layers.Conv2D(32, 3, activation="relu")
        self.flatten = layers.Flatten()
        self.d1 = layers.Dense(128, activation="relu")
        self.d2 = layers.Dense(10)

    def __call__(self, x):  # XFR101
        x = self.conv1(x)
        x = self.flatten(x)
        x = self.d1(x)
        return self.d2(x)


class MyModelFixed(Model):
    def __init__(self):
        super(MyModelFixed, self).__init__()
        self.conv1 = layers.Conv2D(32, 3, activation="relu")
        self.flatten = layers.Flatten()
        self.d1 = layers.Dense(128, activation="relu")
        self.d2 = layers.Dense(10)

    def call(self, x):
        x = self.conv1(x)
        x = self.flatten(x)
        x = self.d1(x)
        return self.d2(x)


# -- a block below another class of the project, the call traced --------------------------------------


class Base(tf.keras.layers.Layer):
    def norm(self, x):
        return tf.math.l2_normalize(x, axis=-1)


class Projection(Base):
    def __init__(self, units):
        super().__init__()
        self.dense = layers.Dense(units)

    @tf.function
    def __call__(self, x, training=None):  # XFR101
        return self.norm(self.dense(x))


class ProjectionFixed(Base):
    def __init__(self, units):
        super().__init__()
        self.dense = layers.Dense(units)

    @tf.function
    def call(self, x, training=None):
        return self.norm(self.dense(x))
