"""The generator of DCGAN (Radford et al. 2015): noise to images through transposed convolutions.

The loss is a plain regression on images: what the discriminator would make of them is its own
model's comparison.
"""

import keras
from keras import layers as L
from torch import nn

LOSS = "mse"
SMALL = {"latent": 6, "width": 4}
SMALL_BATCH = {"latent": 6, "size": 32}


def torch_model(latent=100, width=64):
    channels = [8 * width, 4 * width, 2 * width, width]
    layers = [nn.Unflatten(1, (latent, 1, 1))]
    cin = latent
    for i, cout in enumerate(channels):
        stride, padding = (1, 0) if i == 0 else (2, 1)
        layers += [
            nn.ConvTranspose2d(cin, cout, 4, stride, padding, bias=False),
            nn.BatchNorm2d(cout),
            nn.ReLU(True),
        ]
        cin = cout
    return nn.Sequential(*layers, nn.Conv2d(cin, 3, 3, padding=1), nn.Tanh())


def keras_model(latent=100, width=64):
    model = keras.Sequential([L.Input((latent,)), L.Reshape((1, 1, latent))])
    for i, filters in enumerate((8 * width, 4 * width, 2 * width, width)):
        strides, padding = (1, "valid") if i == 0 else (2, "same")
        model.add(L.Conv2DTranspose(filters, 4, strides=strides, padding=padding, use_bias=False))
        model.add(L.BatchNormalization(epsilon=1e-5, momentum=0.9))
        model.add(L.ReLU())
    model.add(L.Conv2D(3, 3, padding="same", activation="tanh"))
    return model


def batch(rng, latent=100, size=32, n=4):
    return rng.normal(size=(n, latent)), rng.uniform(-1, 1, (n, 3, size, size))
