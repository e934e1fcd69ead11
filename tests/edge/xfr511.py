import keras
import numpy as np
import torch
from torch import nn


class Port(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(4, 3)
        self.hidden = keras.layers.Dense(8)
        self.table = keras.layers.Embedding(10, 4)
        self.norm = keras.layers.LayerNormalization()


def to_keras(model: Port, net, state):
    model.conv.set_weights([net.conv.weight.detach().numpy(), net.conv.bias.detach().numpy()])  # XFR511
    model.conv.set_weights([net.conv.weight.data.numpy().T, net.conv.bias.data.numpy()])  # XFR511
    weight = net.hidden.weight.detach().cpu().numpy()
    model.hidden.set_weights([weight, net.hidden.bias.detach().cpu().numpy()])  # XFR511
    model.hidden.set_weights([state["hidden.weight"], state["hidden.bias"]])  # XFR511
    model.hidden.kernel.assign(net.hidden.weight.detach().numpy())  # XFR511
    model.get_layer("fc1").set_weights([np.array(net.fc1.weight.data), net.fc1.bias.data])  # XFR511


def to_torch(net, keras_model):
    net.fc.weight.data = torch.from_numpy(keras_model.fc.get_weights()[0])  # XFR511
    kernel, bias = keras_model.dense1.get_weights()
    net.fc.weight = nn.Parameter(torch.tensor(kernel))  # XFR511
    with torch.no_grad():
        net.conv1.weight.copy_(torch.tensor(keras_model.conv1.kernel.numpy()))  # XFR511


# -- right -----------------------------------------------------------------------------------------


def right(model: Port, net, state, other, order):
    model.conv.set_weights([net.conv.weight.detach().permute(*order).numpy(), net.conv.bias])
    swapped = net.conv.weight.detach().transpose(0, 1)
    model.conv.set_weights([swapped.permute(3, 2, 1, 0).numpy(), net.conv.bias])
    model.conv.set_weights([net.conv.weight.detach().permute(2, 3, 1, 0).numpy(), net.conv.bias])
    model.hidden.set_weights([net.hidden.weight.detach().numpy().T, net.hidden.bias.detach()])
    model.hidden.set_weights([net.hidden.weight.t().detach().numpy(), net.hidden.bias.detach()])
    model.hidden.set_weights([np.transpose(state["hidden.weight"]), state["hidden.bias"]])
    model.table.set_weights([net.table.weight.detach().numpy()])
    model.norm.set_weights([net.norm.weight.detach().numpy(), net.norm.bias.detach().numpy()])
    model.mystery.set_weights([net.mystery.weight.detach().numpy()])
    model.hidden.set_weights(other.hidden.get_weights())
    model.hidden.set_weights([other.hidden.kernel, other.hidden.bias])
    net.fc.weight.data = torch.from_numpy(model.hidden.get_weights()[0].T)
    net.fc.weight.data = other.fc.weight.data
    net.fc.weight.data.copy_(other.fc.weight)
    net.fc.weight.data.normal_(0, 0.1)
    net.embedding.weight = net.fc.weight
