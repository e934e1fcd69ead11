import numpy as np
import tensorflow as tf
import torch
from keras import ops
from torch import nn


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def forward(self, x):
        query, key, value = self.qkv(x).split(3, dim=-1)  # XFR608
        q, k, v = torch.split(self.qkv(x), split_size_or_sections=3, dim=2)  # XFR608
        q, k, v = torch.split(self.qkv(x), 8, dim=-1)
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return q, k, v, query, key, value


class Cell(nn.Module):
    def forward(self, gates, dim):
        i, f, g, o = torch.split(gates, 4, 1)  # XFR608
        i, f, g, o = torch.split(gates, dim, 1)
        i, f, g, o = torch.split(gates, [dim] * 4, 1)
        return i, f, g, o


def boxes(x):
    xy, wh = torch.split(x, 2, dim=-1)
    k, v = torch.split(x, 2, dim=-1)
    r1, r2, r3 = torch.split(x, 3, dim=-1)
    x1, y1, x2, y2 = torch.split(x, 1, dim=-1)
    return k, v, xy, wh, r1, r2, r3, x1, y1, x2, y2, torch.split(x, 4)


def moments(x):
    mean, log_var = tf.split(x, 64, axis=-1)  # XFR608
    mean, log_var = ops.split(x, 64, axis=-1)  # XFR608
    left, right = np.split(x, 3)  # XFR608
    mean, log_var = tf.split(x, num_or_size_splits=2, axis=-1)
    mean, log_var = tf.split(x, [64, 64], axis=-1)
    left, right = np.split(x, [3])
    red, green, blue = tf.split(axis=3, num_or_size_splits=3, value=x)
    return mean, log_var, left, right, red, green, blue


def words(line):
    first, second = line.split(" ", 1)
    a, b, c, d = line.split(4)
    return first, second, a, b, c, d
