"""Shapes in which a mode that fit and predict override was reported, with the fixed twins."""

import keras
from keras.layers import BatchNormalization, Dense, Dropout, Input

# -- as proposed in matchms/ms2deepscore#65: one branch of the builder keeps dropout on -------------


def get_base_model(dims, dropout_rate, dropout_always_on):
    model_input = Input(shape=(100,))
    model_layer = model_input
    for dim in dims:
        model_layer = Dense(dim, activation="relu")(model_layer)
        model_layer = BatchNormalization()(model_layer)
        if dropout_always_on:
            model_layer = Dropout(dropout_rate)(model_layer, training=True)  # XFR906
        else:
            model_layer = Dropout(dropout_rate)(model_layer)
    return keras.Model(model_input, model_layer)


class AlwaysOn(Dropout):
    def call(self, inputs, training=None):
        return super().call(inputs, training=True)


def get_base_model_fixed(dims, dropout_rate, dropout_always_on):
    model_input = Input(shape=(100,))
    model_layer = model_input
    for dim in dims:
        model_layer = Dense(dim, activation="relu")(model_layer)
        model_layer = BatchNormalization()(model_layer)
        kind = AlwaysOn if dropout_always_on else Dropout
        model_layer = kind(dropout_rate)(model_layer)
    return keras.Model(model_input, model_layer)


# -- as observed in keras-team/keras#20285: unfrozen for fine-tuning ---------------------------------


def fine_tuned(dataset):
    base_model = keras.applications.Xception(weights="imagenet", include_top=False)
    inputs = keras.Input(shape=(150, 150, 3))
    x = base_model(inputs, training=False)  # XFR906
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile(optimizer="adam", loss="mse")
    model.fit(dataset)


# -- as asked in keras-team/keras#9412: Monte Carlo dropout ------------------------------------------

inp = Input((4,))
hidden = Dropout(0.5)(Dense(8, activation="relu")(inp), training=True)  # XFR906
mc = keras.Model(inp, Dense(1)(hidden))
samples = [mc.predict([[1.0, 2.0, 3.0, 4.0]]) for _ in range(10)]

hidden = AlwaysOn(0.5)(Dense(8, activation="relu")(inp))
mc = keras.Model(inp, Dense(1)(hidden))
samples = [mc.predict([[1.0, 2.0, 3.0, 4.0]]) for _ in range(10)]
