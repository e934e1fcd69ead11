"""Optimizers that mean the same pass; what Keras does otherwise is explained by its formula."""

import keras
import numpy as np
import pytest
import torch
from keras import layers as L
from torch import nn

EXACT = 1e-9
optim, schedulers = torch.optim, torch.optim.lr_scheduler
ours, schedules = keras.optimizers, keras.optimizers.schedules


def theirs_model():
    return nn.Sequential(nn.Linear(5, 3))


def ours_model():
    return keras.Sequential([L.Input((5,)), L.Dense(3)])


@pytest.fixture
def data(rng):
    return rng.normal(size=(8, 5)), rng.normal(size=(8, 3))


def compare(parity, data, pair, to_keras=True, **options):
    models = theirs_model(), ours_model()
    models = models if to_keras else models[::-1]
    options = {"tolerance": EXACT, "steps": 4} | options
    return parity(*models, *data, loss="mse", optimizer=pair, **options)


def clipped(clip, **settings):
    """SGD whose hook clips the gradients before each step."""

    def make(params):
        def hook(*_):
            clip(params)

        optimizer = optim.SGD(params, **settings)
        optimizer.register_step_pre_hook(hook)
        return optimizer

    return make


def norms(params):
    for parameter in params:
        nn.utils.clip_grad_norm_(parameter, 0.125)


def scheduled(make, *rest):
    def made(params):
        optimizer = optim.SGD(params, lr=0.1)
        return optimizer, make(optimizer), *rest

    return made


EXPLAINED = {
    "rate": (lambda p: optim.SGD(p, lr=0.1), ours.SGD(0.1), "learning rate as float32"),
    "Adam's defaults": (lambda p: optim.Adam(p), ours.Adam(), "eps * sqrt(1 - beta_2^t)"),
    "Adam with equal epsilons": (
        lambda p: optim.Adam(p, eps=1e-4, amsgrad=True),
        ours.Adam(epsilon=1e-4, amsgrad=True),
        "eps * sqrt(1 - beta_2^t)",
    ),
    "AdamW": (
        lambda p: optim.AdamW(p, weight_decay=0.02),
        ours.AdamW(weight_decay=0.02),
        "eps * sqrt(1 - beta_2^t)",
    ),
    "Adam's decay, decoupled in both": (
        lambda p: optim.AdamW(p, weight_decay=0.02),
        ours.Adam(weight_decay=0.02),
        "eps * sqrt(1 - beta_2^t)",
    ),
    "RMSprop": (
        lambda p: optim.RMSprop(p, lr=1e-3, alpha=0.9, eps=1e-4, centered=True),
        ours.RMSprop(1e-3, epsilon=1e-8, centered=True),
        "epsilon stands under the root",
    ),
    "Adagrad": (
        lambda p: optim.Adagrad(p, lr=0.01, initial_accumulator_value=0.1, eps=1e-7),
        ours.Adagrad(0.01),
        "epsilon stands under the root",
    ),
    "clipping by the norm of all": (
        clipped(lambda params: nn.utils.clip_grad_norm_(params, 0.125), lr=0.125),
        ours.SGD(0.125, global_clipnorm=0.125),
        "max_norm / (norm + 1e-6)",
    ),
    "clipping by each norm": (
        clipped(norms, lr=0.125),
        ours.SGD(0.125, clipnorm=0.125),
        "max_norm / (norm + 1e-6)",
    ),
}


@pytest.mark.parametrize("to_keras", [True, False])
@pytest.mark.parametrize("name", EXPLAINED)
def test_known_differences_are_subtracted(parity, data, name, to_keras):
    theirs, keras_, formula = EXPLAINED[name]
    report = compare(parity, data, (theirs, keras_), to_keras)
    rungs = [report.rung("one-step"), report.rung("curve")]
    explained = [rung for rung in rungs if rung.status == "explained"]
    assert explained
    assert formula in explained[0].detail
    assert "without" in explained[0].detail


