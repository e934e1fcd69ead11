import keras
import torch
from torch import nn


class TorchNet(nn.Module):
    def __init__(self, channels=8, stride=2):
        super().__init__()
        self.stem = nn.Conv2d(3, channels, kernel_size=7, stride=2, padding=3, bias=False)
        self.down = nn.Conv2d(channels, channels, (3, 3), stride=(stride, stride), padding=1)
        self.same = nn.Conv2d(channels, channels, 3, padding=1)
        self.even = nn.Conv2d(channels, channels, 4, 2, 1)
        self.point = nn.Conv2d(channels, channels, 1, 2)


class KerasNet(keras.Model):
    def __init__(self, channels=8, stride=2, **kwargs):
        super().__init__(**kwargs)
        self.stem = keras.layers.Conv2D(channels, 7, 2, padding="same", use_bias=False)  # XFR502
        self.down = keras.layers.Conv2D(  # XFR502
            channels, kernel_size=(3, 3), strides=stride, padding="SAME"
        )
        self.same = keras.layers.Conv2D(channels, 3, padding="same")
        self.even = keras.layers.Conv2D(channels, 4, 2, "same")
        self.point = keras.layers.Conv2D(channels, 1, 2, padding="same")


def build_torch_model():
    return nn.Sequential(
        nn.Conv1d(1, 4, 5, stride=2, padding=2), nn.ReLU(), nn.Conv1d(4, 4, 3, 2, 1)
    )


def build_keras_model():
    inputs = keras.Input((64, 1))
    x = keras.layers.Conv1D(4, 5, strides=2, padding="same", activation="relu")(inputs)  # XFR502
    x = keras.layers.Conv1D(4, 3, strides=2, padding="same")(x)  # XFR502
    return keras.Model(inputs, x)


def compare():
    t_conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
    k_conv = keras.layers.Conv2D(8, 3, strides=2, padding="same")  # XFR502
    return t_conv, k_conv


# The Keras model came first.
keras_head = keras.Sequential([keras.layers.Conv2D(8, 3, strides=2, padding="same")])
torch_head = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1))  # XFR502


# -- right -----------------------------------------------------------------------------------------


class TorchFixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 7, stride=2, padding=3)


class KerasFixed(keras.Model):
    def __init__(self):
        super().__init__()
        self.pad = keras.layers.ZeroPadding2D(3)
        self.stem = keras.layers.Conv2D(8, 7, strides=2)


class TorchPort(nn.Module):
    def __init__(self):
        super().__init__()
        self.pad = nn.ZeroPad2d((0, 1, 0, 1))
        self.conv = nn.Conv2d(3, 8, 3, stride=2)


class KerasPort(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(8, 3, strides=2, padding="same")


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)


class Detector(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(8, 3, strides=2, padding="same")


def torch_encoder():
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 1, 1))


def keras_encoder():
    return keras.Sequential([keras.layers.Conv2D(8, 3, 2, "same")])  # other layers: no pair


def torch_mixed(size):
    return nn.Conv2d(3, 8, size, stride=2, padding=size // 2)


def keras_mixed(size):
    return keras.layers.Conv2D(8, size, strides=2, padding="same"), torch.ones(1)
