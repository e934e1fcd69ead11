import keras
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn


def functions(x, image, amount):
    a = tf.pad(x, [1, 1, 0, 0])  # XFR512
    b = tf.pad(x, (0, amount - amount, 1))
    b = tf.pad(x, paddings=(1, 1), mode="REFLECT")  # XFR512
    c = F.pad(image, ((0, 0), (1, 1)))  # XFR512
    d = F.pad(image, pad=[[0, 0], [0, 0], [1, 1], [2, 2]], mode="reflect")  # XFR512
    return a, b, c, d, nn.ReflectionPad2d(((1, 1), (2, 2)))  # XFR512


class TorchNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.pad = nn.ZeroPad2d((0, 1, 0, 1))
        self.wide = nn.ZeroPad2d((1, 2, 3, 4))
        self.even = nn.ZeroPad2d(1)


class KerasNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.pad = keras.layers.ZeroPadding2D(((0, 1), (0, 1)))
        self.wide = keras.layers.ZeroPadding2D(((1, 2), (3, 4)))  # XFR512
        self.even = keras.layers.ZeroPadding2D((1, 1))


pt_pad = nn.ZeroPad2d((3, 3, 1, 1))
tf_pad = keras.layers.ZeroPadding2D(padding=(3, 1))  # XFR512
keras_edge = keras.layers.ZeroPadding2D(((1, 0), (1, 0)))
torch_edge = nn.ZeroPad2d((0, 1, 0, 1))  # XFR512

# -- right -----------------------------------------------------------------------------------------

t_frame = nn.ZeroPad2d((1, 2, 3, 4))
k_frame = keras.layers.ZeroPadding2D(((3, 4), (1, 2)))
t_any = nn.ZeroPad2d((1, 2, 3, 4))
k_any = keras.layers.ZeroPadding2D((int("3"), 1))
other = keras.layers.ZeroPadding2D((3, 1))


def right(x, image, amount, pads):
    a = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    b = tf.pad(x, pads)
    c = tf.pad(x, [[0, amount]])
    d = F.pad(image, (1, 1, 0, 0))
    e = F.pad(image, [1, 1])
    return a, b, c, d, e, F.pad(image, pads), torch.ones(1)
