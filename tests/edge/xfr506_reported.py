"""Shapes in which the order of a flattened map was reported, fixed in xfr506_reported_fixed.py."""

import keras
from torch import nn

# -- as reported in gzuidhof/nn-transfer#16 and #11: the dense layer behind Flatten ----------------------


class TorchNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 5)
        self.fc1 = nn.Linear(6 * 24 * 24, 120)

    def forward(self, x):
        x = self.conv(x)
        return self.fc1(x.flatten(1))


def transfer(torch_net):
    keras_net = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(6, 5, name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(120, name="fc1"),
        ]
    )
    keras_net.get_layer("fc1").set_weights(  # XFR506
        [torch_net.fc1.weight.detach().numpy().T, torch_net.fc1.bias.detach().numpy()]
    )
    return keras_net
