"""A mistake in an optimizer is named, and mended it shows the drop, whichever side is the port."""

import keras
import pytest
import torch
from keras import layers as L
from torch import nn

optim, schedulers = torch.optim, torch.optim.lr_scheduler
ours, schedules = keras.optimizers, keras.optimizers.schedules


def theirs_model():
    return nn.Sequential(nn.Linear(5, 3))


def ours_model():
    return keras.Sequential([L.Input((5,)), L.Dense(3)])


@pytest.fixture
def data(rng):
    return rng.normal(size=(8, 5)), rng.normal(size=(8, 3))


def clipped(clip, *limit, each=False):
    def make(params):
        def hook(*_):
            for part in [[p] for p in params] if each else [params]:
                clip(part, *limit)

        optimizer = optim.SGD(params, lr=0.125)
        optimizer.register_step_pre_hook(hook)
        return optimizer

    return make


def scheduled(make, *rest):
    def made(params):
        optimizer = optim.SGD(params, lr=0.125)
        return optimizer, make(optimizer), *rest

    return made


def sgd(p):
    return optim.SGD(p, lr=0.125)


def halving(epoch):
    return ours.SGD(schedules.ExponentialDecay(0.125, epoch, 0.5, staircase=True))


def grouped(params):
    kernels, biases = [p for p in params if p.ndim > 1], [p for p in params if p.ndim == 1]
    groups = [{"params": kernels}, {"params": biases, "weight_decay": 0.0}]
    return optim.AdamW(groups, lr=2.0**-8, weight_decay=0.0625)


def two_rates(params):
    return optim.SGD([{"params": params[:1]}, {"params": params[1:], "lr": 0.5}], lr=0.125)


norm, value = nn.utils.clip_grad_norm_, nn.utils.clip_grad_value_

