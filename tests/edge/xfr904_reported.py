"""Shapes in which a layer that is not saved was reported, each with its fixed twin."""

import keras
import tensorflow as tf
from keras import layers

# -- as reported in mvoelk/keras_layers#1 and keras-team/keras-io#894: numbers alone, which Keras 3
# saves by itself


class AddCoords2D(layers.Layer):
    def __init__(self, with_r=False, **kwargs):
        super().__init__(**kwargs)
        self.with_r = with_r

    def call(self, x):
        return x


coords = AddCoords2D(with_r=True)

# -- a wrapper of an activation and of a recurrent layer, a block given its attention ---------------


class Activated(layers.Layer):
    def __init__(self, units, activation=None, **kwargs):  # XFR904
        super().__init__(**kwargs)
        self.dense, self.activation = layers.Dense(units), activation

    def call(self, x):
        return self.activation(self.dense(x))


class LastStep(layers.Layer):
    def __init__(self, rnn, **kwargs):  # XFR904
        super().__init__(**kwargs)
        self.rnn = rnn

    def call(self, x):
        return self.rnn(x)[:, -1]


class Block(keras.layers.Layer):
    def __init__(self, dim, *, attention, **kwargs):  # XFR904
        super().__init__(**kwargs)
        self.attention, self.norm = attention, layers.LayerNormalization()

    def call(self, x):
        return self.norm(x + self.attention(x, x))


class LastStepFixed(layers.Layer):
    def __init__(self, rnn, **kwargs):
        super().__init__(**kwargs)
        self.rnn = rnn

    def call(self, x):
        return self.rnn(x)[:, -1]

    def get_config(self):
        config = super().get_config()
        config.update({"rnn": keras.saving.serialize_keras_object(self.rnn)})
        return config

    @classmethod
    def from_config(cls, config):
        config["rnn"] = keras.saving.deserialize_keras_object(config["rnn"])
        return cls(**config)


class ActivatedFixed(layers.Layer):
    def __init__(self, units, activation="relu", **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(units, activation=activation)

    def call(self, x):
        return self.dense(x)


class BlockFixed(keras.layers.Layer):
    def __init__(self, dim, heads, **kwargs):
        super().__init__(**kwargs)
        self.attention, self.norm = layers.MultiHeadAttention(heads, dim), layers.Normalization()

    def call(self, x):
        return self.norm(x + self.attention(x, x))


def build():
    inputs = keras.Input((5, 8))
    x = Block(8, attention=layers.MultiHeadAttention(2, 4))(inputs)
    x = LastStep(layers.LSTM(4, return_sequences=True))(x)
    wrong = Activated(2, lambda v: tf.nn.relu6(v))(x)
    x = BlockFixed(4, heads=2)(inputs)
    x = LastStepFixed(layers.LSTM(4, return_sequences=True))(x)
    return keras.Model(inputs, [wrong, ActivatedFixed(2, "relu6")(x)])
