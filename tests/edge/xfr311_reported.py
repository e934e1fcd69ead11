"""Shapes in which noise that stays on was reported, each with its fixed twin."""

import keras
import numpy as np
import tensorflow as tf

# -- as in keunwoochoi/kapre#35, without its guard: not judged, a variational model draws noise so


class AdditiveNoise(keras.layers.Layer):
    def __init__(self, power=0.1, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def call(self, x):
        return x + tf.random.normal(tf.shape(x), stddev=self.power)


class AdditiveNoiseFixed(keras.layers.Layer):
    def __init__(self, power=0.1, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def call(self, x, training=None):
        if training:
            return x + tf.random.normal(tf.shape(x), stddev=self.power)
        return x


# -- a function's dropout inside a block -----------------------------------------------------------------


class Block(keras.layers.Layer):
    def __init__(self, units, rate):
        super().__init__()
        self.dense, self.rate = keras.layers.Dense(units), rate

    def call(self, inputs, training=None):
        hidden = tf.nn.relu(self.dense(inputs))
        return tf.nn.dropout(hidden, rate=self.rate)  # XFR311


class BlockFixed(keras.layers.Layer):
    def __init__(self, units, rate):
        super().__init__()
        self.dense, self.drop = keras.layers.Dense(units), keras.layers.Dropout(rate)

    def call(self, inputs, training=None):
        hidden = tf.nn.relu(self.dense(inputs))
        return self.drop(hidden, training=training)


model = keras.Sequential([keras.Input((4,)), AdditiveNoise(), Block(4, 0.5), BlockFixed(4, 0.5)])
model.compile(loss="mse", optimizer="adam")
model.fit(np.zeros((8, 4)), np.zeros((8, 4)))
said = model.predict(np.zeros((8, 4)))
