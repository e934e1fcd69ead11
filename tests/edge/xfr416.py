import keras
import tensorflow as tf
import torch
import torch.nn as tnn
from keras.optimizers import Adam as KerasAdam
from torch import optim

WD = 1e-4


def torch_side(net, lr, wd):
    yield optim.Adam(net.parameters(), lr=lr, weight_decay=WD)  # XFR416
    yield optim.RMSprop(net.parameters(), lr=lr, weight_decay=5e-4)  # XFR416
    yield optim.SGD(net.parameters(), lr, 0.9, weight_decay=5e-4)  # XFR416
    yield optim.SGD(net.parameters(), lr, momentum=0.9, weight_decay=WD, nesterov=True)
    yield optim.SGD(net.parameters(), lr, weight_decay=5e-4)
    yield optim.SGD(net.parameters(), lr, momentum=0, weight_decay=5e-4)
    yield optim.Adam(net.parameters(), lr=lr, weight_decay=2e-4)
    yield optim.Adam(net.parameters(), lr=lr, weight_decay=wd)
    yield optim.Adam(net.parameters(), lr=lr)
    yield optim.Adam(net.parameters(), lr=lr, weight_decay=WD, decoupled_weight_decay=True)
    yield optim.AdamW(net.parameters(), lr=lr, weight_decay=WD)
    yield optim.NAdam(net.parameters(), lr=lr, weight_decay=WD)


def keras_side(lr):
    yield KerasAdam(lr, weight_decay=1e-4)
    yield tf.keras.optimizers.RMSprop(lr, weight_decay=5e-4)
    yield keras.optimizers.SGD(lr, momentum=0.9, weight_decay=5e-4)
    yield keras.optimizers.AdamW(lr)


def build(name, net, lr):
    adamw = torch.optim.Adam(net.parameters(), lr=lr, weight_decay=0.01)  # XFR416
    table = {
        "adam": torch.optim.Adam(net.parameters(), lr=lr, weight_decay=0.01),
        "adamw": torch.optim.Adam(net.parameters(), lr=lr, weight_decay=0.01),  # XFR416
        "sgd": torch.optim.SGD(net.parameters(), lr=lr),
    }
    adam = torch.optim.Adam(net.parameters(), lr=lr, weight_decay=0.01)
    return adamw if name == "w" else adam if name == "a" else table[name]


class Trainer:
    def __init__(self, net):
        self.opt_adamw = torch.optim.Adam(net.parameters(), 1e-3, weight_decay=0.05)  # XFR416
        self.opt_adam = torch.optim.Adam(net.parameters(), 1e-3, weight_decay=0.05)


# notebook style
net = tnn.Linear(4, 1)
opt = torch.optim.Adam(net.parameters(), weight_decay=0.02)  # XFR416
k_opt = keras.optimizers.AdamW(1e-3, weight_decay=0.02)
