"""MobileNetV2 (Sandler et al. 2018): inverted residuals; in Keras Sequential parts in a subclassed
model, with batch norm after every convolution."""

import keras
from keras import layers as L
from torch import nn

LOSS = "cross_entropy"
# (expansion, channels, repeats, first stride)
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
SMALL = {"alpha": 0.25, "last": 16, "classes": 5, "stages": ((1, 16, 1, 1), (3, 24, 2, 2))}
SMALL_BATCH = {"size": 16, "classes": 5}


def conv_bn_relu6(cin, cout, kernel=3, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    def __init__(self, cin, cout, stride, expansion):
        super().__init__()
        hidden = cin * expansion
        self.residual = stride == 1 and cin == cout
        expand = [] if expansion == 1 else [conv_bn_relu6(cin, hidden, 1)]
        self.conv = nn.Sequential(
            *expand,
            conv_bn_relu6(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, cout, 1, bias=False),
            nn.BatchNorm2d(cout),
        )

    def forward(self, x):
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, alpha, last, classes, stages):
        super().__init__()
        channels = int(32 * alpha)
        features = [conv_bn_relu6(3, channels, stride=2)]
        for expansion, wide, repeats, stride in stages:
            for i in range(repeats):
                cout = int(wide * alpha)
                features.append(
                    InvertedResidual(channels, cout, stride if i == 0 else 1, expansion)
                )
                channels = cout
        features.append(conv_bn_relu6(channels, last, 1))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(last, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def torch_model(alpha=1.0, last=1280, classes=1000, stages=STAGES):
    return MobileNetV2(alpha, last, classes, stages)


def keras_norm():
    return L.BatchNormalization(momentum=0.9, epsilon=1e-5)


def keras_inverted_residual(cin, cout, stride, expansion):
    block = keras.Sequential()
    if expansion > 1:
        block.add(L.Conv2D(cin * expansion, 1, use_bias=False))
        block.add(keras_norm())
        block.add(L.ReLU(max_value=6.0))
    if stride == 2:
        block.add(L.ZeroPadding2D(1))
    padding = "valid" if stride == 2 else "same"
    block.add(L.DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False))
    block.add(keras_norm())
    block.add(L.Activation("relu6"))
    block.add(L.Conv2D(cout, 1, use_bias=False))
    block.add(keras_norm())
    return block


class KerasMobileNetV2(keras.Model):
    def __init__(self, alpha, last, classes, stages):
        super().__init__()
        channels = int(32 * alpha)
        self.stem = keras.Sequential(
            [
                L.ZeroPadding2D(1),
                L.Conv2D(channels, 3, strides=2, use_bias=False),
                keras_norm(),
                L.ReLU(max_value=6.0),
            ]
        )
        self.blocks, self.residual = [], []
        for expansion, wide, repeats, stride in stages:
            for i in range(repeats):
                cout, step = int(wide * alpha), stride if i == 0 else 1
                self.blocks.append(keras_inverted_residual(channels, cout, step, expansion))
                self.residual.append(step == 1 and channels == cout)
                channels = cout
        self.top = keras.Sequential(
            [L.Conv2D(last, 1, use_bias=False), keras_norm(), L.ReLU(max_value=6.0)]
        )
        self.pool = L.GlobalAveragePooling2D()
        self.dropout = L.Dropout(0.2)
        self.classifier = L.Dense(classes)

    def call(self, x, training=False):
        x = self.stem(x, training=training)
        for block, residual in zip(self.blocks, self.residual, strict=True):
            y = block(x, training=training)
            x = x + y if residual else y
        x = self.pool(self.top(x, training=training))
        return self.classifier(self.dropout(x, training=training))


def keras_model(alpha=1.0, last=1280, classes=1000, stages=STAGES):
    return KerasMobileNetV2(alpha, last, classes, stages)


def batch(rng, size=224, n=4, classes=1000):
    return rng.normal(size=(n, 3, size, size)), rng.integers(0, classes, n)
