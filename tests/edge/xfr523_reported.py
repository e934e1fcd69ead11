"""Shapes in which GRU weights in the other order were reported, each with its fixed twin."""

import keras
import numpy as np
from torch import nn

# -- as reported in keras-team/keras#15915: two layers, the biases stacked --------------------------


def gru_port():
    rnn1 = nn.GRU(input_size=80, hidden_size=512, num_layers=2, batch_first=True)
    model = keras.Sequential(
        [
            keras.Input(shape=(10, 80)),
            keras.layers.GRU(512, return_sequences=True),
            keras.layers.GRU(512, return_sequences=True),
        ]
    )
    keras_format_weights1 = [
        rnn1.weight_ih_l0.detach().cpu().numpy().T,
        rnn1.weight_hh_l0.detach().cpu().numpy().T,
        np.vstack([rnn1.bias_ih_l0.detach().numpy(), rnn1.bias_hh_l0.detach().numpy()]),
    ]
    model.layers[0].set_weights(keras_format_weights1)  # XFR523
    return model


def swapped(gates):
    r, z, n = np.split(gates, 3, axis=-1)
    return np.concatenate([z, r, n], axis=-1)


def gru_port_fixed():
    rnn1 = nn.GRU(input_size=80, hidden_size=512, num_layers=2, batch_first=True)
    model = keras.Sequential(
        [
            keras.Input(shape=(10, 80)),
            keras.layers.GRU(512, return_sequences=True),
            keras.layers.GRU(512, return_sequences=True),
        ]
    )
    biases = [rnn1.bias_ih_l0.detach().cpu().numpy(), rnn1.bias_hh_l0.detach().cpu().numpy()]
    keras_format_weights1 = [
        swapped(rnn1.weight_ih_l0.detach().cpu().numpy().T),
        swapped(rnn1.weight_hh_l0.detach().cpu().numpy().T),
        swapped(np.vstack(biases)),
    ]
    model.layers[0].set_weights(keras_format_weights1)
    return model
