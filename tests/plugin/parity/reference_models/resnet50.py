"""ResNet-50: bottlenecks with the stride in the 3x3, as torchvision has them; in Keras a subclassed
model of custom layers, none of which has a get_config."""

import keras
import torch.nn.functional as F
from keras import layers as L
from torch import nn

LOSS = "cross_entropy"
SMALL = {"width": 2, "classes": 5, "blocks": (2, 1)}
SMALL_BATCH = {"size": 32, "classes": 5}
EXPANSION = 4


class Bottleneck(nn.Module):
    def __init__(self, cin, width, stride):
        super().__init__()
        cout = width * EXPANSION
        self.conv1 = nn.Conv2d(cin, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, cout, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(cout)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Identity()
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(
                nn.Conv2d(cin, cout, 1, stride=stride, bias=False), nn.BatchNorm2d(cout)
            )

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += self.downsample(x)
        return self.relu(out)


class ResNet50(nn.Module):
    def __init__(self, width, classes, blocks):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.blocks = nn.ModuleList()
        channels = width
        for i, count in enumerate(blocks):
            for j in range(count):
                stride = 2 if i > 0 and j == 0 else 1
                self.blocks.append(Bottleneck(channels, width * 2**i, stride))
                channels = width * 2**i * EXPANSION
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        x = F.adaptive_avg_pool2d(x, 1)
        return self.fc(x.flatten(1))


def torch_model(width=64, classes=1000, blocks=(3, 4, 6, 3)):
    return ResNet50(width, classes, blocks)


class ConvNorm(L.Layer):
    """Convolution, batch norm and, where asked for, ReLU."""

    def __init__(self, filters, kernel, stride=1, relu=True):
        super().__init__()
        self.pad = L.ZeroPadding2D(kernel // 2)
        self.conv = L.Conv2D(filters, kernel, strides=stride, use_bias=False)
        self.norm = L.BatchNormalization(epsilon=1e-5, momentum=0.9)
        self.relu = relu

    def call(self, x, training=None):
        x = self.norm(self.conv(self.pad(x)), training=training)
        return keras.ops.relu(x) if self.relu else x


class BottleneckLayer(L.Layer):
    def __init__(self, width, stride, project):
        super().__init__()
        self.reduce = ConvNorm(width, 1)
        self.conv = ConvNorm(width, 3, stride)
        self.expand = ConvNorm(width * EXPANSION, 1, relu=False)
        self.shortcut = ConvNorm(width * EXPANSION, 1, stride, relu=False) if project else None

    def call(self, x, training=None):
        out = self.conv(self.reduce(x, training=training), training=training)
        out = self.expand(out, training=training)
        shortcut = x if self.shortcut is None else self.shortcut(x, training=training)
        return keras.ops.relu(out + shortcut)


class KerasResNet50(keras.Model):
    def __init__(self, width, classes, blocks):
        super().__init__()
        self.stem = ConvNorm(width, 7, 2)
        self.pad = L.ZeroPadding2D(1)  # of what a ReLU left: no -inf needed
        self.maxpool = L.MaxPooling2D(3, strides=2)
        self.blocks = []
        for i, count in enumerate(blocks):
            for j in range(count):
                stride = 2 if i > 0 and j == 0 else 1
                self.blocks.append(BottleneckLayer(width * 2**i, stride, project=j == 0))
        self.fc = L.Dense(classes)

    def call(self, x, training=None):
        x = self.maxpool(self.pad(self.stem(x, training=training)))
        for block in self.blocks:
            x = block(x, training=training)
        return self.fc(keras.ops.mean(x, axis=(1, 2)))


def keras_model(width=64, classes=1000, blocks=(3, 4, 6, 3)):
    return KerasResNet50(width, classes, blocks)


def batch(rng, size=224, n=4, classes=1000):
    return rng.normal(size=(n, 3, size, size)), rng.integers(0, classes, n)
