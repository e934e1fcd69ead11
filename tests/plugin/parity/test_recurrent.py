"""LSTM, GRU and plain RNN: right ports, and what people get wrong."""

import keras
import pytest
import torch
from keras import layers as L
from torch import nn

EXACT = 1e-9


class Classifier(nn.Module):
    """The last state of the last layer, of both directions where it has both."""

    def __init__(self, kind, **options):
        super().__init__()
        options = {"batch_first": True} | options
        self.rnn = getattr(nn, kind)(3, 4, **options)
        self.fc = nn.Linear(8 if options.get("bidirectional") else 4, 2)

    def forward(self, x):
        _, state = self.rnn(x)
        h = state[0] if isinstance(state, tuple) else state
        return self.fc(torch.cat([h[-2], h[-1]], -1) if self.rnn.bidirectional else h[-1])


def keras_rnn(kind, **options):
    return getattr(L, "SimpleRNN" if kind == "RNN" else kind)(4, **options)


def keras_classifier(kind, layers=1, bidirectional=False, **options):
    model = [L.Input((4, 3))]
    for i in range(layers):
        layer = keras_rnn(kind, return_sequences=i < layers - 1, **options)
        model.append(L.Bidirectional(layer) if bidirectional else layer)
    return keras.Sequential([*model, L.Dense(2)])


VARIANTS = {
    "single": ({}, {}),
    "stacked": ({"num_layers": 2}, {"layers": 2}),
    "bidirectional": ({"bidirectional": True}, {"bidirectional": True}),
    "stacked-bidirectional": (
        {"num_layers": 2, "bidirectional": True},
        {"layers": 2, "bidirectional": True},
    ),
    "no-bias": ({"bias": False}, {"use_bias": False}),
}


@pytest.fixture
def series(rng):
    return rng.normal(size=(3, 4, 3)), rng.integers(0, 2, 3)


def check(parity, series, kind, variant, order):
    theirs, ours = VARIANTS[variant]
    models = Classifier(kind, **theirs), keras_classifier(kind, **ours)
    report = parity(*models[::order], *series, loss="cross_entropy", steps=3, tolerance=EXACT)
    two_biases = kind != "GRU" and variant != "no-bias"
    assert report.rung("curve").status == ("explained" if two_biases else "pass")


@pytest.mark.parametrize(
    ("kind", "variant"),
    [
        *(("LSTM", variant) for variant in VARIANTS),
        *(("GRU", variant) for variant in ("single", "stacked-bidirectional")),
        *(("RNN", variant) for variant in ("single", "bidirectional")),
    ],
)
def test_right_keras_port(parity, series, kind, variant):
    check(parity, series, kind, variant, 1)


@pytest.mark.parametrize(
    ("kind", "variant"),
    [
        ("LSTM", "single"),
        ("LSTM", "stacked-bidirectional"),
        ("GRU", "stacked"),
        ("GRU", "bidirectional"),
        ("GRU", "no-bias"),
        ("RNN", "single"),
    ],
)
def test_right_torch_port(parity, series, kind, variant):
    check(parity, series, kind, variant, -1)
