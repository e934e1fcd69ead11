"""Shapes in which torch's verbs on a Keras model were reported, each with its fixed twin."""

import keras
from tensorflow.keras import layers, models

# -- the form that huggingface/transformers#2906 reports of the documentation -------------------------


def predict(x, path):
    model = keras.models.load_model(path)
    model.eval()  # XFR308
    return model(x)


def predict_fixed(x, path):
    model = keras.models.load_model(path)
    return model(x, training=False)


# -- the parameters of a Sequential counted, the device chosen by hand ---------------------------------


def count():
    net = models.Sequential([layers.Input((4,)), layers.Dense(8, activation="relu")])
    net.add(layers.Dense(1))
    net.to("cuda")  # XFR308
    return sum(p.numel() for p in net.parameters())  # XFR308


def count_fixed():
    net = models.Sequential([layers.Input((4,)), layers.Dense(8, activation="relu")])
    net.add(layers.Dense(1))
    return net.count_params()
