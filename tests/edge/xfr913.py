import keras
import tensorflow as tf


class Scale(keras.layers.Layer):
    def call(self, x):
        return x * 2.0


class Child(Scale):
    pass


class Masked(keras.layers.Layer):
    supports_masking = True

    def call(self, x):
        return tf.nn.relu(x)


class Computes(keras.layers.Layer):
    def compute_mask(self, inputs, mask=None):
        return mask

    def call(self, x):
        return x


def build(layer):
    return keras.Sequential(
        [
            keras.layers.Embedding(10, 4, mask_zero=True),
            keras.layers.Dropout(0.1),
            Child(),  # XFR913
            keras.layers.Bidirectional(keras.layers.LSTM(4)),
        ]
    ), keras.Sequential(
        [
            keras.layers.Embedding(10, 4, mask_zero=True),
            layer,
            Scale(),
            keras.layers.GRU(4),
        ]
    )


net = keras.Sequential()
net.add(keras.layers.Embedding(10, 4, mask_zero=True))
net.add(Scale())  # XFR913
net.add(keras.layers.GRU(4))

pooled = keras.Sequential(
    [
        keras.layers.Embedding(10, 4, mask_zero=True),
        Masked(),
        Scale(),  # XFR913
        keras.layers.GlobalAveragePooling1D(),
    ]
)
recurrent = keras.Sequential(
    [
        keras.layers.Embedding(10, 4, mask_zero=True),
        Scale(),  # XFR913
        keras.layers.Dropout(0.1),
        keras.layers.SimpleRNN(4),
    ]
)

# -- right -----------------------------------------------------------------------------------------

keras.Sequential(
    [
        keras.layers.Embedding(10, 4, mask_zero=True),
        Masked(),
        Computes(),
        keras.layers.LSTM(4),
        Scale(),
    ]
)
keras.Sequential([keras.layers.Embedding(10, 4), Scale(), keras.layers.LSTM(4)])
keras.Sequential([keras.layers.Embedding(10, 4, mask_zero=True), Scale(), keras.layers.Flatten()])
