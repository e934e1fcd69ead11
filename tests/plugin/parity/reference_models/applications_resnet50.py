"""keras.applications.ResNet50, and a torch definition of exactly that network: biases before batch
norm, the stride in the first convolution of a block, Keras' epsilon and momentum.

Its width is fixed, so a comparison takes a while; see tests/bench/parity.
"""

import keras
import torch.nn.functional as F
from torch import nn

LOSS = "cross_entropy"
SMALL = {"size": 64, "classes": 5}
SMALL_BATCH = {"size": 64, "n": 2, "classes": 5}


def conv_norm(cin, cout, kernel, stride=1, padding=0):
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, stride, padding),
        nn.BatchNorm2d(cout, eps=1.001e-5, momentum=0.01),
    )


class Residual(nn.Module):
    def __init__(self, cin, width, stride, project):
        super().__init__()
        self.shortcut = conv_norm(cin, 4 * width, 1, stride) if project else nn.Identity()
        self.reduce = conv_norm(cin, width, 1, stride)
        self.conv = conv_norm(width, width, 3, padding=1)
        self.expand = conv_norm(width, 4 * width, 1)

    def forward(self, x):
        shortcut = self.shortcut(x)
        x = F.relu(self.conv(F.relu(self.reduce(x))))
        return F.relu(shortcut + self.expand(x))


class ResNet50V1(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.stem = conv_norm(3, 64, 7, 2, 3)
        blocks, cin = [], 64
        for width, count, first in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
            for i in range(count):
                blocks.append(Residual(cin, width, first if i == 0 else 1, project=i == 0))
                cin = 4 * width
        self.blocks = nn.Sequential(*blocks)
        self.predictions = nn.Linear(cin, classes)

    def forward(self, x):
        x = F.max_pool2d(F.pad(F.relu(self.stem(x)), (1, 1, 1, 1)), 3, 2)
        return self.predictions(self.blocks(x).mean((2, 3)))


def torch_model(size=224, classes=1000):
    return ResNet50V1(classes)


def keras_model(size=224, classes=1000):
    return keras.applications.ResNet50(
        weights=None, input_shape=(size, size, 3), classes=classes, classifier_activation=None
    )


def batch(rng, size=224, n=4, classes=1000):
    return rng.normal(size=(n, 3, size, size)), rng.integers(0, classes, n)