# torch's, Keras', what the cause says with Keras as the port, and with torch as the port.
WRONG = {
    "learning rate": (
        sgd,
        ours.SGD(0.01),
        "learning rate of the port's optimizer is 0.01, the reference's 0.125",
        "learning rate of the port's optimizer is 0.125, the reference's 0.01",
    ),
    "momentum": (
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        ours.SGD(0.1),
        "momentum of the port's optimizer is 0, the reference's 0.9",
        "momentum of the port's optimizer is 0.9, the reference's 0",
    ),
    "nesterov": (
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        ours.SGD(0.1, momentum=0.9),
        "nesterov of the port's optimizer is False, the reference's True",
        "nesterov of the port's optimizer is True, the reference's False",
    ),
    "dampening": (
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5),
        ours.SGD(0.1, momentum=0.9),
        "the reference's optimizer has dampening=0.5, which Keras' has not",
        "dampening of the port's optimizer is 0.5, the reference's 0",
    ),
    "beta_1": (
        lambda p: optim.Adam(p, betas=(0.5, 0.999)),
        ours.Adam(),
        "beta_1 of the port's optimizer is 0.9, the reference's 0.5",
        "beta_1 of the port's optimizer is 0.5, the reference's 0.9",
    ),
    "epsilon of Adam": (
        lambda p: optim.Adam(p, eps=1e-3),
        ours.Adam(),
        "epsilon of the port's optimizer is 1e-07, the reference's 0.001",
        "epsilon of the port's optimizer is 0.001, the reference's 1e-07",
    ),
    "amsgrad": (
        lambda p: optim.Adam(p, lr=0.1, amsgrad=True),
        ours.Adam(0.1),
        "amsgrad of the port's optimizer is False, the reference's True",
        "amsgrad of the port's optimizer is True, the reference's False",
    ),
    "defaults of RMSprop": (
        lambda p: optim.RMSprop(p, lr=1e-3),
        ours.RMSprop(1e-3),
        "rho of the port's optimizer is 0.9, the reference's 0.99",
        "rho of the port's optimizer is 0.99, the reference's 0.9",
    ),
    "epsilon of RMSprop": (
        lambda p: optim.RMSprop(p, lr=1e-3, alpha=0.9, eps=1e-2),
        ours.RMSprop(1e-3),
        "epsilon of the port's optimizer is 1e-07, the reference's 0.01, and RMSprop's stands",
        "epsilon of the port's optimizer is 0.01, the reference's 1e-07, and RMSprop's stands",
    ),
    "centered": (
        lambda p: optim.RMSprop(p, lr=1e-3, alpha=0.9, centered=True),
        ours.RMSprop(1e-3),
        "centered of the port's optimizer is False, the reference's True",
        "centered of the port's optimizer is True, the reference's False",
    ),
    "accumulator of Adagrad": (
        lambda p: optim.Adagrad(p, lr=0.01),
        ours.Adagrad(0.01),
        "initial accumulator of the port's optimizer is 0.1, the reference's 0",
        "initial accumulator of the port's optimizer is 0, the reference's 0.1",
    ),
    "value of the decay": (
        lambda p: optim.AdamW(p, weight_decay=0.5),
        ours.AdamW(),
        "weight decay of the port's optimizer is 0.004, the reference's 0.5",
        "weight decay of the port's optimizer is 0.5, the reference's 0.004",
    ),
    "L2 in Adam": (
        lambda p: optim.Adam(p, weight_decay=0.5),
        ours.Adam(weight_decay=0.5),
        "the port's weight decay (0.5) is decoupled from the gradient, as all of Keras' are",
        "the port's weight decay (0.5) is added to the gradient (L2), the reference's is decoupled",
    ),
    "L2 with momentum": (
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.5),
        ours.SGD(0.1, momentum=0.9, weight_decay=0.5),
        "the port's weight decay (0.5) is decoupled from the gradient, as all of Keras' are",
        "the port's weight decay (0.5) is added to the gradient (L2), the reference's is decoupled",
    ),
    "decay forgotten": (
        lambda p: optim.AdamW(p, weight_decay=0.5),
        ours.Adam(),
        "weight decay of the port's optimizer is 0, the reference's 0.5",
        "weight decay of the port's optimizer is 0.5, the reference's 0",
    ),
    "decay of the biases": (
        grouped,
        ours.AdamW(2.0**-8, weight_decay=0.0625),
        "weight decay differs by weight",
        "weight decay differs by weight",
    ),
    "rates of groups": (
        two_rates,
        ours.SGD(0.125),
        "the reference's param groups have learning rates of 0.125, 0.5; the Keras optimizer has",
        "the port's param groups have learning rates of 0.125, 0.5; the Keras optimizer has one",
    ),
    "another kind": (
        sgd,
        ours.Adam(0.125),
        "the port's optimizer is Adam, the reference's SGD",
        "the port's optimizer is SGD, the reference's Adam",
    ),
    "another kind, with numbers": (
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        ours.RMSprop(1e-3),
        "the port's optimizer is RMSprop, the reference's SGD",
        "the port's optimizer is SGD, the reference's RMSprop",
    ),
    "another kind, with decay": (
        lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.5),
        ours.SGD(0.01),
        "the port's optimizer is SGD, the reference's AdamW",
        "the port's optimizer is AdamW, the reference's SGD",
    ),
    "clipping of the norm": (
        clipped(norm, 0.125),
        ours.SGD(0.125),
        "the port does not clip gradients, the reference does (global_clipnorm=0.125)",
        "the port clips gradients (global_clipnorm=0.125), the reference does not",
    ),
    "clipping of values": (
        clipped(value, 0.0625),
        ours.SGD(0.125),
        "the port does not clip gradients, the reference does (clipvalue=0.0625)",
        "the port clips gradients (clipvalue=0.0625), the reference does not",
    ),
    "clipping in Keras": (
        sgd,
        ours.SGD(0.125, global_clipnorm=0.125),
        "the port clips gradients (global_clipnorm=0.125), the reference does not",
        "the port does not clip gradients, the reference does (global_clipnorm=0.125)",
    ),
    "clipping of each": (
        clipped(norm, 0.125),
        ours.SGD(0.125, clipnorm=0.125),
        "the port clips gradients (clipnorm=0.125), the reference does (global_clipnorm=0.125)",
        "the port clips gradients (global_clipnorm=0.125), the reference does (clipnorm=0.125)",
    ),
    "clipping to another norm": (
        clipped(norm, 0.125, each=True),
        ours.SGD(0.125, clipnorm=0.25),
        "the port clips gradients (clipnorm=0.25), the reference does (clipnorm=0.125)",
        "the port clips gradients (clipnorm=0.125), the reference does (clipnorm=0.25)",
    ),
    "gradients accumulated": (
        sgd,
        ours.SGD(0.125, gradient_accumulation_steps=4),
        "the port's optimizer accumulates gradients over 4 steps",
        "the reference's optimizer accumulates gradients over 4 steps",
    ),
    "weights averaged": (
        sgd,
        ours.SGD(0.125, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2),
        "the port's optimizer replaces the weights by their moving average every 2 steps",
        "the reference's optimizer replaces the weights by their moving average every 2 steps",
    ),
    "schedule forgotten": (
        scheduled(lambda o: schedulers.ExponentialLR(o, 0.5)),
        ours.SGD(0.125),
        "the port has no learning rate schedule: always 0.125, the reference's 0.125 at the first",
        "the port has a learning rate schedule, the reference none",
    ),
    "schedule by steps": (
        scheduled(lambda o: schedulers.StepLR(o, 1, 0.5), 3),
        halving(1),
        "the port's schedule counts steps, the reference's epochs of 3 steps",
        "the reference's schedule counts steps, the port's epochs of 3 steps",
    ),
    "schedule by epochs": (
        scheduled(lambda o: schedulers.StepLR(o, 2, 0.5)),
        halving(4),
        "the reference's schedule counts steps, the port's epochs of 2 steps",
        "the port's schedule counts steps, the reference's epochs of 2 steps",
    ),
    "schedule a step ahead": (
        scheduled(lambda o: schedulers.MultiStepLR(o, [3, 5], 0.5)),
        ours.SGD(schedules.PiecewiseConstantDecay([1, 3], [0.125, 0.0625, 0.03125])),
        "the port's schedule is a step ahead of the reference's",
        "the port's schedule is a step behind of the reference's",
    ),
    "schedule of another shape": (
        scheduled(lambda o: schedulers.CosineAnnealingLR(o, 8)),
        ours.SGD(schedules.PolynomialDecay(0.125, 8, 0.0)),
        "the learning rates differ from step 2",
        "the learning rates differ from step 2",
    ),
}


