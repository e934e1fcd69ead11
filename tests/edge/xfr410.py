import argparse

import keras
import pytest
import tensorflow as tf
import torch
import torch.nn as tnn
import torch.optim as optim
from keras.optimizers import Adam as KAdam
from torch.optim import SGD

parser = argparse.ArgumentParser()
args = parser.parse_args()
net = tnn.Linear(4, 1)
DECAY = 1e-4

# notebook style
opt = keras.optimizers.Adam(lr=1e-3)  # XFR410
opt = keras.optimizers.SGD(lr=args.lr, momentum=0.9, nesterov=True)  # XFR410
opt = tf.keras.optimizers.RMSprop(lr=0.01)  # XFR410
opt = tf.optimizers.Adam(lr=args.lr)  # XFR410
opt = KAdam(betas=(0.9, 0.99))  # XFR410
opt = KAdam(1e-3, eps=1e-8)  # XFR410
opt = keras.optimizers.SGD(0.1, decay=DECAY)  # XFR410
opt = keras.optimizers.Adam(net.parameters(), 1e-3)  # XFR410
opt = optim.Adam(net.parameters(), learning_rate=1e-3)  # XFR410
opt = optim.Adam(net.parameters(), lr=1e-3, epsilon=1e-7)  # XFR410
opt = optim.RMSprop(net.parameters(), lr=1e-3, rho=0.9)  # XFR410
opt = SGD(net.parameters(), 0.1, clipnorm=1.0)  # XFR410
opt = SGD(net, 0.1)  # XFR410
opt = optim.Adam(net.parameters(), 1e-3, 0.9, 0.999)  # XFR410
opt = KAdam(1e-3, (0.9, 0.999))  # XFR410
opt = SGD(net.parameters, lr=0.1)  # XFR410
opt = SGD(0.1)  # XFR410
opt = SGD(lr=0.1)  # XFR410
opt = optim.AdamW(args.lr, betas=(0.9, 0.99))

# their fixed twins
opt = keras.optimizers.Adam(learning_rate=1e-3)
opt = keras.optimizers.SGD(args.lr, 0.9, True)
opt = tf.keras.optimizers.RMSprop(0.01)
opt = KAdam(beta_1=0.9, beta_2=0.99)
opt = KAdam(1e-3, epsilon=1e-8)
opt = keras.optimizers.SGD(keras.optimizers.schedules.InverseTimeDecay(0.1, 1, DECAY))
opt = keras.optimizers.SGD(0.1, weight_decay=DECAY)
opt = optim.Adam(net.parameters(), lr=1e-3, eps=1e-7, betas=(0.9, 0.99))
opt = optim.Adadelta(net.parameters(), rho=0.9)
opt = optim.Adam([{"params": net.parameters(), "lr": 1e-3}])
opt = optim.Adam(params=net.parameters())
opt = optim.Adam(net.parameters(), 1e-3, (0.9, 0.999))
opt = KAdam(1e-3, 0.9, 0.999)
opt = SGD([net.weight, net.bias], 0.1)


class Trainer(keras.Model):
    def build_optimizers(self, options):
        self.opt = keras.optimizers.Adam(lr=self.rate)  # XFR410
        self.opt = keras.optimizers.Adam(self.trainable_variables, 1e-3)  # XFR410
        self.opt = keras.optimizers.Adam(self.rate, **options)
        self.opt = keras.optimizers.Adam(*options)


class Learner(tnn.Module):
    def __init__(self, params, **kwargs):
        super().__init__()
        self.body = tnn.Linear(4, 4)
        self.weights = tnn.ParameterList([tnn.Parameter(torch.ones(1))])
        self.opt = optim.Adam(self.body, 1e-3)  # XFR410
        self.opt = optim.Adam(self, lr=1e-3)  # XFR410
        self.opt = optim.Adam(params, lr=1e-3)
        self.opt = optim.Adam(self.weights, lr=1e-3)
        self.opt = optim.Adam(**kwargs)
        self.opt = optim.Adam(lr=1e-3, **kwargs)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), learning_rate=1e-3)  # XFR410


class Distance:
    def __init__(self, agent):
        self.net = tnn.Linear(4, 4)
        self.parameters = list(self.net.parameters())
        self.opt = optim.Adam(self.parameters, 1e-3)
        self.opt = optim.Adam(agent.parameters, 1e-3)
        self.opt = optim.Adam(self.net.parameters, 1e-3)  # XFR410


class Listed(tnn.Module):
    def __init__(self):
        super().__init__()
        self.net = tnn.Linear(4, 4)
        self.parameters = list(self.net.parameters())
        self.opt = optim.Adam(self.parameters, 1e-3)


class Clipped(optim.Adam):
    def __init__(self, params, learning_rate, clipnorm):
        super().__init__(params, lr=learning_rate)


opt = Clipped(net.parameters(), learning_rate=0.1, clipnorm=1.0)
with pytest.raises(TypeError):
    optim.Adam(net.parameters(), learning_rate=1e-3)
try:
    opt = keras.optimizers.Adam(learning_rate=1e-3)
except TypeError:
    opt = keras.optimizers.Adam(lr=1e-3)
opt = KAdam(lr=0.1) if tf.__version__ < "2.3" else KAdam(learning_rate=0.1)
try:
    opt = keras.optimizers.Adam(lr=1e-3)  # XFR410
except KeyboardInterrupt:
    pass
