"""A small GPT: causal attention written out (one projection to queries, keys and values), tanh
GELU, and an output layer tied to the token embedding; in Keras a subclassed model."""

import math

import keras
import torch
import torch.nn.functional as F
from keras import layers as L
from keras import ops
from torch import nn

SMALL = {"vocabulary": 16, "length": 6, "dim": 8, "heads": 2, "depth": 2}
TOLERANCE = 1e-7  # TensorFlow has constants of GELU in float32
SMALL_BATCH = {"vocabulary": 16, "length": 6}


class CausalAttention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = (
            y.view(n, t, self.heads, c // self.heads).transpose(1, 2)
            for y in self.qkv(x).split(c, dim=2)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.proj(y.transpose(1, 2).reshape(n, t, c))


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = CausalAttention(dim, heads)
        self.mlp = nn.Sequential(
            nn.Linear(dim, 4 * dim), nn.GELU(approximate="tanh"), nn.Linear(4 * dim, dim)
        )

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self, vocabulary, length, dim, heads, depth):
        super().__init__()
        self.wte = nn.Embedding(vocabulary, dim)
        self.wpe = nn.Embedding(length, dim)
        self.drop = nn.Dropout(0.1)
        self.h = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.ln_f = nn.LayerNorm(dim)
        self.lm_head = nn.Linear(dim, vocabulary, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, tokens):
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.drop(self.wte(tokens) + self.wpe(positions))
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


def torch_model(vocabulary=50257, length=256, dim=384, heads=6, depth=6):
    return GPT(vocabulary, length, dim, heads, depth)


class KerasAttention(L.Layer):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = L.Dense(3 * dim)
        self.proj = L.Dense(dim)

    def call(self, x):
        n, t, c = x.shape
        q, k, v = (
            ops.transpose(ops.reshape(y, (n, t, self.heads, c // self.heads)), (0, 2, 1, 3))
            for y in ops.split(self.qkv(x), 3, axis=-1)
        )
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / math.sqrt(c // self.heads)
        seen = ops.tril(ops.ones((t, t), dtype="bool"))
        scores = ops.where(seen, scores, float("-inf"))
        y = ops.matmul(ops.softmax(scores, axis=-1), v)
        return self.proj(ops.reshape(ops.transpose(y, (0, 2, 1, 3)), (n, t, c)))


class KerasBlock(L.Layer):
    def __init__(self, dim, heads):
        super().__init__()
        self.ln_1 = L.LayerNormalization(epsilon=1e-5)
        self.attn = KerasAttention(dim, heads)
        self.ln_2 = L.LayerNormalization(epsilon=1e-5)
        self.fc = L.Dense(4 * dim)
        self.proj = L.Dense(dim)

    def call(self, x):
        x = x + self.attn(self.ln_1(x))
        hidden = keras.activations.gelu(self.fc(self.ln_2(x)), approximate=True)
        return x + self.proj(hidden)


class KerasGPT(keras.Model):
    def __init__(self, vocabulary, length, dim, heads, depth):
        super().__init__()
        self.wte = L.Embedding(vocabulary, dim)
        self.wpe = L.Embedding(length, dim)
        self.drop = L.Dropout(0.1)
        self.h = [KerasBlock(dim, heads) for _ in range(depth)]
        self.ln_f = L.LayerNormalization(epsilon=1e-5)

    def call(self, tokens, training=False):
        x = self.wte(tokens) + self.wpe(ops.arange(tokens.shape[1]))
        x = self.drop(x, training=training)
        for block in self.h:
            x = block(x)
        return ops.matmul(self.ln_f(x), ops.transpose(self.wte.embeddings))


def keras_model(vocabulary=50257, length=256, dim=384, heads=6, depth=6):
    return KerasGPT(vocabulary, length, dim, heads, depth)


def torch_loss(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def keras_loss(targets, logits):
    return ops.mean(keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True))


LOSS = (torch_loss, keras_loss)


def batch(rng, vocabulary=50257, length=256, n=3):
    """Each position's target is the next token."""
    text = rng.integers(0, vocabulary, (n, length + 1))
    return text[:, :-1], text[:, 1:]
