"""Layers that differ where nothing that is measured at the end shows it."""

import keras
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


def told(report):
    return [note for note in report.notes if "do not show" in note]


def test_a_difference_behind_a_dead_relu_is_told(parity, rng):
    report = parity(reference(dead=True), port("tanh"), rng.normal(size=(8, 6)))
    (note,) = told(report)
    assert note.startswith("1 (LayerNorm), 2 (Linear): the outputs of the layer differ by up to ")


@pytest.mark.parametrize("dead", [True, False])
def test_equal_layers_are_not_mentioned(parity, rng, dead):
    assert told(parity(reference(dead), port(), rng.normal(size=(8, 6)))) == []


def test_nor_is_a_difference_that_shows(parity, rng):
    report = parity.report(reference(dead=False), port("tanh"), rng.normal(size=(8, 6)))
    assert report.failed_rung == "forward-eval"
    assert told(report) == []
