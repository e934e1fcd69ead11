"""ResNet-18 (He et al. 2015): a torch module of basic blocks, a functional Keras model."""

import torch.nn.functional as F
from keras import Input, Model
from keras import layers as L
from torch import nn

LOSS = "cross_entropy"
SMALL = {"width": 4, "classes": 5, "blocks": (2, 1)}
SMALL_BATCH = {"size": 32, "classes": 5}


class BasicBlock(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.downsample = None
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(
                nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout)
            )

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(x)) + identity)


class ResNet(nn.Module):
    def __init__(self, width, classes, blocks):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        stages, channels = [], width
        for i, count in enumerate(blocks):
            wide = width * 2**i
            stages.append(
                nn.Sequential(
                    BasicBlock(channels, wide, 1 if i == 0 else 2),
                    *(BasicBlock(wide, wide, 1) for _ in range(count - 1)),
                )
            )
            channels = wide
        self.layers = nn.Sequential(*stages)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        return self.fc(self.avgpool(self.layers(x)).flatten(1))


def torch_model(width=64, classes=1000, blocks=(2, 2, 2, 2)):
    return ResNet(width, classes, blocks)


def convolution(x, filters, kernel, stride):
    """Padded as torch pads: the same amount on both sides, whatever the stride."""
    if kernel > 1:
        x = L.ZeroPadding2D(kernel // 2)(x)
    return L.Conv2D(filters, kernel, strides=stride, use_bias=False)(x)


def batch_norm(x):
    return L.BatchNormalization(epsilon=1e-5, momentum=0.9)(x)


def basic_block(x, filters, stride):
    identity = x
    if stride != 1 or x.shape[-1] != filters:
        identity = batch_norm(convolution(x, filters, 1, stride))
    x = L.ReLU()(batch_norm(convolution(x, filters, 3, stride)))
    x = batch_norm(convolution(x, filters, 3, 1))
    return L.ReLU()(L.Add()([x, identity]))


def keras_model(width=64, classes=1000, blocks=(2, 2, 2, 2)):
    inputs = Input((None, None, 3))
    x = L.ReLU()(batch_norm(convolution(inputs, width, 7, 2)))
    x = L.MaxPooling2D(3, strides=2)(L.ZeroPadding2D(1)(x))  # of what a ReLU left: no -inf needed
    for i, count in enumerate(blocks):
        for j in range(count):
            x = basic_block(x, width * 2**i, 2 if i > 0 and j == 0 else 1)
    x = L.GlobalAveragePooling2D()(x)
    return Model(inputs, L.Dense(classes)(x), name="resnet18")


def batch(rng, size=224, n=4, classes=1000):
    return rng.normal(size=(n, 3, size, size)), rng.integers(0, classes, n)