PASSED = {
    "momentum": (
        lambda p: optim.SGD(p, lr=0.125, momentum=0.875),
        ours.SGD(0.125, momentum=0.875),
    ),
    "nesterov": (
        lambda p: optim.SGD(p, lr=0.125, momentum=0.875, nesterov=True),
        ours.SGD(0.125, momentum=0.875, nesterov=True),
    ),
    "decay of plain SGD": (
        lambda p: optim.SGD(p, lr=0.125, weight_decay=0.0625),
        ours.SGD(0.125, weight_decay=0.0625),
    ),
    "clipping of values": (
        clipped(lambda params: nn.utils.clip_grad_value_(params, 0.0625), lr=0.125),
        ours.SGD(0.125, clipvalue=0.0625),
    ),
    "a class": (lambda p: optim.SGD(p, lr=0.01), lambda: ours.SGD(0.01)),
    "averages that are not used": (
        lambda p: optim.SGD(p, lr=0.125),
        ours.SGD(0.125, use_ema=True),
    ),
    "scale of the loss": (
        lambda p: optim.SGD(p, lr=0.125),
        ours.SGD(0.125, loss_scale_factor=64.0),
    ),
    "Adadelta": (
        lambda p: optim.Adadelta(p, lr=0.5, rho=0.875, eps=2.0**-20),
        ours.Adadelta(0.5, rho=0.875, epsilon=2.0**-20),
    ),
}


@pytest.mark.parametrize("to_keras", [True, False])
@pytest.mark.parametrize("name", PASSED)
def test_equal_pairs_pass(parity, data, name, to_keras):
    report = compare(parity, data, PASSED[name], to_keras, tolerance=1e-8)
    assert report.rung("curve").status == "pass"


class Warmup(schedules.LearningRateSchedule):
    """Without get_config, as people write them."""

    def __call__(self, step):
        return 0.125 * keras.ops.minimum(1.0, (keras.ops.cast(step, "float32") + 1) / 4)


SCHEDULES = {
    "exponential": (
        scheduled(lambda o: schedulers.ExponentialLR(o, 0.8)),
        ours.SGD(schedules.ExponentialDecay(0.1, 1, 0.8)),
    ),
    "by the epoch": (
        scheduled(lambda o: schedulers.StepLR(o, 2, 0.5), 2),
        ours.SGD(schedules.ExponentialDecay(0.1, 4, 0.5, staircase=True)),
    ),
    "cosine": (
        scheduled(lambda o: schedulers.CosineAnnealingLR(o, 8)),
        ours.SGD(schedules.CosineDecay(0.1, 8)),
    ),
    "pieces": (
        scheduled(lambda o: schedulers.MultiStepLR(o, [3, 5], 0.1)),
        ours.SGD(schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.01, 0.001])),
    ),
    "of one's own": (
        lambda p: (
            o := optim.SGD(p, lr=0.125),
            schedulers.LambdaLR(o, lambda t: min(1.0, (t + 1) / 4)),
        ),
        ours.SGD(Warmup()),
    ),
}


@pytest.mark.parametrize("to_keras", [True, False])
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(parity, data, name, to_keras):
    report = compare(parity, data, SCHEDULES[name], to_keras, steps=8)
    assert report.rung("curve").status in ("pass", "explained")


@pytest.mark.parametrize("to_keras", [True, False])
def test_momentum_under_a_schedule_is_explained(parity, data, to_keras):
    def make(params):
        optimizer = optim.SGD(params, lr=0.125, momentum=0.875, nesterov=True)
        return optimizer, schedulers.ExponentialLR(optimizer, 0.5)

    port = ours.SGD(schedules.ExponentialDecay(0.125, 1, 0.5), momentum=0.875, nesterov=True)
    report = compare(parity, data, (make, port), to_keras)
    assert report.rung("curve").status == "explained"
    assert "lr(t - 1) / lr(t)" in report.rung("curve").detail


@pytest.mark.parametrize("to_keras", [True, False])
def test_param_groups_against_exclusions(parity, data, to_keras):
    def make(params):
        kernels = [p for p in params if p.ndim > 1]
        biases = [p for p in params if p.ndim == 1]
        groups = [{"params": kernels}, {"params": biases, "weight_decay": 0.0}]
        return optim.AdamW(groups, lr=2.0**-8, weight_decay=0.0625)

    port = ours.AdamW(2.0**-8, weight_decay=0.0625)
    port.exclude_from_weight_decay(var_names=["bias"])
    report = compare(parity, data, (make, port), to_keras)
    assert report.rung("one-step").status == "explained"


def test_averages_put_in_the_place_of_weights(parity, data):
    def make(params):
        optimizer = optim.SGD(params, lr=0.125)
        averages, steps = {}, []

        @torch.no_grad()
        def average(*_):
            steps.append(1)
            for p in params:
                share = 0.5 if len(steps) > 1 else 1.0
                averages[p] = (1 - share) * averages.get(p, 0.0) + share * p
                if len(steps) % 2 == 0:
                    p.copy_(averages[p])

        optimizer.register_step_post_hook(average)
        return optimizer

    port = ours.SGD(0.125, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2)
    compare(parity, data, (make, port), tolerance=1e-7)


