"""LSTM, GRU and plain RNN: right ports, and what people get wrong."""

import pytest
from plugin.parity.recurrent_models import Classifier, keras_classifier

EXACT = 1e-9


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
