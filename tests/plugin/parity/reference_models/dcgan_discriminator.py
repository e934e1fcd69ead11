"""The discriminator of DCGAN: strided convolutions with LeakyReLU(0.2), real or not as a logit."""

import keras
from keras import layers as L
from torch import nn

LOSS = "bce_with_logits"
TOLERANCE = 1e-7  # TensorFlow has the slope of LeakyReLU in float32
SMALL = {"width": 4}
SMALL_BATCH = {"size": 32}


def torch_model(width=64):
    layers, cin = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)], width
    for cout in (2 * width, 4 * width):
        layers += [
            nn.Conv2d(cin, cout, 4, 2, 1, bias=False),
            nn.BatchNorm2d(cout),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        cin = cout
    return nn.Sequential(*layers, nn.Conv2d(cin, 1, 4, bias=False), nn.Flatten())


class Discriminator(keras.Model):
    def __init__(self, width):
        super().__init__()
        self.convs, self.norms = [], []
        for i, filters in enumerate((width, 2 * width, 4 * width)):
            # On even sizes a kernel of 4 with stride 2 is padded 1 and 1 by "same" too.
            self.convs.append(L.Conv2D(filters, 4, strides=2, padding="same", use_bias=False))
            norm = L.BatchNormalization(epsilon=1e-5, momentum=0.9)
            self.norms.append(norm if i else None)
        self.act = L.LeakyReLU(negative_slope=0.2)
        self.out = L.Conv2D(1, 4, use_bias=False)
        self.flatten = L.Flatten()

    def call(self, x, training=None):
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = conv(x)
            if norm is not None:
                x = norm(x, training=training)
            x = self.act(x)
        return self.flatten(self.out(x))


def keras_model(width=64):
    return Discriminator(width)


def batch(rng, size=32, n=4):
    images = rng.uniform(-1, 1, (n, 3, size, size))
    return images, rng.integers(0, 2, (n, 1)).astype(float)