@pytest.mark.parametrize("to_keras", [True, False])
def test_repeated_tokens_under_adam(parity, rng, to_keras):
    """parity.md section 6: Keras takes the rows of a sparse gradient one by one."""
    models = (
        nn.Sequential(nn.Embedding(6, 4), nn.Flatten(), nn.Linear(32, 3)),
        keras.Sequential(
            [L.Input((8,), dtype="int64"), L.Embedding(6, 4), L.Flatten(), L.Dense(3)]
        ),
    )
    models = models if to_keras else models[::-1]
    tokens, y = rng.integers(0, 6, (5, 8)), rng.integers(0, 3, 5)
    pair = lambda p: optim.Adam(p, lr=0.01), ours.Adam(0.01)
    options = {"loss": "cross_entropy", "tolerance": 1e-8, "steps": 4}
    report = parity(*models, tokens, y, optimizer=pair, **options)
    assert report.rung("curve").status == "explained"
    assert "a repeated token's gradients one by one" in report.rung("curve").detail
    plain = parity(*models, tokens, y, optimizer="sgd", **options)
    assert plain.rung("curve").status == "pass"


def test_the_users_optimizer_stays_as_it_was(parity, data):
    schedule = schedules.ExponentialDecay(0.1, 1, 0.8)
    port = ours.SGD(schedule)
    compare(parity, data, (scheduled(lambda o: schedulers.ExponentialLR(o, 0.8)), port))
    assert port._learning_rate is schedule
    assert not port.built
    assert int(port.iterations) == 0


def made_once():
    kept = []

    def make(params):
        kept.append(optim.SGD(params, lr=0.125))
        return kept[0]

    return make


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: None, "must return an optimizer, \\(optimizer, scheduler\\), or"),
        (lambda p: (optim.SGD(p), 3), "not SGD, int"),
        (scheduled(lambda o: schedulers.ExponentialLR(o, 0.8), 0), "not SGD, ExponentialLR, int"),
        (made_once(), "must make a new optimizer at each call"),
        (lambda p: optim.LBFGS(p), "torch: LBFGS.step\\(\\) raised TypeError"),
    ],
)
def test_what_torchs_function_may_return(parity, data, make, said):
    with pytest.raises(ValueError, match=said):
        compare(parity, data, (make, ours.SGD(0.125)))


def test_rates_are_seen_to_decay(data):
    """What `compare` is given is what a plain loop would do."""
    from pytest_gradferry.parity.training.steppers import TorchStepper

    parameter = nn.Parameter(torch.zeros(1))
    optimizer = optim.SGD([parameter], lr=1.0)
    stepper = TorchStepper(optimizer, schedulers.StepLR(optimizer, 1, 0.5), 2)
    assert np.allclose(stepper.planned_rates(5), [1, 1, 0.5, 0.5, 0.25])


def regularised(l2):
    return keras.Sequential(
        [L.Input((5,)), L.Dense(3, kernel_regularizer=keras.regularizers.L2(l2))]
    )


@pytest.mark.parametrize("to_keras", [True, False])
def test_regularisers_against_weight_decay(parity, data, to_keras):
    def make(params):
        groups = [{"params": params[:1], "weight_decay": 0.125}, {"params": params[1:]}]
        return optim.SGD(groups, lr=0.125, momentum=0.875)

    models = nn.Sequential(nn.Linear(5, 3)), regularised(0.0625)
    models = models if to_keras else models[::-1]
    pair = make, ours.SGD(0.125, momentum=0.875)
    options = {"loss": "mse", "tolerance": 1e-8, "steps": 3}
    parity(*models, *data, optimizer=pair, **options)
    parity(*models, *data, optimizer="momentum", **options)


@pytest.mark.parametrize("to_keras", [True, False])
def test_regularisers_count_twice(parity, data, to_keras):
    def make(params):
        groups = [{"params": params[:1], "weight_decay": 0.125}, {"params": params[1:]}]
        return optim.SGD(groups, lr=0.125)

    models = nn.Sequential(nn.Linear(5, 3)), regularised(0.125)
    models = models if to_keras else models[::-1]
    options = {"loss": "mse", "optimizer": (make, ours.SGD(0.125)), "steps": 2}
    report = parity.report(*models, *data, **options)
    (finding,) = report.findings
    assert finding.rule == "XFR417"
    assert "l2(c) adds 2 * c * weight to the gradient" in finding.cause
    assert finding.before > 1e-7 > finding.after
