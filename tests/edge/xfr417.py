import keras
import torch
from keras import regularizers
from keras.regularizers import l2
from torch import nn, optim

DECAY = 5e-4


def keras_net(decay):
    return keras.Sequential(
        [
            keras.layers.Conv2D(8, 3, kernel_regularizer=l2(1e-4)),
            keras.layers.Conv2D(8, 3, kernel_regularizer=keras.regularizers.L2(DECAY)),
            keras.layers.Dense(8, kernel_regularizer=regularizers.l1_l2(l1=1e-3, l2=3e-3)),
            keras.layers.Dense(8, kernel_regularizer=regularizers.l2(decay)),
            keras.layers.Dense(8, kernel_regularizer=regularizers.l1(7e-3)),
            keras.layers.Dense(8, kernel_regularizer=keras.regularizers.L2(l2=0.5)),
        ]
    )


def torch_optimizers(net, decay):
    yield optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)  # XFR417
    yield optim.Adam(net.parameters(), 0.1, weight_decay=DECAY)  # XFR417
    yield torch.optim.RMSprop(net.parameters(), 0.1, weight_decay=0.003)  # XFR417
    yield torch.optim.SGD(net.parameters(), 0.1, weight_decay=0.5)  # XFR417
    yield optim.SGD(net.parameters(), 0.1, weight_decay=2e-4)
    yield optim.SGD(net.parameters(), 0.1, weight_decay=2 * 1e-4)
    yield optim.SGD(net.parameters(), 0.1, weight_decay=7e-3)
    yield optim.SGD(net.parameters(), 0.1, weight_decay=decay)
    yield optim.SGD(net.parameters(), 0.1, weight_decay=0)
    yield optim.AdamW(net.parameters(), 0.1, weight_decay=1e-4)


class Trainer:
    def __init__(self, net: nn.Module):
        self.decay = 1e-4
        self.optimizer = optim.SGD(net.parameters(), 0.1, weight_decay=self.decay)  # XFR417
        self.right = optim.SGD(net.parameters(), 0.1, weight_decay=2 * self.decay)


# notebook style
model = nn.Linear(4, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=DECAY)  # XFR417
