import keras
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F
from keras import ops
from torch.nn.functional import log_softmax, normalize
from torch import nn


class Attention(nn.Module):
    def forward(self, q, k, v):
        scores = q @ k.transpose(-2, -1)
        weights = F.softmax(scores, axis=-1)  # XFR509
        right = F.softmax(scores, dim=-1)
        same = torch.softmax(scores, axis=-1)
        q = normalize(q, axis=-1)  # XFR509
        n = torch.norm(v, p=2, axis=1, keepdim=True)  # XFR509
        first, second = torch.split(v, 4, axis=1)  # XFR509
        fine = torch.cat([first, second], axis=1), torch.mean(v, axis=1, keepdims=True)
        return log_softmax(weights @ v, axis=1), fine, right, same, n, q  # XFR509


class Pool(keras.layers.Layer):
    def call(self, x):
        mean = tf.reduce_mean(x, dim=1)  # XFR509
        most = tf.reduce_max(x, 1, keepdim=True)  # XFR509
        both = tf.concat([mean, most], dim=-1)  # XFR509
        soft = tf.nn.softmax(both, dim=-1)  # XFR509
        best = tf.argmax(soft, dimension=1)  # XFR509
        total = ops.sum(x, dim=1, keepdims=True)  # XFR509
        joined = keras.ops.concatenate([x, x], dim=1)  # XFR509
        unit = tf.math.reduce_sum(x, axis=1, keep_dims=True)  # XFR509
        return best, total, joined, unit

    def right(self, x, options):
        mean = tf.reduce_mean(x, axis=1)
        most = tf.reduce_max(x, 1, keepdims=True)
        both = tf.concat([mean, most], axis=-1)
        soft = tf.nn.softmax(both, -1)
        return ops.sum(x, axis=1), tf.reduce_sum(soft, **options)


# notebook style
x = torch.ones(2, 3)
print(torch.sum(x, axis=1), torch.max(x, axis=1), F.softmax(x, axis=0))  # XFR509
print(x.sum(axis=1), torch.flip(x, axis=[1]), torch.roll(x, 1, axis=1))  # XFR509
print(torch.flip(x, dims=[1]), torch.roll(x, 1, dims=1), torch.flatten(x, start_dim=1))
with pytest.raises(TypeError):
    F.softmax(x, axis=1)
