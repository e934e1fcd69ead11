"""One layer that makes query, key and value, or a value and its gate, read in another order."""

import keras
import numpy as np
import pytest
import torch.nn.functional as F
from keras import layers as L
from keras import ops
from torch import nn

HEADS, SIZE = 2, 3
WIDTH = HEADS * SIZE


class Attention(nn.Module):
    """`order`: which part of `qkv` is query, key, value; `by_head`: each head's stand together."""

    def __init__(self, order=(0, 1, 2), by_head=False):
        super().__init__()
        self.order, self.by_head = order, by_head
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        n, t, _ = x.shape
        if self.by_head:
            parts = self.qkv(x).view(n, t, HEADS, 3, SIZE).permute(3, 0, 2, 1, 4)
        else:
            parts = self.qkv(x).view(n, t, 3, HEADS, SIZE).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(*(parts[i] for i in self.order))
        return self.out(y.transpose(1, 2).reshape(n, t, WIDTH))


class KerasAttention(keras.Model):
    def __init__(self, order=(0, 1, 2), by_head=False):
        super().__init__()
        self.order, self.by_head = order, by_head
        self.qkv, self.out = L.Dense(3 * WIDTH), L.Dense(WIDTH)

    def call(self, x):
        n, t, _ = x.shape
        if self.by_head:
            shape, axes = (n, t, HEADS, 3, SIZE), (3, 0, 2, 1, 4)
        else:
            shape, axes = (n, t, 3, HEADS, SIZE), (2, 0, 3, 1, 4)
        parts = ops.transpose(ops.reshape(self.qkv(x), shape), axes)
        q, k, v = (parts[i] for i in self.order)
        weights = ops.softmax(q @ ops.transpose(k, (0, 1, 3, 2)) / SIZE**0.5)
        y = ops.transpose(weights @ v, (0, 2, 1, 3))
        return self.out(ops.reshape(y, (n, t, WIDTH)))


SWAPPED = {
    "query and key": (1, 0, 2),
    "key and value": (0, 2, 1),
    "query and value": (2, 1, 0),
    "the first for the second, the second for the third, the third for the first": (2, 0, 1),
}


def named(parity, reference, port, x):
    report = parity.report(reference, port, x)
    assert report.failed_rung == "forward-eval", report.text()
    (finding,) = report.findings or pytest.fail(report.text())
    assert finding.before > 1e-3
    assert finding.after < 1e-9
    return finding.cause


@pytest.mark.parametrize("said", SWAPPED)
def test_parts_swapped(parity, rng, said):
    x, order = rng.normal(size=(2, 5, WIDTH)), SWAPPED[said]
    assert said in named(parity, Attention(), KerasAttention(order), x)
    assert said in named(parity, KerasAttention(), Attention(order), x)


@pytest.mark.parametrize("by_head", [True, False])
def test_heads_stand_together(parity, rng, by_head):
    x = rng.normal(size=(2, 5, WIDTH))
    ours, theirs = (
        "the port takes what qkv puts out for (2, 3, ...)",
        "the reference for (3, 2, ...)",
    )
    if not by_head:
        ours, theirs = ours.replace("(2, 3", "(3, 2"), theirs.replace("(3, 2", "(2, 3")
    for models in (
        (Attention(by_head=not by_head), KerasAttention(by_head=by_head)),
        (KerasAttention(by_head=not by_head), Attention(by_head=by_head)),
    ):
        assert named(parity, *models, x) == f"{ours}, {theirs}"


@pytest.mark.parametrize("by_head", [True, False])
def test_right_port(parity, rng, by_head):
    x = rng.normal(size=(2, 5, WIDTH))
    parity(Attention(by_head=by_head), KerasAttention(by_head=by_head), x, tolerance=1e-9)
    parity(KerasAttention(by_head=by_head), Attention(by_head=by_head), x, tolerance=1e-9)


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.out = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(4, 2, 1)

    def forward(self, x):
        return self.out(F.glu(self.conv(x), 1))


class KerasGated(keras.Model):
    def __init__(self, gate):
        super().__init__()
        self.conv, self.out, self.gate = L.Conv2D(8, 3, padding="same"), L.Conv2D(2, 1), gate

    def call(self, x):
        halves = ops.split(self.conv(x), 2, axis=-1)
        return self.out(halves[1 - self.gate] * ops.sigmoid(halves[self.gate]))


def test_gate_of_channels(parity, rng):
    x = rng.normal(size=(2, 3, 4, 5))
    last = np.moveaxis(x, 1, -1)
    assert parity(Gated(), KerasGated(1), x).passed
    said = "of the 2 parts of conv the port takes the first for the second"
    assert said in named(parity, Gated(), KerasGated(0), x)
    assert said in named(parity, KerasGated(0), Gated(), last)
