"""A small CNN for small images, in the order LeNet has made usual; the overlapping max pool comes
before the activation, so that in Keras its padding has to be minus infinity."""

import keras
from keras import layers as L
from torch import nn

LOSS = "cross_entropy"
SMALL = {"width": 8, "classes": 5}
SMALL_BATCH = {"n": 8, "classes": 5}
SIDE = 16  # pixels


def torch_model(width=32, classes=10):
    return nn.Sequential(
        nn.Conv2d(3, width, 5, padding=2),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.ELU(),
        nn.Conv2d(width, 2 * width, 3, padding=2, dilation=2),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(2 * width * (SIDE // 4) ** 2, 4 * width),
        nn.ReLU(),
        nn.Linear(4 * width, classes),
    )


class PadForMax(L.Layer):
    def call(self, x):
        return keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-float("inf"))


def keras_model(width=32, classes=10):
    return keras.Sequential(
        [
            L.Input((SIDE, SIDE, 3)),
            L.Conv2D(width, 5, padding="same"),
            PadForMax(),
            L.MaxPooling2D(3, strides=2),
            L.ELU(),
            L.Conv2D(2 * width, 3, padding="same", dilation_rate=2),
            L.BatchNormalization(epsilon=1e-5, momentum=0.9),
            L.ReLU(),
            L.AveragePooling2D(2),
            L.Flatten(),
            L.Dropout(0.25),
            L.Dense(4 * width, activation="relu"),
            L.Dense(classes),
        ]
    )


def batch(rng, n=32, classes=10):
    return rng.normal(size=(n, 3, SIDE, SIDE)), rng.integers(0, classes, n)
