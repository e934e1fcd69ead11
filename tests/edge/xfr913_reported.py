"""Shapes in which a mask that is lost was reported, each with its fixed twin."""

import keras
import tensorflow as tf

# -- as reported in abr/keras-lmu#36: a layer that acts step by step ---------------------------------


class StepwiseActivation(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def call(self, inputs):
        return tf.nn.relu(inputs)


class StepwiseActivationFixed(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        return tf.nn.relu(inputs)


classifier = keras.Sequential(
    [
        keras.Input((None,)),
        keras.layers.Embedding(1000, 64, mask_zero=True),
        StepwiseActivation(name="step"),  # XFR913
        keras.layers.LSTM(32),
        keras.layers.Dense(1),
    ]
)
classifier_fixed = keras.Sequential(
    [
        keras.Input((None,)),
        keras.layers.Embedding(1000, 64, mask_zero=True),
        StepwiseActivationFixed(name="step"),
        keras.layers.LSTM(32),
        keras.layers.Dense(1),
    ]
)

# -- as asked in thushv89/attention_keras#41: attention of one's own before the pooling --------------


class Weighting(keras.layers.Layer):
    def build(self, shape):
        self.v = self.add_weight(shape=(shape[-1], 1), initializer="uniform")

    def call(self, x):
        return x * tf.nn.softmax(tf.matmul(x, self.v), axis=1)


class WeightingFixed(keras.layers.Layer):
    supports_masking = True

    def build(self, shape):
        self.v = self.add_weight(shape=(shape[-1], 1), initializer="uniform")

    def call(self, x, mask=None):
        scores = tf.matmul(x, self.v)
        if mask is not None:
            scores += (1.0 - tf.cast(mask[..., None], x.dtype)) * -1e9
        return x * tf.nn.softmax(scores, axis=1)


pooled = keras.models.Sequential(
    [
        keras.layers.Embedding(500, 16, mask_zero=True),
        Weighting(),  # XFR913
        keras.layers.GlobalAveragePooling1D(),
    ]
)
pooled_fixed = keras.models.Sequential(
    [
        keras.layers.Embedding(500, 16, mask_zero=True),
        WeightingFixed(),
        keras.layers.GlobalAveragePooling1D(),
    ]
)
