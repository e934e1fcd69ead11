"""Sequences with padding pooled: whether it counts is named, either way round."""

import keras
import pytest
import torch
from keras import layers as L
from keras import ops
from torch import nn

TORCH = {
    "kept": lambda x, kept: (x * kept).sum(1) / kept.sum(1),
    "all": lambda x, kept: x.mean(1),
    "end": lambda x, kept: x[:, -1],
    "last": lambda x, kept: x[torch.arange(len(x)), kept[..., 0].sum(1).long() - 1],
}
KERAS = {
    "kept": lambda x, kept: ops.sum(x * kept, 1) / ops.sum(kept, 1),
    "all": lambda x, kept: ops.mean(x, 1),
    "end": lambda x, kept: x[:, -1],
    "last": lambda x, kept: ops.sum(
        x * ops.expand_dims(ops.one_hot(ops.cast(ops.sum(kept[..., 0], 1), "int32") - 1, 5), -1), 1
    ),
}
SAID = {
    "kept": "the mean of what is no padding",
    "all": "the mean of all positions, the padding too",
    "end": "the last position",
    "last": "the last position that is no padding",
}


class Torch(nn.Module):
    def __init__(self, pool):
        super().__init__()
        self.embed, self.norm, self.out = nn.Embedding(9, 4), nn.LayerNorm(4), nn.Linear(4, 2)
        self.pool = TORCH[pool]

    def forward(self, tokens):
        x = self.norm(self.embed(tokens))
        return self.out(self.pool(x, (tokens != 0).unsqueeze(-1).to(x.dtype)))


class Keras(keras.Model):
    def __init__(self, pool):
        super().__init__()
        self.embed, self.out = L.Embedding(9, 4), L.Dense(2)
        self.norm = L.LayerNormalization(epsilon=1e-5)
        self.pool = KERAS[pool]

    def call(self, tokens):
        x = self.norm(self.embed(tokens))
        return self.out(self.pool(x, ops.cast(ops.not_equal(tokens, 0), x.dtype)[..., None]))


@pytest.fixture
def tokens(rng):
    tokens = rng.integers(1, 9, (4, 5))
    for i, length in enumerate((2, 5, 3, 4)):
        tokens[i, length:] = 0
    return tokens


@pytest.mark.parametrize("pool", SAID)
def test_right_port(parity, tokens, pool):
    assert parity(Torch(pool), Keras(pool), tokens, tolerance=1e-9).passed
    assert parity(Keras(pool), Torch(pool), tokens, tolerance=1e-9).passed


@pytest.mark.parametrize(("theirs", "ours"), [("kept", "all"), ("all", "kept"), ("last", "end")])
def test_wrong_port(parity, tokens, theirs, ours):
    for models in ((Torch(theirs), Keras(ours)), (Keras(theirs), Torch(ours))):
        report = parity.report(*models, tokens)
        (finding,) = report.findings or pytest.fail(report.text())
        said = f"of norm the port takes {SAID[ours]}, the reference {SAID[theirs]}"
        assert finding.cause == said
        assert finding.after < 1e-9 < finding.before
