"""Norms before or after the residual sum: one cause, whether the layers pair by their names or
not at all."""

import keras
import pytest
from keras import layers as L
from torch import nn

WIDTH = 4


class Block(nn.Module):
    def __init__(self, first):
        super().__init__()
        self.first = first
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 8), nn.Tanh(), nn.Linear(8, WIDTH))

    def forward(self, x):
        if self.first:
            y = self.norm1(x)
            x = x + self.attention(y, y, y)[0]
            return x + self.mlp(self.norm2(x))
        x = self.norm1(x + self.attention(x, x, x)[0])
        return self.norm2(x + self.mlp(x))


class Torch(nn.Module):
    def __init__(self, first):
        super().__init__()
        self.embed = nn.Linear(3, WIDTH)
        self.blocks = nn.ModuleList(Block(first) for _ in range(2))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 2)

    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(1))


class KerasBlock(L.Layer):
    def __init__(self, first, add):
        super().__init__()
        self.first = first
        self.norm1, self.norm2 = (L.LayerNormalization(epsilon=1e-5) for _ in range(2))
        self.attention = L.MultiHeadAttention(2, WIDTH // 2)
        self.up, self.down = L.Dense(8, activation="tanh"), L.Dense(WIDTH)
        self.adds = [L.Add(), L.Add()] if add else [lambda ab: ab[0] + ab[1]] * 2

    def call(self, x):
        plus = self.adds
        if self.first:
            y = self.norm1(x)
            x = plus[0]([x, self.attention(y, y)])
            return plus[1]([x, self.down(self.up(self.norm2(x)))])
        x = self.norm1(plus[0]([x, self.attention(x, x)]))
        return self.norm2(plus[1]([x, self.down(self.up(x))]))


class Keras(keras.Model):
    def __init__(self, first, add=False):
        super().__init__()
        self.embed = L.Dense(WIDTH)
        self.blocks = [KerasBlock(first, add) for _ in range(2)]
        self.norm, self.head = L.LayerNormalization(epsilon=1e-5), L.Dense(2)

    def call(self, x):
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return self.head(keras.ops.mean(self.norm(x), axis=1))


def uneven(*models):
    """Norms as they start do nothing to what is normed already, and hide which is which."""
    for model in models:
        for p in getattr(model, "parameters", list)():
            nn.init.uniform_(p, -1, 1)
    return models


@pytest.mark.parametrize("first", [True, False])
def test_right_port(parity, rng, first):
    x = rng.normal(size=(2, 5, 3))
    assert parity(*uneven(Torch(first), Keras(first)), x, tolerance=1e-9).passed
    assert parity(Keras(first, add=True), Torch(first), x, tolerance=1e-9).passed


SAID = {
    True: "the port normalises after the sum, norm(x + f(x)), the reference before",
    False: "the port normalises before the sum, x + f(norm(x)), the reference after",
}


@pytest.mark.parametrize(("first", "add"), [(True, False), (False, False), (False, True)])
def test_wrong_port(parity, rng, first, add):
    x = rng.normal(size=(2, 5, 3))
    for models in (
        uneven(Torch(first), Keras(not first, add)),
        (Keras(first, add), Torch(not first)),
    ):
        report = parity.report(*models, x)
        (finding,) = report.findings or pytest.fail(report.text())
        assert finding.cause.startswith(SAID[first])
        assert finding.before > 1e-3
        assert finding.after < 1e-9
        assert not report.unexplained


@pytest.mark.parametrize("first", [True, False])
def test_named_layers(parity, rng, first):
    """They pair by their names, whatever their order."""
    x = rng.normal(size=(2, 5, 3))
    reference, port = uneven(Torch(first), Keras(not first))
    mapping = {
        f"blocks.{i}.mlp.{j}": f"blocks.{i}.{n}"
        for i in (0, 1)
        for j, n in ((0, "up"), (2, "down"))
    }
    mapping |= {
        f"blocks.{i}.{n}": f"blocks.{i}.{n}"
        for i in (0, 1)
        for n in ("norm1", "norm2", "attention")
    }
    report = parity.report(reference, port, x, mapping=mapping)
    assert report.failed_rung == "forward-eval"
    (finding,) = report.findings or pytest.fail(report.text())
    assert finding.cause.startswith(SAID[first])
    assert finding.after < 1e-9
