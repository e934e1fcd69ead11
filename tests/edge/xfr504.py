import keras
import tensorflow as tf
import torch.nn.functional as F
from torch import nn


class BlurTorch(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(3, 1, 1)
        self.down = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=True)
        self.plain = nn.AvgPool2d(2)


class BlurTF(keras.Model):
    def __init__(self):
        super().__init__()
        self.pool = keras.layers.AvgPool2D((3, 3), 1, padding="same")  # XFR504
        self.down = keras.layers.AveragePooling2D(3, strides=2, padding="same")  # XFR504
        self.plain = keras.layers.AveragePooling2D(2, padding="same")


def make_torch():
    return nn.Sequential(nn.AvgPool1d(3, 1, 1))


def make_keras():
    return keras.Sequential([keras.layers.AveragePooling1D(3, 1, "same")])  # XFR504


tf_pool = keras.layers.AveragePooling2D(3, strides=1, padding="same")
torch_pool = nn.AvgPool2d(3, stride=1, padding=1)  # XFR504
smooth_t = nn.AvgPool2d(5, 1, padding=2)
smooth_k = keras.layers.AveragePooling2D(5, 1, padding="same")  # XFR504
torch_cube = nn.AvgPool3d(3, 1, 1)
keras_cube = keras.layers.AveragePooling3D(3, 1, "same")  # XFR504


def soften_torch(x):
    return F.avg_pool2d(x, 3, 1, 1)


def soften_tf(x):
    return tf.nn.avg_pool2d(x, 3, 1, "SAME")  # XFR504


def mean_torch(x):
    return F.avg_pool2d(x, 3, 1, 1, False, False)


def mean_tf(x):
    return tf.nn.avg_pool2d(x, 3, 1, "SAME")


# -- right -----------------------------------------------------------------------------------------

one_t = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
one_k = keras.layers.AveragePooling2D(3, 1, padding="same")
two_t = nn.AvgPool2d(3, 1, 1)
two_k = keras.layers.AveragePooling2D(3, 1)
three_t = nn.AvgPool2d(3, 1)
three_k = keras.layers.AveragePooling2D(3, 1, padding="same")
alone = keras.layers.AveragePooling2D(3, 1, padding="same")
