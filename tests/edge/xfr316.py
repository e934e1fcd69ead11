# one spelling
import keras
import numpy as np
import tensorflow as tf
import tensorflow.keras.backend as T
from keras import backend as K
from tensorflow.keras import backend
from tensorflow.keras.backend import learning_phase

tf.keras.backend.set_learning_phase(0)  # XFR316
keras.backend.set_learning_phase(False)  # XFR316
model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5)])


def monte_carlo(x, n):
    f = K.function([model.layers[0].input, K.learning_phase()], [model.output])  # XFR316
    return np.stack([f([x, 1])[0] for _ in range(n)])


class Noise(keras.layers.Layer):
    def call(self, x, training=None):
        noisy = x + tf.random.normal(tf.shape(x))
        return tf.cond(T.learning_phase(), lambda: noisy, lambda: x)  # XFR316


def phase():
    return backend.learning_phase(), learning_phase()  # XFR316


def activations(layer, x):
    return backend.function(model.inputs, [layer.output])([x])  # XFR316


# -- right ones ------------------------------------------------------------------------------------


def guarded(x):
    if hasattr(K, "learning_phase"):
        return K.learning_phase()
    if tf.__version__ < "2.16":
        K.set_learning_phase(0)
    try:
        K.set_learning_phase(1)
    except AttributeError:
        pass
    return K.epsilon() + K.floatx()


class Backend:
    def function(self, *args):
        return args

    def learning_phase(self):
        return 1


own = Backend()
own.function(own.learning_phase())
K.clear_session()
T.mean(np.ones(3))
tf.function(lambda x: x)


class Cutout(keras.layers.Layer):
    def call(self, x, training=True):
        if training is None:
            training = T.learning_phase()
        return x * 2 if training else x


class Jitter(keras.layers.Layer):
    def call(self, x, training=None):
        if training is None:
            training = T.learning_phase()  # XFR316
        return x * 2 if training else x
