import abc

import keras
import tensorflow as tf
from keras import layers
from keras.layers import Layer
from torch import nn


class Block(Layer):
    def __init__(self, units):
        super(Block, self).__init__()
        self.dense = layers.Dense(units)

    def forward(self, x, training=None):  # XFR102
        return self.dense(x)


class Base(keras.Model):
    def loss_of(self, x, y):
        return tf.reduce_mean((self(x, training=True) - y) ** 2)


class Net(Base):
    def forward(self, inputs):  # XFR102
        return tf.nn.relu(inputs)


def make(width):
    class Inner(keras.layers.Layer):
        def forward(self, x):  # XFR102
            return x * width

    return Inner()


class Mixed(abc.ABC, keras.Model):
    def __init__(self):
        super().__init__()
        self.block = Block(4)

    def forward(self, x):  # XFR102
        return self.block(x)


class Child(Mixed):
    def __init__(self):
        super().__init__()
        self.other = Block(2)


# -- with a forward pass that Keras runs -----------------------------------------------------------


class Both(keras.Model):
    def call(self, x):
        return x

    def forward(self, x):
        return self.call(x)


class OfBoth(Both):
    def forward(self, x):
        return x


class Assigned(keras.Model):
    def __init__(self):
        super().__init__()
        self.call = self.step

    def forward(self, x):
        return x

    def step(self, x):
        return x


class Graph(keras.Model):
    def __init__(self):
        inputs = keras.Input((4,))
        super().__init__(inputs=inputs, outputs=layers.Dense(2)(inputs))

    def forward(self, x):
        return self(x)


class Stack(keras.Sequential):
    def forward(self, x):
        return self(x)


class Abstract(keras.Model):
    def forward(self, x):
        """What subclasses do."""
        raise NotImplementedError


class Torch(nn.Module):
    def forward(self, x):
        return x


class Player:
    def forward(self, seconds):
        return seconds
