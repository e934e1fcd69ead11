import keras
import numpy as np
import torch
from torch import nn


class Port(keras.Model):
    def __init__(self):
        super().__init__()
        self.gru = keras.layers.GRU(4)
        self.lstm = keras.layers.LSTM(4)


def wrong(model: Port, net, state):
    w_ih, w_hh = net.gru.weight_ih_l0.detach().numpy(), net.gru.weight_hh_l0.detach().numpy()
    biases = np.stack([net.gru.bias_ih_l0.detach().numpy(), net.gru.bias_hh_l0.detach().numpy()])
    model.gru.set_weights([w_ih.T, w_hh.T, biases])  # XFR523
    model.gru.set_weights([state["gru.weight_ih_l0"].T, state["gru.weight_hh_l0"].T, biases])  # XFR523
    model.lstm.set_weights(  # XFR523
        [
            net.lstm.weight_ih_l0.t().detach().numpy(),
            net.lstm.weight_hh_l0.t().detach().numpy(),
            net.lstm.bias_ih_l0.detach().numpy(),
        ]
    )
    w, u, b = (state[f"rnn.{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih"))
    model.lstm.set_weights(  # XFR523
        [state["rnn.weight_ih_l0"].T, state["rnn.weight_hh_l0"].T, state["rnn.bias_hh_l0"]]
    )
    return w, u, b


rnn = nn.GRU(3, 4)
layer = keras.layers.GRU(4)
layer.set_weights(  # XFR523
    [rnn.weight_ih_l0.data.numpy().T, rnn.weight_hh_l0.data.numpy().T, np.zeros((2, 12))]
)
memory = keras.layers.LSTM(4)
cell = nn.LSTM(3, 4)
kernel = cell.weight_ih_l0.detach().numpy().transpose()
memory.set_weights([kernel, cell.weight_hh_l0.detach().numpy().T, cell.bias_hh_l0.detach()])  # XFR523


# -- right -----------------------------------------------------------------------------------------


def swap(a):
    return np.concatenate([a[4:8], a[:4], a[8:]])


def right(model: Port, net, biases):
    w_ih, w_hh = net.gru.weight_ih_l0.detach().numpy(), net.gru.weight_hh_l0.detach().numpy()
    model.gru.set_weights([swap(w_ih).T, swap(w_hh).T, biases])
    w_ih = np.concatenate([w_ih[4:8], w_ih[:4], w_ih[8:]])
    model.gru.set_weights([w_ih.T, swap(w_hh).T, biases])
    model.lstm.set_weights(
        [
            net.lstm.weight_ih_l0.t().detach().numpy(),
            net.lstm.weight_hh_l0.t().detach().numpy(),
            (net.lstm.bias_ih_l0 + net.lstm.bias_hh_l0).detach().numpy(),
        ]
    )
    model.mystery.set_weights([net.mystery.weight_ih_l0.T, net.mystery.weight_hh_l0.T])
    return torch.zeros(1)
