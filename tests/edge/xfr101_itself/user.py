import tensorflow as tf


class Layer(tf.keras.layers.Layer):
    def __call__(self, x):  # XFR101
        return self.call(x)
