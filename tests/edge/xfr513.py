import keras
import tensorflow as tf


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(8, 3, padding="same")
        self.pool = keras.layers.MaxPooling2D()
        self.up = keras.layers.UpSampling2D()
        self.join = keras.layers.Concatenate(axis=1)  # XFR513
        self.norm = keras.layers.BatchNormalization(axis=1)  # XFR513
        self.right = keras.layers.Concatenate(axis=-1)

    def call(self, x, training=None):
        x = tf.nn.relu(self.conv(x))
        a = tf.reduce_mean(x, axis=[2, 3])  # XFR513
        b = tf.reduce_max(self.pool(x), (-2, -1))  # XFR513
        c = keras.ops.mean(x, axis=(2, 3), keepdims=True)  # XFR513
        d = tf.concat([self.up(self.pool(x)), x], 1)  # XFR513
        e = tf.nn.softmax(self.conv(x), axis=1)  # XFR513
        f = self.join([x, self.conv(x)])
        g = self.norm(x, training=training)
        h = self.right([x, x])
        return a, b, c, d, e, f, g, h


inputs = keras.Input((16, 16, 3))
skip = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
up = keras.layers.Conv2DTranspose(4, 3, padding="same")(inputs)
merged = keras.layers.concatenate([up, skip], axis=1)  # XFR513
classes = tf.argmax(keras.layers.Conv2D(4, 1)(merged), axis=1)  # XFR513


# -- right -----------------------------------------------------------------------------------------


class Right(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(8, 3)
        self.sequence = keras.layers.Conv1D(8, 3)
        self.dense = keras.layers.Dense(4)
        self.flatten = keras.layers.Flatten()

    def call(self, x, tokens, axis):
        x = self.conv(x)
        a = tf.reduce_mean(x, axis=[1, 2])
        b = tf.reduce_mean(tf.transpose(x, [0, 3, 1, 2]), axis=[2, 3])
        c = tf.concat([self.sequence(tokens), self.sequence(tokens)], axis=1)
        d = tf.nn.softmax(self.dense(self.flatten(x)), axis=1)
        e = tf.reduce_mean(x, axis=axis)
        f = tf.concat([x, tokens], axis=1)
        g = tf.reduce_mean(tokens, axis=[2, 3])
        return a, b, c, d, e, f, g, tf.reduce_mean(x, axis=1), tf.reduce_mean(x)
