import keras
import tensorflow as tf
from keras import layers


class Applied(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def call(self, inputs, training=False):
        x = layers.Conv2D(8, 3, padding="same")(inputs)  # XFR108
        x = layers.BatchNormalization()(x, training=training)  # XFR108
        lstm = layers.Bidirectional(layers.LSTM(4))  # XFR108
        x = lstm(x)
        if self.units:
            x = layers.Dense(self.units)(x)  # XFR108
        return layers.Flatten()(x)


class InLoop(keras.Model):
    def call(self, x):
        for width in (8, 4):
            x = keras.layers.Dense(width, activation="relu")(x)  # XFR108
        stack = [layers.Dense(4) for _ in range(2)]  # XFR108
        for layer in stack:
            x = layer(x)
        return keras.Sequential([layers.Dense(1), layers.ReLU()])(x)  # XFR108


class Kept(keras.Model):
    def call(self, x):
        self.dense = layers.Dense(4)  # XFR108
        return self.dense(x)


def conv_block(x, filters):
    x = layers.Conv2D(filters, 3)(x)
    return layers.ReLU()(x)


class ByHelper(keras.Model):
    def call(self, x):
        x = conv_block(x, 8)  # XFR108
        return self.squeeze(x)

    def squeeze(self, x):
        pooled = layers.GlobalAveragePooling2D()(x)
        return x * layers.Dense(x.shape[-1])(pooled)  # XFR108


class Scale(layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")

    def call(self, x):
        return x * self.scale


class OfOwnLayers(Kept):
    def call(self, x):
        return Scale()(super().call(x))  # XFR108


# -- the same, held by the layer -------------------------------------------------------------------


class Held(keras.Model):
    def __init__(self, depth):
        super().__init__()
        self.blocks = [layers.Dense(8) for _ in range(depth)]
        self.scale = Scale()
        self.norm = layers.BatchNormalization()

    def build(self, shape):
        self.out = layers.Dense(shape[-1])

    def call(self, x, training=False):
        for block in self.blocks:
            x = block(x)
        return self.out(self.scale(self.norm(x, training=training)))


class NothingToForget(layers.Layer):
    def call(self, x, y):
        x = layers.Concatenate()([layers.ReLU()(x), layers.Add()([x, y])])
        x = layers.LayerNormalization(center=False, scale=False)(x)
        x = layers.Lambda(lambda t: t * 2)(x)
        return keras.layers.MaxPooling2D()(layers.Reshape((4, 4, 1))(x))


class Lazy(layers.Layer):
    def __init__(self):
        super().__init__()
        self.dense = None

    def call(self, x):
        if self.dense is None:
            self.dense = layers.Dense(x.shape[-1])
        return self.dense(x)


class BuildsWithCall(keras.Model):
    def __init__(self, shape):
        inputs = keras.Input(shape)
        super().__init__(inputs=inputs, outputs=self.call(inputs))

    def call(self, x):
        return layers.Dense(4)(x)


class Edges(layers.Layer):
    def call(self, x):
        fixed = layers.Conv2D(1, 3, trainable=False, kernel_initializer=tf.ones)
        return fixed(x)


class Builder:
    def call(self, x):
        return layers.Dense(4)(x)


def build():
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, layers.Dense(4)(conv_block(inputs, 8)))
