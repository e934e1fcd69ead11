"""Shapes in which layers that are not trained were reported, each with its fixed twin."""

from keras import Model
from keras.layers import BatchNormalization, Conv2D, Dense, Layer

# -- as reported in keras-team/keras#11736: a layer that is built of a Dense -------------------------


class CustomLayer(Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def call(self, inputs):
        output = Dense(self.units)(inputs)  # XFR108
        return output


class CustomLayerFixed(Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.dense = Dense(units)

    def call(self, inputs):
        return self.dense(inputs)


# -- the same by a method that call() runs, for one of two widths --------------------------------------


class Residual(Model):
    def __init__(self, filters):
        super().__init__()
        self.filters = filters
        self.body = Conv2D(filters, 3, padding="same")

    def shortcut(self, x):
        if x.shape[-1] != self.filters:
            x = Conv2D(self.filters, 1)(x)  # XFR108
        return x

    def call(self, x, training=None):
        y = BatchNormalization()(self.body(x), training=training)  # XFR108
        return y + self.shortcut(x)


class ResidualFixed(Model):
    def __init__(self, filters):
        super().__init__()
        self.filters = filters
        self.body = Conv2D(filters, 3, padding="same")
        self.norm, self.project = BatchNormalization(), Conv2D(filters, 1)

    def call(self, x, training=None):
        y = self.norm(self.body(x), training=training)
        return y + (self.project(x) if x.shape[-1] != self.filters else x)
