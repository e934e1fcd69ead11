"""A convolutional variational autoencoder (Kingma and Welling 2013).

What a model samples itself cannot agree between frameworks: their generators differ. So the noise
`eps` of the reparametrisation is an input of the model, and one draw goes to both. (The other way
is to compare in evaluation mode a model that uses the mean there; then training is never seen.)
The outputs are the reconstruction's logits, the mean and the log variance.
"""

import keras
import torch
import torch.nn.functional as F
from keras import layers as L
from keras import ops
from torch import nn

SMALL = {"width": 4, "latent": 3}
SMALL_BATCH = {"latent": 3, "n": 3}
SIDE = 8  # pixels; a quarter of it after two strides


class VAE(nn.Module):
    def __init__(self, width, latent):
        super().__init__()
        self.width = width
        quarter = SIDE // 4
        self.encoder = nn.Sequential(
            nn.Conv2d(1, width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.mean = nn.Linear(2 * width * quarter**2, latent)
        self.log_var = nn.Linear(2 * width * quarter**2, latent)
        self.expand = nn.Linear(latent, 2 * width)
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(2 * width, width, 4, stride=2),
            nn.ReLU(),
            nn.ConvTranspose2d(width, 1, 4, stride=2, padding=1),
        )

    def forward(self, x, eps):
        features = self.encoder(x)
        mean, log_var = self.mean(features), self.log_var(features)
        z = mean + torch.exp(0.5 * log_var) * eps
        hidden = F.relu(self.expand(z)).view(-1, 2 * self.width, 1, 1)
        return self.decoder(hidden), mean, log_var


def torch_model(width=32, latent=16):
    return VAE(width, latent)


class Sampling(L.Layer):
    def call(self, mean, log_var, eps):
        return mean + ops.exp(0.5 * log_var) * eps


class KerasVAE(keras.Model):
    """The encoder is functional, the decoder Sequential."""

    def __init__(self, width, latent):
        super().__init__()
        inputs = keras.Input((SIDE, SIDE, 1))
        x = L.Conv2D(width, 3, strides=2, activation="relu")(L.ZeroPadding2D(1)(inputs))
        x = L.Conv2D(2 * width, 3, strides=2, activation="relu")(L.ZeroPadding2D(1)(x))
        x = L.Flatten()(x)
        self.encoder = keras.Model(inputs, [L.Dense(latent)(x), L.Dense(latent)(x)])
        self.sample = Sampling()
        self.decoder = keras.Sequential(
            [
                L.Dense(2 * width, activation="relu"),
                L.Reshape((1, 1, 2 * width)),
                L.Conv2DTranspose(width, 4, strides=2, activation="relu"),
                L.Conv2DTranspose(1, 4, strides=2, padding="same"),
            ]
        )

    def call(self, x, eps):
        mean, log_var = self.encoder(x)
        return self.decoder(self.sample(mean, log_var, eps)), mean, log_var


def keras_model(width=32, latent=16):
    return KerasVAE(width, latent)


def torch_loss(outputs, targets):
    logits, mean, log_var = outputs
    reconstruction = F.binary_cross_entropy_with_logits(logits, targets, reduction="sum")
    divergence = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())
    return (reconstruction + divergence) / len(mean)


def keras_loss(targets, outputs):
    logits, mean, log_var = outputs
    reconstruction = ops.sum(ops.softplus(logits) - targets * logits)
    divergence = -0.5 * ops.sum(1 + log_var - ops.square(mean) - ops.exp(log_var))
    return (reconstruction + divergence) / mean.shape[0]


LOSS = (torch_loss, keras_loss)


def batch(rng, latent=16, n=4):
    """((images, eps), images)"""
    images = rng.random((n, 1, SIDE, SIDE))
    return (images, rng.normal(size=(n, latent))), images
