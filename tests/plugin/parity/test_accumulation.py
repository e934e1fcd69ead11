"""Gradients added up over several steps, and a momentum that a schedule of torch moves along."""

import keras
import numpy as np
import pytest
import torch
from keras import layers as L
from torch import nn


class Accumulating(torch.optim.SGD):
    """Moves at every n-th step, by the mean of the gradients or their sum."""

    def __init__(self, parameters, n, mean=True):
        super().__init__(parameters, lr=0.125)
        self.n, self.mean, self.count, self.total = n, mean, 0, {}

    def step(self, closure=None):
        self.count += 1
        for p in self.param_groups[0]["params"]:
            self.total[p] = self.total.get(p, 0) + p.grad
        if self.count % self.n == 0:
            for p, gradient in self.total.items():
                p.grad = gradient / self.n if self.mean else gradient
            self.total = {}
            super().step()


def sgd(**more):
    return lambda: keras.optimizers.SGD(0.125, **more)


def reports(parity, rng, theirs, ours, steps=7):
    x, y = rng.normal(size=(6, 5)), np.arange(6) % 3
    for to_keras in (True, False):
        models = (
            nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)),
            keras.Sequential([L.Input((5,)), L.Dense(4, activation="tanh"), L.Dense(3)]),
        )
        models = models if to_keras else models[::-1]
        yield parity.report(
            *models, x, y, loss="cross_entropy", optimizer=(theirs, ours), steps=steps
        )


def test_mean_of_two(parity, rng):
    keras_two = sgd(gradient_accumulation_steps=2)
    for report in reports(parity, rng, lambda p: Accumulating(p, 2), keras_two):
        assert report.passed, report.text()


# torch's, Keras', what is said of the port in Keras and of that in torch, what is changed.
WRONG = {
    "sum for mean": (
        lambda p: Accumulating(p, 2, mean=False),
        sgd(gradient_accumulation_steps=2),
        "the reference's optimizer adds up the gradients of 2 steps, the port's optimizer takes",
        "the port's optimizer adds up the gradients of 2 steps, the reference's optimizer takes",
        "gradients times 2",
    ),
    "in torch alone": (
        lambda p: Accumulating(p, 2),
        sgd(),
        "the reference's optimizer steps once in 2 batches, the port's optimizer at each batch",
        "the port's optimizer steps once in 2 batches, the reference's optimizer at each batch",
        "gradient_accumulation_steps=2",
    ),
    "another number": (
        lambda p: Accumulating(p, 3),
        sgd(gradient_accumulation_steps=2),
        "the reference's optimizer steps once in 3 batches, the port's optimizer once in 2",
        "the port's optimizer steps once in 3 batches, the reference's optimizer once in 2",
        "gradient_accumulation_steps=3",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_port(parity, rng, name):
    theirs, ours, *said, change = WRONG[name]
    for report, words in zip(reports(parity, rng, theirs, ours), said, strict=True):
        (finding,) = report.findings or pytest.fail(report.text())
        assert finding.cause.startswith(words)
        assert finding.change == change
        assert finding.after < 1e-12 < finding.before


def cycling(cycle_momentum):
    def made(parameters):
        optimizer = torch.optim.SGD(parameters, lr=0.125, momentum=0.75)
        return optimizer, torch.optim.lr_scheduler.CyclicLR(
            optimizer,
            0.125,
            0.25,
            step_size_up=4,
            cycle_momentum=cycle_momentum,
            base_momentum=0.5,
            max_momentum=0.75,
        )

    return made


class Triangle(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        step = keras.ops.cast(step, "float32") % 8
        return 0.125 + 0.03125 * keras.ops.minimum(step, 8 - step)

    def get_config(self):
        return {}


def ours():
    return keras.optimizers.SGD(Triangle(), momentum=0.75)


def test_rate_that_cycles(parity, rng):
    for report in reports(parity, rng, cycling(False), ours, 10):
        assert report.passed, report.text()


def test_momentum_that_cycles_with_it(parity, rng):
    for report in reports(parity, rng, cycling(True), ours, 10):
        (finding,) = report.findings or pytest.fail(report.text())
        assert "moves momentum between 0.5 and 0.75, which Keras' optimizer keeps" in finding.cause
        assert "cycle_momentum=False" in finding.fix
        assert finding.after < 1e-12 < finding.before
