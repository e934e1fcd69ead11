import torch
from torch import nn

import tensorflow as tf


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


class TFNet(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.fc = tf.keras.layers.Dense(2)

    def call(self, x):
        return self.fc(x)


def port(x):
    reference = Net()
    reference.eval()
    state = reference.state_dict()
    ported = TFNet()
    ported.eval()  # XFR308
    ported.fc.set_weights([state["fc.weight"].numpy().T, state["fc.bias"].numpy()])
    with torch.no_grad():
        return reference(torch.from_numpy(x)).numpy() - ported(x).numpy()


def make(backend):
    if backend == "torch":
        model = Net()
        model.eval()
        return model
    model = TFNet()
    return model


def either(backend):
    model = make(backend)
    model.eval()
