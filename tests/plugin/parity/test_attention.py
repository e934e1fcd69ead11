"""Multi-head attention and transformers: right ports, and what people get wrong."""

import keras
import numpy as np
import pytest
import torch
from keras import layers as L
from plugin.parity.attention_models import HEADS, AttentionKeras, AttentionTorch, E, T
from torch import nn

EXACT = 1e-9


@pytest.fixture
def tokens(rng):
    return rng.normal(size=(3, T, E)), rng.integers(0, 3, 3)


@pytest.fixture
def padded(rng):
    padding = np.arange(T) >= np.array([4, 3, 2])[:, None]
    return (rng.normal(size=(3, T, E)), padding), rng.integers(0, 3, 3)


RIGHT = {
    "plain": ({}, {}),
    "causal": ({"causal": True}, {"causal": True}),
    "time-first": ({"batch_first": False}, {}),
    "no-bias": ({"bias": False}, {"use_bias": False}),
    "dropout": ({"dropout": 0.25}, {"dropout": 0.25}),
}


@pytest.mark.parametrize("variant", RIGHT)
def test_right_keras_port(parity, tokens, variant):
    theirs, ours = RIGHT[variant]
    models = AttentionTorch(**theirs), AttentionKeras(**ours)
    parity(*models, *tokens, loss="cross_entropy", steps=3, tolerance=EXACT)


@pytest.mark.parametrize("variant", ["plain", "causal", "no-bias"])
def test_right_torch_port(parity, tokens, variant):
    theirs, ours = RIGHT[variant]
    models = AttentionKeras(**ours), AttentionTorch(**theirs)
    parity(*models, *tokens, loss="cross_entropy", optimizer="adam", steps=3, tolerance=EXACT)


def test_padding_mask(parity, padded):
    models = AttentionTorch(causal=True), AttentionKeras(causal=True)
    parity(*models, *padded, loss="cross_entropy", steps=3, tolerance=EXACT)


def test_cross_attention_with_sizes_of_its_own(parity, rng):
    class Torch(nn.Module):
        def __init__(self):
            super().__init__()
            self.attn = nn.MultiheadAttention(E, HEADS, kdim=5, vdim=3, batch_first=True)

        def forward(self, query, key, value):
            return self.attn(query, key, value, need_weights=False)[0]

    class Keras(keras.Model):
        def __init__(self):
            super().__init__()
            self.attn = L.MultiHeadAttention(HEADS, E // HEADS)

        def call(self, query, key, value):
            return self.attn(query=query, value=value, key=key)

    inputs = tuple(rng.normal(size=(2, n, d)) for n, d in ((3, E), (4, 5), (4, 3)))
    parity(Torch(), Keras(), inputs, tolerance=EXACT)


class BlockKeras(L.Layer):
    """nn.TransformerEncoderLayer, written by hand."""

    def __init__(self, norm_first=False, epsilon=1e-5):
        super().__init__()
        self.attn = L.MultiHeadAttention(HEADS, E // HEADS, dropout=0.1)
        self.norm1 = L.LayerNormalization(epsilon=epsilon)
        self.norm2 = L.LayerNormalization(epsilon=epsilon)
        self.linear1 = L.Dense(8, activation="relu")
        self.linear2 = L.Dense(E)
        self.drop1, self.drop, self.drop2 = L.Dropout(0.1), L.Dropout(0.1), L.Dropout(0.1)
        self.norm_first = norm_first

    def attend(self, x, padding, training):
        mask = None if padding is None else keras.ops.logical_not(padding)[:, None, :]
        x = self.attn(x, x, attention_mask=mask, training=training)
        return self.drop1(x, training=training)

    def feed(self, x, training):
        x = self.drop(self.linear1(x), training=training)
        return self.drop2(self.linear2(x), training=training)

    def call(self, x, padding=None, training=None):
        if self.norm_first:
            x = x + self.attend(self.norm1(x), padding, training)
            return x + self.feed(self.norm2(x), training)
        x = self.norm1(x + self.attend(x, padding, training))
        return self.norm2(x + self.feed(x, training))


class EncoderKeras(keras.Model):
    def __init__(self, layers=1, **options):
        super().__init__()
        self.blocks = [BlockKeras(**options) for _ in range(layers)]
        self.fc = L.Dense(3)

    def call(self, x, padding=None, training=None):
        for block in self.blocks:
            x = block(x, padding, training=training)
        return self.fc(x[:, 0])


class EncoderTorch(nn.Module):
    def __init__(self, layers=1, **options):
        super().__init__()
        layer = nn.TransformerEncoderLayer(E, HEADS, 8, batch_first=True, **options)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.fc = nn.Linear(E, 3)

    def forward(self, x, padding=None):
        return self.fc(self.encoder(x, src_key_padding_mask=padding)[:, 0])


@pytest.mark.parametrize("norm_first", [False, True])
def test_transformer_encoder(parity, padded, norm_first):
    options = {"layers": 2, "norm_first": norm_first}
    models = EncoderTorch(**options), EncoderKeras(**options)
    report = parity(*models, *padded, loss="cross_entropy", steps=3, tolerance=EXACT)
    assert report.rung("structure").detail.startswith("11 layers")


def test_transformer_encoder_in_torch(parity, tokens):
    parity(EncoderKeras(), EncoderTorch(), *tokens, loss="cross_entropy", steps=3, tolerance=EXACT)
    assert torch.backends.mha.get_fastpath_enabled()


class DecoderTorch(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.TransformerDecoderLayer(E, HEADS, 8, batch_first=True)

    def forward(self, x, memory):
        causal = nn.Transformer.generate_square_subsequent_mask(T)
        return self.block(x, memory, tgt_mask=causal, tgt_is_causal=True)


class DecoderKeras(keras.Model):
    def __init__(self):
        super().__init__()
        self.own, self.cross = (L.MultiHeadAttention(HEADS, E // HEADS) for _ in range(2))
        self.norms = [L.LayerNormalization(epsilon=1e-5) for _ in range(3)]
        self.linear1, self.linear2 = L.Dense(8, activation="relu"), L.Dense(E)

    def call(self, x, memory):
        x = self.norms[0](x + self.own(x, x, use_causal_mask=True))
        x = self.norms[1](x + self.cross(x, memory))
        return self.norms[2](x + self.linear2(self.linear1(x)))


@pytest.mark.parametrize("order", [1, -1])
def test_transformer_decoder(parity, rng, order):
    inputs = rng.normal(size=(2, T, E)), rng.normal(size=(2, 5, E))
    models = DecoderTorch(), DecoderKeras()
    for module in models[0].modules():
        if isinstance(module, (nn.Dropout, nn.MultiheadAttention)):
            setattr(module, "p" if isinstance(module, nn.Dropout) else "dropout", 0.0)
    parity(*models[::order], inputs, tolerance=EXACT)
