"""A Transformer encoder that classifies (Vaswani et al. 2017, norms first): tokens of several
lengths, padding hidden from attention and from the mean; in Keras nested custom layers."""

import keras
import numpy as np
import torch
from keras import layers as L
from keras import ops
from torch import nn

LOSS = "cross_entropy"
SMALL = {"vocabulary": 20, "length": 6, "dim": 8, "heads": 2, "depth": 2, "classes": 3}
SMALL_BATCH = {"vocabulary": 20, "length": 6, "classes": 3}


class EncoderBlock(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(
            nn.Linear(dim, 4 * dim), nn.ReLU(), nn.Dropout(0.1), nn.Linear(4 * dim, dim)
        )

    def forward(self, x, padding):
        y = self.norm1(x)
        y, _ = self.attention(y, y, y, key_padding_mask=padding, need_weights=False)
        x = x + y
        return x + self.mlp(self.norm2(x))


class Encoder(nn.Module):
    def __init__(self, vocabulary, length, dim, heads, depth, classes):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, dim)
        self.positions = nn.Parameter(0.02 * torch.randn(length, dim))
        self.blocks = nn.ModuleList(EncoderBlock(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, tokens):
        padding = tokens == 0
        x = self.tokens(tokens) + self.positions
        for block in self.blocks:
            x = block(x, padding)
        kept = (~padding).unsqueeze(-1).to(x.dtype)
        return self.head((self.norm(x) * kept).sum(1) / kept.sum(1))


def torch_model(vocabulary=20000, length=128, dim=256, heads=8, depth=6, classes=2):
    return Encoder(vocabulary, length, dim, heads, depth, classes)


class FeedForward(L.Layer):
    def __init__(self, dim):
        super().__init__()
        self.up, self.down = L.Dense(4 * dim, activation="relu"), L.Dense(dim)
        self.dropout = L.Dropout(0.1)

    def call(self, x, training=False):
        return self.down(self.dropout(self.up(x), training=training))


class EncoderLayer(L.Layer):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1 = L.LayerNormalization(epsilon=1e-5)
        self.attention = L.MultiHeadAttention(heads, key_dim=dim // heads)
        self.norm2 = L.LayerNormalization(epsilon=1e-5)
        self.mlp = FeedForward(dim)

    def call(self, x, attend, training=False):
        y = self.norm1(x)
        x = x + self.attention(y, y, attention_mask=attend)
        return x + self.mlp(self.norm2(x), training=training)


class KerasEncoder(keras.Model):
    def __init__(self, vocabulary, length, dim, heads, depth, classes):
        super().__init__()
        self.tokens = L.Embedding(vocabulary, dim)
        self.positions = self.add_weight(
            shape=(length, dim), initializer="random_normal", name="positions"
        )
        self.blocks = [EncoderLayer(dim, heads) for _ in range(depth)]
        self.norm = L.LayerNormalization(epsilon=1e-5)
        self.head = L.Dense(classes)

    def call(self, tokens, training=False):
        kept = ops.not_equal(tokens, 0)
        x = self.tokens(tokens) + self.positions
        for block in self.blocks:
            x = block(x, kept[:, None, :], training=training)
        kept = ops.cast(kept[..., None], x.dtype)
        x = ops.sum(self.norm(x) * kept, axis=1) / ops.sum(kept, axis=1)
        return self.head(x)


def keras_model(vocabulary=20000, length=128, dim=256, heads=8, depth=6, classes=2):
    return KerasEncoder(vocabulary, length, dim, heads, depth, classes)


def batch(rng, vocabulary=20000, length=128, classes=2, n=4):
    """Token 0 pads; the first position never is."""
    tokens = rng.integers(1, vocabulary, (n, length))
    lengths = rng.integers(1, length + 1, n)
    tokens[np.arange(length) >= lengths[:, None]] = 0
    return tokens, rng.integers(0, classes, n)
