"""Shapes in which freezing that does not freeze was reported, each with its fixed twin."""

import keras

# -- as asked in keras-team/keras#4674: trained, then the backbone is frozen ------------------------


def two_phases(x, y):
    backbone = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)])
    out = keras.layers.Dense(5)(backbone.output)
    model = keras.Model(backbone.input, out)
    model.compile(optimizer="rmsprop", loss="mse")
    model.fit(x, y, epochs=2)
    for layer in backbone.layers:
        layer.trainable = False  # XFR314
    model.fit(x, y, epochs=2)


def two_phases_fixed(x, y):
    backbone = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)])
    out = keras.layers.Dense(5)(backbone.output)
    model = keras.Model(backbone.input, out)
    model.compile(optimizer="rmsprop", loss="mse")
    model.fit(x, y, epochs=2)
    for layer in backbone.layers:
        layer.trainable = False
    model.compile(optimizer="rmsprop", loss="mse")
    model.fit(x, y, epochs=2)
