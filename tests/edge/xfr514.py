import keras
import tensorflow as tf
import torch.nn.functional as F
from torch import nn


class TorchUp(nn.Module):
    def __init__(self, channels=16, ratio=2):
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, padding=1)
        self.shuffle = nn.PixelShuffle(ratio)


class KerasUp(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = keras.layers.Conv2D(16, 3, padding="same")

    def call(self, x):
        return tf.nn.depth_to_space(self.conv(x), 2)  # XFR514


def head_tf(x):
    return tf.nn.depth_to_space(keras.layers.Conv2D(27, 3)(x), 3)


def head_torch(x):
    conv = nn.Conv2d(3, 27, 3)
    return F.pixel_shuffle(conv(x), 3)  # XFR514


def decode_pytorch(x):
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.PixelShuffle(2))(x)


def decode_keras(x):
    y = keras.layers.Conv2D(8, 3)(x)
    return tf.nn.depth_to_space(y, block_size=2)  # XFR514


def up_torch():
    return nn.Sequential(nn.Conv2d(3, 12, 3), nn.ReLU(), nn.PixelShuffle(upscale_factor=2))


def up_tf(x):
    return tf.nn.depth_to_space(x, 2)  # XFR514


def rgb_torch(ratio=4):
    return nn.Sequential(nn.Conv2d(3, 48, 3), nn.PixelShuffle(ratio))


def rgb_tf(x, ratio=4):
    return tf.nn.depth_to_space(x, ratio)  # XFR514


def twice_torch():
    return nn.Sequential(nn.Conv2d(1, 8, 1), nn.PixelShuffle(2), nn.Conv2d(2, 8, 1))


def twice_tf(x):
    return tf.nn.depth_to_space(x, 2)  # XFR514


# -- right -----------------------------------------------------------------------------------------


def grey_torch():
    return nn.Sequential(nn.Conv2d(32, 9, 3), nn.PixelShuffle(3))


def grey_tf(x):
    return tf.nn.depth_to_space(x, 3)


def asked_torch(channels, ratio):
    return nn.Sequential(nn.Conv2d(32, channels * ratio**2, 3), nn.PixelShuffle(ratio))


def asked_tf(x, ratio):
    return tf.nn.depth_to_space(x, ratio)


def alone(x):
    return tf.nn.depth_to_space(x, 2)
