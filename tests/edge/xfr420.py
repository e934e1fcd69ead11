from functools import partial

import keras
import tensorflow as tf
import torch
from keras.layers import BatchNormalization
from torch import nn

BN_MOMENTUM = 0.99
TORCH_MOMENTUM = 0.1


class Net(nn.Module):
    def __init__(self, n=16, momentum=0.99, cfg=None):
        super().__init__()
        self.mom = 0.9
        self.a = nn.BatchNorm2d(n, momentum=0.9)  # XFR420
        self.b = nn.BatchNorm2d(num_features=n, eps=1e-05, momentum=0.9, affine=True)  # XFR420
        self.c = nn.BatchNorm2d(n, 1e-3, 0.99)  # XFR420
        self.d = nn.BatchNorm2d(n, momentum=BN_MOMENTUM)  # XFR420
        self.e = nn.BatchNorm2d(n, momentum=self.mom)  # XFR420
        self.f = nn.SyncBatchNorm(n, momentum=0.997)  # XFR420
        self.g = nn.InstanceNorm2d(n, momentum=0.9, track_running_stats=True)  # XFR420
        self.norm = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.99)  # XFR420
        self.quiet = nn.ModuleList(
            [
                nn.BatchNorm2d(n, momentum=0.1),
                nn.BatchNorm2d(n, momentum=1 - 0.9),
                nn.BatchNorm2d(n, momentum=1 - BN_MOMENTUM),
                nn.BatchNorm2d(n, 1e-3, 0.01),
                nn.BatchNorm2d(n, momentum=None),
                nn.BatchNorm2d(n, momentum=momentum),
                nn.BatchNorm2d(n, momentum=cfg.momentum),
                nn.BatchNorm2d(n, momentum=0.5),
                nn.BatchNorm2d(n, momentum=1, track_running_stats=False),
                nn.BatchNorm2d(n, momentum=1.0),
                nn.BatchNorm2d(n, momentum=0.9, track_running_stats=False),
                nn.BatchNorm2d(n, momentum=0.9, track_running_stats=cfg.track),
                nn.InstanceNorm2d(n, momentum=0.9),
            ]
        )


def conv_block(x, filters):
    x = keras.layers.Conv2D(filters, 3, padding="same")(x)
    x = keras.layers.BatchNormalization(momentum=0.1)(x)  # XFR420
    x = keras.layers.BatchNormalization(momentum=TORCH_MOMENTUM, epsilon=1e-5)(x)  # XFR420
    x = keras.layers.BatchNormalization(-1, 0.01)(x)  # XFR420
    x = BatchNormalization(axis=-1, momentum=0.2)(x)  # XFR420
    x = tf.keras.layers.BatchNormalization(momentum=0.1)(x)  # XFR420
    return keras.layers.ReLU()(x)


def right_block(x, filters, momentum=0.1):
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.BatchNormalization(momentum=0.99, epsilon=1e-5)(x)
    x = keras.layers.BatchNormalization(momentum=1 - TORCH_MOMENTUM)(x)
    x = keras.layers.BatchNormalization(momentum=0.5)(x)
    x = keras.layers.BatchNormalization(momentum=0.0)(x)
    x = keras.layers.BatchNormalization(momentum=momentum)(x)
    x = keras.layers.BatchNormalization()(x)
    return keras.layers.LayerNormalization(epsilon=1e-6)(x)


# notebook style
net = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.BatchNorm1d(8, momentum=0.8))  # XFR420
model = keras.Sequential([keras.layers.Dense(8), keras.layers.BatchNormalization(momentum=0.3)])  # XFR420
