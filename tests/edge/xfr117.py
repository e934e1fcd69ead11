import keras
import pytest
import tensorflow as tf
from keras import layers


class Linear(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units
        self.scale = self.add_weight("scale", shape=(), initializer="ones")  # XFR117

    def build(self, shape):
        self.kernel = self.add_weight(  # XFR117
            "kernel",
            (shape[-1], self.units),
            initializer="glorot_uniform",
        )
        self.bias = self.add_variable("bias", shape=[self.units])  # XFR117

    def call(self, x):
        return (x @ self.kernel + self.bias) * self.scale


class Relative(Linear):
    def build(self, shape):
        super().build(shape)
        self.table = self.add_weight("emb", shape=[8, int(shape[-1])])  # XFR117


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.temperature = self.add_weight("temperature", ())  # XFR117


class Total(keras.metrics.Metric):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.total = self.add_weight("total", initializer="zeros")  # XFR117

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(tf.reduce_sum(y_pred))

    def result(self):
        return self.total


# -- by keyword, shape first, and others' methods --------------------------------------------------


class Right(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], 4))
        self.first = self.add_weight((shape[-1], 4), "zeros")
        self.named = self.add_weight(shape=(4,), initializer="zeros", name="named")


class Own(layers.Layer):
    def add_weight(self, name, shape):
        return super().add_weight(name=name, shape=shape)

    def build(self, shape):
        self.kernel = self.add_weight("kernel", (shape[-1], 4))


class Expected(layers.Layer):
    def build(self, shape):
        with pytest.raises(ValueError, match="keyword"):
            self.add_weight("kernel", (4, 4))


class Graph:
    def add_weight(self, name, value):
        return name, value

    def fill(self):
        self.add_weight("edge", 3)
