from dataclasses import dataclass

import keras
import tensorflow as tf
from keras import layers
from keras.layers import Layer


class Missing(Layer):
    def __init__(self, units):  # XFR105
        self.units = units
        self.dense = layers.Dense(units)


class OfModel(keras.Model):
    def __init__(self):  # XFR105
        self.blocks = []


class Base(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4)


class Derived(Base):
    def __init__(self):  # XFR105
        self.more = layers.Dense(2)


class NotCalled(layers.Layer):
    def __init__(self, units):  # XFR105
        super().__init__
        self.units = units


@keras.saving.register_keras_serializable("app")
class Registered(Layer):
    def __init__(self, units):  # XFR105
        self.units = units


def make(units):
    class Inner(layers.Layer):
        def __init__(self):  # XFR105
            self.units = units

    return Inner()


class Norm(layers.LayerNormalization):
    def __init__(self, rate):  # XFR105
        self.rate = rate


# -- called somewhere, or nothing set --------------------------------------------------------------


class First(Layer):
    def __init__(self, units):
        super(First, self).__init__()
        self.units = units


class ByName(Layer):
    def __init__(self, units):
        Layer.__init__(self)
        self.units = units


class Graph(keras.Model):
    def __init__(self, units):
        inputs = keras.Input((4,))
        outputs = layers.Dense(units)(inputs)
        super().__init__(inputs, outputs)
        self.units = units


class NoInit(Layer):
    def call(self, x):
        return x


class Variable(Layer):
    def __init__(self, value):
        self.value = tf.Variable(value, trainable=False)

    def call(self, x):
        return x * self.value


class Abstract(Layer):
    def __init__(self):
        raise NotImplementedError


@dataclass
class Data(Layer):
    units: int = 4

    def __init__(self):
        self.units = 4


class Callback(keras.callbacks.Callback):
    def __init__(self, path):
        self.path = path


class Holder:
    def __init__(self):
        self.dense = layers.Dense(4)
