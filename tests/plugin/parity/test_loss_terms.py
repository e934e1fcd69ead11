"""Losses of the user's own that add up terms: the one term that is averaged, or weighted otherwise,
is named with its factor."""

import keras
import pytest
import torch
import torch.nn.functional as F
from keras import layers as L
from keras import ops
from torch import nn


class Torch(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean, self.log_var, self.out = nn.Linear(5, 3), nn.Linear(5, 3), nn.Linear(3, 5)

    def forward(self, x):
        mean, log_var = self.mean(x), self.log_var(x)
        return self.out(torch.tanh(mean)), mean, log_var


class Keras(keras.Model):
    def __init__(self):
        super().__init__()
        self.mean, self.log_var, self.out = L.Dense(3), L.Dense(3), L.Dense(5)

    def call(self, x):
        mean, log_var = self.mean(x), self.log_var(x)
        return self.out(ops.tanh(mean)), mean, log_var


def of_torch(reduce=torch.sum, weight=1.0, squared=True):
    def loss(outputs, targets):
        y, mean, log_var = outputs
        error = F.mse_loss(y, targets, reduction="sum")
        square = mean.pow(2) if squared else mean.abs()
        divergence = -0.5 * reduce(1 + log_var - square - log_var.exp())
        return (error + weight * divergence) / len(mean)

    return loss


def of_keras(reduce=ops.sum, weight=1.0, squared=True):
    def loss(targets, outputs):
        y, mean, log_var = outputs
        error = ops.sum(ops.square(y - targets))
        square = ops.square(mean) if squared else ops.abs(mean)
        divergence = -0.5 * reduce(1 + log_var - square - ops.exp(log_var))
        return (error + weight * divergence) / mean.shape[0]

    return loss


def reports(parity, rng, right, wrong):
    """Of a Keras port with the mistake, and of a torch port with the same."""
    x = rng.normal(size=(4, 5))
    for models, loss in (
        ((Torch(), Keras()), (of_torch(*right[0]), of_keras(*wrong[1]))),
        ((Keras(), Torch()), (of_torch(*wrong[0]), of_keras(*right[1]))),
    ):
        yield parity.report(*models, x, x, loss=loss, steps=2)


RIGHT = ((torch.sum,), (ops.sum,))


def test_right_losses(parity, rng):
    for report in reports(parity, rng, RIGHT, RIGHT):
        assert report.passed, report.text()


def test_term_averaged(parity, rng):
    for report in reports(parity, rng, RIGHT, ((torch.mean,), (ops.mean,))):
        assert report.failed_rung == "loss"
        (finding,) = report.findings or pytest.fail(report.text())
        assert "a term of the port's loss, mean" in finding.cause
        assert "is sum" in finding.cause
        assert finding.cause.endswith("12 times as large")
        assert finding.after < 1e-12
        assert not report.unexplained


def test_term_summed(parity, rng):
    averaged = ((torch.mean,), (ops.mean,))
    for report in reports(parity, rng, averaged, RIGHT):
        (finding,) = report.findings or pytest.fail(report.text())
        assert finding.cause.endswith("1 / 12 times as large")
        assert finding.after < 1e-12


def test_term_weighted(parity, rng):
    for report in reports(parity, rng, RIGHT, ((torch.sum, 0.25), (ops.sum, 0.25))):
        (finding,) = report.findings or pytest.fail(report.text())
        assert finding.cause.endswith("4 times as large")
        assert "a term of the port's loss, mul" in finding.cause
        assert finding.after < 1e-12


def test_another_term_is_no_factor(parity, rng):
    """Some factor makes the losses agree; the gradients tell that it is not that."""
    for report in reports(parity, rng, RIGHT, ((torch.sum, 1.0, False), (ops.sum, 1.0, False))):
        assert report.failed_rung == "loss"
        assert not report.findings, report.text()
