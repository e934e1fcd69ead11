import numpy as np
import tensorflow as tf
import torch
from keras import ops


def evaluate(model, loader):
    right = 0
    for x, y in loader:
        right += (torch.max(model(x), 1) == y).sum()  # XFR605
        highest = torch.max(x, dim=1)
        scaled = x / highest  # XFR605
        shifted = x - torch.max(x, dim=-1, keepdim=True)  # XFR605
        mean = torch.min(x, 1).mean()  # XFR605
        top = torch.topk(x, 3) * 2  # XFR605
        order = torch.sort(x).flip(0)  # XFR605
        print(scaled, shifted, mean, top, order)
    return right


def evaluate_rightly(model, loader):
    right = 0
    for x, y in loader:
        _, predicted = torch.max(model(x), 1)
        right += (predicted == y).sum()
        right += (torch.max(model(x), 1)[1] == y).sum()
        right += (torch.max(model(x), 1).indices == y).sum()
        pair = torch.max(x, 1)
        right += (pair[1] == y).sum() + pair.values.sum() + torch.max(x) + torch.max(x, y)
        right += len(torch.sort(x)) + torch.max(x, y).mean() + torch.amax(x, 1)
        if pair is None or pair in loader:
            continue
    return right


def predict(model, x):
    values, indices = tf.reduce_max(model(x), axis=1)  # XFR605
    _, predicted = tf.math.reduce_max(model(x), 1)  # XFR605
    conf, classes = ops.max(model(x), axis=-1)  # XFR605
    max_prob, y_hat = np.max(model(x), 1)  # XFR605
    return values, indices, predicted, conf, classes, max_prob, y_hat


def boxes(points):
    low, high = np.max(points, 0)
    x_max, y_max = tf.reduce_max(points, 0)
    best, index = tf.reduce_max(points, 0), tf.argmax(points, 0)
    return low, high, x_max, y_max, best, index, torch.max(points, 1).count(1)
