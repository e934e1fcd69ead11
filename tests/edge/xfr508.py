import cv2
import keras
import numpy as np
import tensorflow as tf
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import CIFAR10


def by_names(x):
    n, c, h, w = x.shape
    a = x.view(n, h, w, c)  # XFR508
    b = x.float().contiguous().view(n, h * w, c)  # XFR508
    d = torch.reshape(x, (n, h, w, c))  # XFR508
    e = x.reshape([n, -1, c])  # XFR508
    hw = h * w
    f = x.reshape(n, hw, c)  # XFR508
    return a, b, d, e, f


def by_sizes(x):
    y = x.view(x.size(0), x.size(2), x.size(1))  # XFR508
    z = np.reshape(x, (x.shape[0], x.shape[2], x.shape[1]))  # XFR508
    u = x.view(x.size(1), x.size(0), x.size(2))  # XFR508
    first, second = x.shape[:2]
    v = x.view(second, first, -1)  # XFR508
    w = x.view(int(x.size(0)), int(x.size(2)), int(x.size(1)))  # XFR508
    return y, z, u, v, w


class Attention(keras.layers.Layer):
    def call(self, x):
        shape = tf.shape(x)
        b, t, d = shape[0], tf.shape(x)[1], tf.shape(x)[2]
        y = tf.reshape(x, [b, d, t])  # XFR508
        batch, steps, size = x.get_shape().as_list()
        z = tf.reshape(x, (steps, batch, size))  # XFR508
        s = keras.ops.shape(x)
        u = keras.ops.reshape(x, (keras.ops.shape(x)[1], keras.ops.shape(x)[0], -1))  # XFR508
        return y, z, u, s


(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
images = x_train.astype("float32").reshape(-1, 3, 32, 32)  # XFR508
images = torch.tensor(x_test / 255.0).view(-1, 3, 32, 32)  # XFR508

photo = cv2.resize(cv2.imread("cat.png"), (224, 224))
batch = torch.from_numpy(photo).float().reshape(1, 3, 224, 224)  # XFR508
picture = np.array(Image.open("cat.png").convert("RGB").resize((224, 224)))
picture = picture.reshape((3, 224, 224))  # XFR508
folder = np.array([cv2.imread(name) for name in ["a", "b"]]).reshape(-1, 3, 64, 64)  # XFR508

raw = CIFAR10("data").data.reshape(-1, 3, 32, 32)  # XFR508
loader = DataLoader(CIFAR10("data"), batch_size=4)
for inputs, labels in loader:
    inputs = inputs.reshape(-1, 32, 32, 3)  # XFR508
first, _ = next(iter(loader))
pixels = first.numpy().reshape(4, 32, 32, 3)  # XFR508


# -- right -----------------------------------------------------------------------------------------


def transposed_first(x, groups):
    n, c, h, w = x.shape
    a = x.permute(0, 2, 3, 1).reshape(n, h * w, c)
    b = x.view(n, c, h * w)
    d = x.view(n * c, h, w)
    e = x.view(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)
    f = x.view(n, c, -1)
    x = x.permute(0, 2, 3, 1)
    g = x.reshape(n, h, w, c)
    y = nn.Conv2d(3, 3, 1)(x)
    return a, b, d, e, f, g, y.reshape(n, h, w, c)


def other_sizes(x, y, h, *sizes):
    n, t, d = x.shape
    a = y.reshape(n, d, t)
    b = x.view(*sizes)
    k = x.reshape(-1, d)
    m = x.reshape(t, -1)
    state = h.view(h.size(1), -1)
    pair = x.reshape(x.shape[0], 1, x.shape[1])
    same = x.reshape(n, n, n)
    return a, b, k, m, state, pair, same


def relative_shift(x, keys):
    rows, columns, heads = x.shape
    x = x.reshape(columns, rows, heads)
    x = x[1:]
    y = keras.ops.shape(keys)
    keys = keras.ops.reshape(keys, [y[1], y[0], y[2]])
    keys = keras.ops.slice(keys, [1, 0, 0], [y[1] - 1, y[0], y[2]])
    return x.reshape(rows, columns - 1, heads), keys


def swapped_elsewhere(x, flip):
    n, c, t = x.shape
    if flip:
        x = x.transpose(1, 2)
    return x.reshape(n, t, c)


def known_sources(path, data):
    (digits, _), _ = keras.datasets.mnist.load_data()
    a = digits.reshape(-1, 28, 28, 1)
    (colours, _), _ = keras.datasets.cifar10.load_data()
    b = colours.reshape(-1, 32, 32, 3)
    c = colours.transpose(0, 3, 1, 2).reshape(-1, 3, 32, 32)
    d = data["images"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    flat = np.array(Image.open(path).convert("L")).reshape(3, 20, 20)
    plain = DataLoader(data, batch_size=4)
    other = next(iter(plain))[0].reshape(-1, 32, 32, 3), next(data)[0].reshape(-1, 32, 32, 3)
    grey = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2GRAY).reshape(3, 20, 20)
    e = torch.from_numpy(cv2.imread(path)).permute(2, 0, 1).reshape(1, 3, 224, 224)
    return a, b, c, d, grey, e, flat, other, data.data.reshape(-1, 3, 32, 32)


for inputs, labels in loader:
    inputs = inputs.permute(0, 2, 3, 1).reshape(-1, 32, 32, 3)
