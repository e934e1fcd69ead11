"""Shapes in which a share that is kept was taken for one that is dropped, with the fixed twins."""

import keras
import tensorflow as tf

# -- as reported in aymericdamien/TensorFlow-Examples#205: the comment says keep -------------------


def conv_net(x, is_training, keep_prob=0.75):
    fc1 = keras.layers.Dense(1024)(keras.layers.Flatten()(x))
    fc1 = keras.layers.Dropout(rate=keep_prob)(fc1, training=is_training)  # XFR307
    return keras.layers.Dense(10)(fc1)


def conv_net_fixed(x, is_training, keep_prob=0.75):
    fc1 = keras.layers.Dense(1024)(keras.layers.Flatten()(x))
    fc1 = keras.layers.Dropout(rate=1 - keep_prob)(fc1, training=is_training)
    return keras.layers.Dense(10)(fc1)


# -- as reported in hunkim/DeepLearningZeroToAll#204: a flag of the command line -------------------


class Model:
    def __init__(self, flags):
        self.keep_prob = flags.keep_prob

    def build(self):
        return keras.Sequential(
            [
                keras.layers.Conv2D(32, 3, activation="relu"),
                keras.layers.Dropout(self.keep_prob),  # XFR307
            ]
        )

    def build_fixed(self):
        return keras.Sequential(
            [
                keras.layers.Conv2D(32, 3, activation="relu"),
                keras.layers.Dropout(1.0 - self.keep_prob),
            ]
        )


# -- as reported in google-research/electra#61: 1 - rate, where rate is wanted ---------------------


def dropout(input_tensor, dropout_prob):
    return tf.nn.dropout(input_tensor, rate=1.0 - dropout_prob)  # XFR307


def dropout_fixed(input_tensor, dropout_prob):
    return tf.nn.dropout(input_tensor, rate=dropout_prob)
