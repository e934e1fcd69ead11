"""Layers that differ where the outputs do not show it on the batch: other weights decide."""

import keras
import numpy as np
import pytest
import torch
from keras import layers as L
from torch import nn


def reference(dead):
    net = nn.Sequential(
        nn.Linear(6, 5), nn.LayerNorm(5), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)
    )
    with torch.no_grad():
        net[2].bias.fill_(-100.0 if dead else 0.0)
    return net


def port(activation=None):
    return keras.Sequential(
        [
            L.Input((6,)),
            L.Dense(5, activation),
            L.LayerNormalization(epsilon=1e-5),
            L.Dense(4, "relu"),
            L.Dense(3),
        ]
    )


def test_a_mistake_behind_dead_units_is_named(parity, rng):
    theirs = reference(dead=True)
    before = [p.detach().clone() for p in theirs.parameters()]
    ours = port("tanh")
    report = parity.report(theirs, ours, rng.normal(size=(8, 6)))
    assert report.failed_rung == "forward-eval"
    assert "this batch hides it" in report.rung("forward-eval").detail
    assert "tanh, the reference no activation" in report.findings[0].cause
    (note,) = report.notes
    assert note.startswith("1 (LayerNorm), 2 (Linear): the outputs of the layer differ by up to ")
    for parameter, value in zip(theirs.parameters(), before, strict=True):
        assert torch.equal(parameter, value)


def test_and_with_the_reference_in_keras(parity, rng):
    theirs = port("tanh")
    theirs.layers[2].bias.assign(np.full(4, -100.0))
    kept = [w.numpy() for w in theirs.weights]
    report = parity.report(theirs, reference(dead=False), rng.normal(size=(8, 6)))
    assert report.failed_rung == "forward-eval"
    assert "no activation, the reference tanh" in report.findings[0].cause
    assert all(map(np.array_equal, kept, [w.numpy() for w in theirs.weights]))


def test_a_mistake_in_a_block_that_starts_at_zero(parity, rng):
    """The last scale of a residual block is zero at first, as ResNets have it."""

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(6, 6), nn.SiLU(), nn.Linear(6, 6))
            self.norm = nn.LayerNorm(6)
            nn.init.zeros_(self.norm.weight)

        def forward(self, x):
            return x + self.norm(self.inner(x))

    x = L.Input((6,))
    y = L.LayerNormalization(epsilon=1e-5)(L.Dense(6)(L.Dense(6, "gelu")(x)))
    ours = keras.Model(x, L.Add()([x, y]))
    report = parity.report(Block(), ours, rng.normal(size=(8, 6)))
    assert report.failed_rung == "forward-eval"
    assert "gelu (erf), the reference silu" in report.findings[0].cause


@pytest.mark.parametrize("dead", [True, False])
def test_equal_layers_pass(parity, rng, dead):
    report = parity(reference(dead), port(), rng.normal(size=(8, 6)))
    assert not any("do not show" in note for note in report.notes)


def test_a_layer_that_differs_where_the_models_cannot_is_right(parity, rng):
    """What pools first and then takes the relu pools other values, and comes to the same."""
    theirs = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 2, 1))
    ours = keras.Sequential(
        [L.Input((8, 8, 3)), L.Conv2D(4, 3), L.MaxPooling2D(2), L.ReLU(), L.Conv2D(2, 1)]
    )
    report = parity(theirs, ours, rng.normal(size=(2, 3, 8, 8)))
    assert max(layer.error for layer in report.layers) > 1e-3
    assert not any("do not show" in note for note in report.notes)


def test_what_shows_on_the_batch_needs_no_other_weights(parity, rng):
    report = parity.report(reference(dead=False), port("tanh"), rng.normal(size=(8, 6)))
    assert report.failed_rung == "forward-eval"
    assert "hides" not in report.text()
