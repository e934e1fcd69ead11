"""U-Net (Ronneberger et al. 2015), padded: skips by concatenation, upsampling by a transposed
convolution or by nearest neighbours and a convolution; in Keras a functional model."""

import keras
import torch
import torch.nn.functional as F
from keras import layers as L
from torch import nn

LOSS = "bce_with_logits"
SMALL = {"width": 4, "depth": 2}
SMALL_BATCH = {"size": 16, "n": 2}


def double_conv(cin, cout):
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, padding=1),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
        nn.Conv2d(cout, cout, 3, padding=1),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
    )


class Up(nn.Module):
    def __init__(self, cin, transposed):
        super().__init__()
        if transposed:
            self.up = nn.ConvTranspose2d(cin, cin // 2, 2, stride=2)
        else:
            self.up = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(cin, cin // 2, 1))
        self.conv = double_conv(cin, cin // 2)

    def forward(self, x, skip):
        return self.conv(torch.cat([skip, self.up(x)], dim=1))


class UNet(nn.Module):
    def __init__(self, width, depth, transposed):
        super().__init__()
        self.inc = double_conv(3, width)
        self.down = nn.ModuleList(
            double_conv(width * 2**i, width * 2 ** (i + 1)) for i in range(depth)
        )
        self.up = nn.ModuleList(
            Up(width * 2 ** (i + 1), transposed) for i in reversed(range(depth))
        )
        self.outc = nn.Conv2d(width, 1, 1)

    def forward(self, x):
        skips = [self.inc(x)]
        for block in self.down:
            skips.append(block(F.max_pool2d(skips[-1], 2)))
        x = skips.pop()
        for block in self.up:
            x = block(x, skips.pop())
        return self.outc(x)


def torch_model(width=64, depth=4, transposed=True):
    return UNet(width, depth, transposed)


def keras_double_conv(x, filters):
    for _ in range(2):
        x = L.Conv2D(filters, 3, padding="same")(x)
        x = L.BatchNormalization(epsilon=1e-5, momentum=0.9)(x)
        x = L.Activation("relu")(x)
    return x


def keras_model(width=64, depth=4, transposed=True):
    inputs = keras.Input((None, None, 3))
    skips = [keras_double_conv(inputs, width)]
    for i in range(depth):
        skips.append(keras_double_conv(L.MaxPooling2D(2)(skips[-1]), width * 2 ** (i + 1)))
    x = skips.pop()
    for i in reversed(range(depth)):
        if transposed:
            x = L.Conv2DTranspose(width * 2**i, 2, strides=2)(x)
        else:
            x = L.Conv2D(width * 2**i, 1)(L.UpSampling2D(2)(x))
        x = keras_double_conv(L.Concatenate()([skips.pop(), x]), width * 2**i)
    return keras.Model(inputs, L.Conv2D(1, 1)(x))


def batch(rng, size=256, n=4):
    masks = rng.integers(0, 2, (n, 1, size, size)).astype(float)
    return rng.normal(size=(n, 3, size, size)), masks
