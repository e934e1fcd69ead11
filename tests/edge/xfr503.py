import keras
import tensorflow as tf
import torch.nn.functional as F
from torch import nn


class TorchStem(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.halve = nn.MaxPool2d(2)
        self.slide = nn.MaxPool2d(3, 1, 1)


class KerasStem(keras.Model):
    def __init__(self):
        super().__init__()
        self.pool = keras.layers.MaxPool2D((3, 3), strides=(2, 2), padding="same")  # XFR503
        self.halve = keras.layers.MaxPool2D(padding="same")
        self.slide = keras.layers.MaxPooling2D(3, 1, "same")


def pytorch_pool():
    return nn.MaxPool1d(5, stride=2, padding=2)


def tf_pool():
    return keras.layers.MaxPooling1D(5, strides=2, padding="same")  # XFR503


pool_pt = nn.MaxPool2d(3, None, padding=1)
pool_tf = keras.layers.MaxPooling2D(3, padding="same")  # XFR503
model_t = nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(3, 2, 1))
model_k = keras.Sequential(
    [
        keras.layers.Conv2D(4, 3),
        keras.layers.MaxPooling2D(3, 2, padding="same"),  # XFR503
    ]
)
torch_layers = nn.Sequential(nn.MaxPool3d(3, 2, 1))
keras_layers = keras.Sequential([keras.layers.MaxPooling3D(3, 2, "same")])  # XFR503


def shrink_torch(x):
    return F.max_pool2d(x, kernel_size=3, stride=2, padding=1)


def shrink_tf(x):
    return tf.nn.max_pool2d(x, ksize=3, strides=2, padding="SAME")  # XFR503


def stem_torch(x):
    return F.max_pool2d(F.relu(x), 3, 2, 1)


def stem_keras(x):
    return keras.layers.MaxPooling2D(3, strides=2, padding="same")(x)  # XFR503


# -- right -----------------------------------------------------------------------------------------

right_pt = nn.MaxPool2d(3, stride=2, padding=1)
right_tf = keras.layers.MaxPooling2D(3, strides=2)
other_pt = nn.MaxPool2d(3, stride=2, padding=1)
another_tf = keras.layers.MaxPooling2D(3, strides=2, padding="same")
ceil_pt = nn.MaxPool2d(2, 2, ceil_mode=True)
ceil_tf = keras.layers.MaxPooling2D(2, 2, padding="same")
wide_pt = nn.MaxPool2d(3, stride=2, padding=1)
wide_tf = keras.layers.MaxPooling2D(5, strides=2, padding="same")
