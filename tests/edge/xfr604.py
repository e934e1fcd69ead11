import numpy as np
import tensorflow as tf
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        h = self.fc(x)
        wide = h.repeat(3, 0)  # XFR604
        wide = torch.relu(h).repeat(2, 0)  # XFR604
        wide = x.repeat(x.shape[1], 0)  # XFR604
        wide = (x + h).repeat(4, 0)  # XFR604
        wide = h[:, 0].repeat(2, 0)  # XFR604
        return wide, h.repeat(2, 1), h.repeat(3), h.repeat_interleave(2, 0), torch.tile(h, (2, 1))


eye = torch.eye(3)
tiles = eye.repeat(2, 0)  # XFR604
empty = eye.repeat(0)
rows = np.eye(3).repeat(2, 0), np.repeat(np.eye(3), 2, 0), tf.repeat(tf.eye(3), 2, 0)


def unknown(x, dataset):
    return x.repeat(2, 0), dataset.repeat(0)
