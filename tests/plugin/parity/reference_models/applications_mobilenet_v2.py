"""keras.applications.MobileNetV2, and a torch definition of exactly that network: under a stride of
2 it pads behind only (on even sizes), and its batch norms have Keras' epsilon and a momentum of
0.999."""

import keras
import torch.nn.functional as F
from torch import nn

LOSS = "cross_entropy"
SMALL = {"alpha": 0.35, "size": 32, "classes": 5}
SMALL_BATCH = {"size": 32, "classes": 5}


def divisible(channels):
    """The nearest multiple of 8 that is not more than a tenth below."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def norm(channels):
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.001)


class PadBehind(nn.Module):
    def forward(self, x):
        return F.pad(x, (0, 1, 0, 1))


class Inverted(nn.Module):
    def __init__(self, cin, cout, stride, expansion):
        super().__init__()
        self.residual = stride == 1 and cin == cout
        hidden, layers = expansion * cin, []
        if expansion > 1:
            layers += [nn.Conv2d(cin, hidden, 1, bias=False), norm(hidden), nn.ReLU6()]
        layers += [PadBehind()] if stride == 2 else []
        padding = 0 if stride == 2 else 1
        layers += [
            nn.Conv2d(hidden, hidden, 3, stride, padding, groups=hidden, bias=False),
            norm(hidden),
            nn.ReLU6(),
            nn.Conv2d(hidden, cout, 1, bias=False),
            norm(cout),
        ]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x) if self.residual else self.layers(x)


class KerasStyleMobileNetV2(nn.Module):
    def __init__(self, alpha, classes):
        super().__init__()
        cin = divisible(32 * alpha)
        self.stem = nn.Sequential(
            PadBehind(), nn.Conv2d(3, cin, 3, 2, bias=False), norm(cin), nn.ReLU6()
        )
        blocks = []
        for expansion, channels, count, first in (
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
            (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
        ):  # fmt: skip
            cout = divisible(int(channels * alpha))
            for i in range(count):
                blocks.append(Inverted(cin, cout, first if i == 0 else 1, expansion))
                cin = cout
        self.blocks = nn.Sequential(*blocks)
        self.top = nn.Sequential(nn.Conv2d(cin, 1280, 1, bias=False), norm(1280), nn.ReLU6())
        self.predictions = nn.Linear(1280, classes)

    def forward(self, x):
        return self.predictions(self.top(self.blocks(self.stem(x))).mean((2, 3)))


def torch_model(alpha=1.0, size=224, classes=1000):
    return KerasStyleMobileNetV2(alpha, classes)


def keras_model(alpha=1.0, size=224, classes=1000):
    return keras.applications.MobileNetV2(
        input_shape=(size, size, 3),
        alpha=alpha,
        weights=None,
        classes=classes,
        classifier_activation=None,
    )


def batch(rng, size=224, n=4, classes=1000):
    return rng.normal(size=(n, 3, size, size)), rng.integers(0, classes, n)
