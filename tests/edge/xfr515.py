import keras
import tensorflow as tf
import torch.nn.functional as F
from torch import nn


class TorchDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.grow = nn.Upsample(scale_factor=2)
        self.smooth = nn.Upsample(scale_factor=2, mode="bilinear")


class KerasDecoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.up = keras.layers.UpSampling2D(2, interpolation="bilinear")  # XFR515
        self.grow = keras.layers.UpSampling2D(2)
        self.smooth = keras.layers.UpSampling2D(2)  # XFR515


def resize_torch(x):
    return F.interpolate(x, scale_factor=2)


def resize_tf(x):
    return tf.image.resize(x, (20, 20), method=tf.image.ResizeMethod.BILINEAR)  # XFR515


def torch_head(x):
    return F.interpolate(x, size=(8, 8), mode="bilinear", align_corners=True)


def keras_head(x):
    return keras.ops.image.resize(x, (8, 8))  # XFR515


def tf_mask(x):
    return tf.image.resize(x, (8, 8), method="bilinear")


def torch_mask(x):
    return F.interpolate(x, (8, 8), mode="nearest")  # XFR515


t_up = nn.Upsample(scale_factor=2, mode="nearest")
k_up = keras.layers.Resizing(8, 8)  # XFR515

# -- right -----------------------------------------------------------------------------------------


def torch_right(x):
    return F.interpolate(x, size=(8, 8), mode="bilinear", align_corners=False)


def tf_right(x):
    return tf.image.resize(x, (8, 8))


def torch_asked(x, mode):
    return F.interpolate(x, size=(8, 8), mode=mode)


def tf_asked(x, mode):
    return tf.image.resize(x, (8, 8), method="bilinear")


def torch_cubic(x):
    return F.interpolate(x, size=(8, 8), mode="bicubic")


def tf_cubic(x):
    return tf.image.resize(x, (8, 8), method="bicubic")


def preprocess(x):
    return tf.image.resize(x, (8, 8))