@pytest.mark.parametrize("to_keras", [True, False], ids=["to_keras", "to_torch"])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_optimizer_is_named(parity, data, name, to_keras):
    theirs, keras_, in_keras, in_torch = WRONG[name]
    models = theirs_model(), ours_model()
    models = models if to_keras else models[::-1]
    steps = 8 if "schedule" in name or name == "amsgrad" else 3
    report = parity.report(*models, *data, loss="mse", optimizer=(theirs, keras_), steps=steps)
    assert report.failed_rung in ("one-step", "curve", "eval-after"), report.text()
    assert len(report.findings) == 1, report.text()
    (finding,) = report.findings
    assert (in_keras if to_keras else in_torch) in finding.cause
    assert finding.before > 1e-7 > finding.after, report.text()
    assert not report.unexplained


@pytest.mark.parametrize("to_keras", [True, False], ids=["to_keras", "to_torch"])
def test_several_mistakes_are_told_apart(parity, data, to_keras):
    pair = (
        lambda p: optim.Adam(p, lr=1e-3, betas=(0.5, 0.75)),
        ours.Adam(2e-3, beta_1=0.75, beta_2=0.5),
    )
    models = theirs_model(), ours_model()
    models = models if to_keras else models[::-1]
    report = parity.report(*models, *data, loss="mse", optimizer=pair, steps=3)
    assert report.failed_rung == "one-step"
    assert sorted(finding.cause.split(" of ")[0] for finding in report.findings) == [
        "beta_1",
        "beta_2",
        "learning rate",
    ]
    assert all(finding.before > 1e-7 for finding in report.findings)
    assert not report.unexplained


def test_an_unknown_difference_is_not_guessed(parity, data):
    class Noisy(optim.SGD):
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.grad.add_(torch.sin(100 * p.detach()), alpha=0.1)
            return super().step(closure)

    pair = (lambda p: Noisy(p, lr=0.125), ours.SGD(0.125))
    report = parity.report(theirs_model(), ours_model(), *data, loss="mse", optimizer=pair)
    assert report.failed_rung == "one-step"
    assert report.findings == []
    assert "no known cause" in report.unexplained


def test_frozen_weights(parity, data):
    theirs = nn.Sequential(nn.Linear(5, 5), nn.Linear(5, 3))
    theirs[0].requires_grad_(False)
    pair = (lambda p: optim.SGD([q for q in p if q.requires_grad], lr=0.125), ours.SGD(0.125))
    port = keras.Sequential([L.Input((5,)), L.Dense(5), L.Dense(3)])
    report = parity.report(theirs, port, *data, loss="mse", optimizer=pair, steps=2)
    assert "trained in the port alone" in report.findings[0].cause
    port.layers[0].trainable = False
    assert parity(theirs, port, *data, loss="mse", optimizer=pair, steps=2).passed
