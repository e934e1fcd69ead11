"""Training in which rounding errors grow by a factor at each step, in the reference alone already.

The loss is bounded, 2 - cos of the output, and the rate so high that each step goes round the
circle several times: no run explodes, and none can be repeated but for its first steps.
"""

import keras
import numpy as np
import pytest
import torch
from keras import layers as L
from torch import nn

from pytest_gradferry.parity.training import chaos
from pytest_gradferry.parity.training.chaos import amplified

TOLERANCE = 1e-13


def torch_model():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def keras_model():
    return keras.Sequential([L.Input((3,)), L.Dense(4, "tanh"), L.Dense(1)])


def losses(scale=1.0):
    return (
        lambda output, target: scale * (2 - torch.cos(output - target)).mean(),
        lambda target, output: scale * keras.ops.mean(2 - keras.ops.cos(output - target)),
    )


def optimizers(rate, **more):
    return (lambda p: torch.optim.SGD(p, lr=rate), keras.optimizers.SGD(rate, **more))


@pytest.fixture
def batch(rng):
    return rng.normal(size=(6, 3)), rng.normal(size=(6, 1))


@pytest.mark.parametrize("rung", ["curve", "eval-after"])
def test_a_right_port_with_the_users_own_optimizers(parity, batch, rung):
    report = parity.report(
        torch_model(),
        keras_model(),
        *batch,
        loss=losses(),
        optimizer=optimizers(16.0),
        steps=9,
        tolerance=TOLERANCE,
    )
    assert report.passed, report.text()
    assert report.rung(rung).status == "explained"
    assert report.rung(rung).detail == "in the reference alone, rounding grows as much"
    assert report.rung(rung).bound > 100 * TOLERANCE


def test_a_wrong_port_is_not_excused(parity, batch):
    """Momentum shows from the second step on, before rounding has grown to anything."""
    report = parity.report(
        torch_model(),
        keras_model(),
        *batch,
        loss=losses(),
        optimizer=optimizers(16.0, momentum=0.5),
        steps=5,
        tolerance=TOLERANCE,
    )
    assert report.failed_rung == "curve"
    assert report.rung("curve").bound == TOLERANCE
    assert report.findings[0].change == "momentum=0"


def test_a_named_optimizer_is_slowed_down(parity, batch):
    report = parity.report(
        torch_model(), keras_model(), *batch, loss=losses(1024.0), steps=9, tolerance=TOLERANCE
    )
    assert report.passed, report.text()
    assert {report.rung(name).status for name in ("curve", "eval-after")} == {"pass"}
    assert report.rung("curve").bound == TOLERANCE
    (note,) = [note for note in report.notes if note.startswith("learning rate")]
    assert "or rounding does" in note


def test_a_training_that_is_steady_needs_neither(parity, batch):
    report = parity.report(
        torch_model(), keras_model(), *batch, loss=losses(), steps=9, tolerance=TOLERANCE
    )
    assert report.rung("curve").status == "pass"
    assert not any("learning rate" in note for note in report.notes)


def test_it_is_the_reference_that_decides(parity, batch, monkeypatch):
    """The same right port, were the reference steady."""
    monkeypatch.setattr(chaos, "amplified", lambda comparison, rung: 0.0)
    report = parity.report(
        torch_model(),
        keras_model(),
        *batch,
        loss=losses(),
        optimizer=optimizers(16.0),
        steps=9,
        tolerance=TOLERANCE,
    )
    assert report.failed_rung == "curve"


def test_what_rounding_makes_of_the_reference(parity, batch, monkeypatch):
    """It grows with the rate, and the weights are those from before."""
    measured = []

    def spied(comparison, rung):
        weights = [comparison.reference.get(w.reference) for w in comparison.trained_weights()]
        measured.append(amplified(comparison, rung))
        after = [comparison.reference.get(w.reference) for w in comparison.trained_weights()]
        assert all(map(np.array_equal, weights, after))
        return measured[-1]

    monkeypatch.setattr(chaos, "amplified", spied)
    reference = torch_model()
    for rate in (16.0, 64.0):
        parity.report(
            reference,
            keras_model(),
            *batch,
            loss=losses(),
            optimizer=optimizers(rate),
            steps=6,
            tolerance=1e-15,
        )
    assert 1e-12 < measured[0] < measured[-1] / 10
