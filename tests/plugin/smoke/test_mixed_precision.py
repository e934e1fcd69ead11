"""The check `mixed-precision`: torch's autocast and GradScaler, Keras' policies and loss scale."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch.nn import functional

from pytest_gradferry.smoke import Smoke, SmokeError

random = np.random.default_rng(0)
X = random.normal(size=(32, 8)).astype("float32")
Y = random.normal(size=(32, 1)).astype("float32")


def outcome(model, only=("mixed-precision",), **how):
    report = Smoke().report(model, X, Y, only=only, **how)
    return report.outcomes["mixed-precision"], str(report)


class TorchStep:
    """A step under autocast; the words in `lines` are what it does between forward and return."""

    def __init__(self, lines, optimizer="SGD", dtype=torch.float16, **scaler):
        torch.manual_seed(0)
        self.model = torch.nn.Sequential(
            torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1)
        )
        self.optimizer = getattr(torch.optim, optimizer)(self.model.parameters(), lr=0.01)
        self.scaler = torch.amp.GradScaler("cpu", **scaler)
        self.lines, self.dtype, self.factor = lines.split(), dtype, 1.0

    def __call__(self, x, y):
        self.optimizer.zero_grad()
        with torch.autocast("cpu", dtype=self.dtype):
            self.loss = functional.mse_loss(self.model(x), y) * self.factor
        for line in self.lines:
            getattr(self, line)()
        return self.loss

    def scaled(self):
        self.scaler.scale(self.loss).backward()

    def unscaled(self):
        self.scaler.scale(self.loss)
        self.loss.backward()

    def backward(self):
        self.loss.backward()

    def unscale(self):
        self.scaler.unscale_(self.optimizer)

    def clip(self):
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)

    def step(self):
        self.scaler.step(self.optimizer)

    def plain_step(self):
        self.optimizer.step()

    def update(self):
        self.scaler.update()

    def returned_scaled(self):
        self.loss = self.scaler.scale(self.loss)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ("scaled clip step update", "changed while they are scaled"),
        ("scaled plain_step", "does not go through the scaler"),
        ("unscaled step update", "the backward pass runs on a loss that is not scaled"),
    ],
)
def test_scaler_order(lines, cause, optimizer):
    step = TorchStep(lines, optimizer)
    found, text = outcome(step.model, step=step)
    assert found.status == "failed"
    assert cause in text
    assert found.findings[0].code == "XFR803"


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ("scaled step", r"scaler.update\(\) is missing"),
        ("scaled step update update", r"scaler.update\(\) comes twice"),
        ("scaled unscale unscale step update", r"scaler.unscale_\(optimizer\) comes twice"),
        ("backward step update", "the loss is never scaled"),
    ],
)
def test_scaler_errors_are_explained_and_leave_the_scaler_as_it_was(lines, cause):
    step = TorchStep(lines)
    with pytest.raises(SmokeError, match=cause) as caught:
        outcome(step.model, step=step)
    assert "XFR803" in str(caught.value)
    assert not step.scaler._per_optimizer_states


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("lines", ["scaled step update", "scaled unscale clip step update"])
def test_right_order_passes(lines, dtype, optimizer):
    step = TorchStep(lines, optimizer, dtype)
    found, text = outcome(step.model, step=step)
    assert found.status == "passed", text
    assert found.reason == ""


def test_all_checks_pass_though_the_first_scale_overflows():
    step = TorchStep("scaled unscale clip step update", init_scale=2.0**20)
    report = Smoke().report(step.model, X, Y, step=step)
    assert report.passed, str(report)
    assert step.scaler.get_scale() == 2.0**20


def test_scaled_loss_returned_is_a_remark():
    step = TorchStep("scaled step update returned_scaled")
    found, _ = outcome(step.model, step=step)
    assert found.reason == "the loss that the step returns is the scaled one"


def test_steps_skipped_for_ever():
    step = TorchStep("scaled step update")
    step.factor = 1e50
    _, text = outcome(step.model, step=step)
    assert "no step of 20 updates anything" in text
    assert "not finite with a loss scale of 1 either" in text
    step = TorchStep("scaled step update", init_scale=2.0**40)
    _, text = outcome(step.model, step=step)
    assert "only the scale is too high: with 1 they are finite" in text


def test_gradients_lost_in_float16():
    step = TorchStep("backward plain_step")
    step.scaler, step.factor = None, 1e-6
    found, text = outcome(step.model, step=step)
    assert "gradients that are not zero come out as zero in the first step" in text
    assert found.findings[0].code == "XFR803"
    step.factor = 1.0
    found, text = outcome(step.model, step=step)
    assert found.status == "passed", text
    step.factor, step.dtype = 1e-6, torch.bfloat16
    found, text = outcome(step.model, step=step)
    assert found.status == "passed", text


def test_model_in_float16_without_a_scaler():
    model = TorchStep("").model.half()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def step(x, y, factor=1e-6):
        optimizer.zero_grad()
        loss = functional.mse_loss(model(x), y)
        (loss * factor).backward()
        optimizer.step()
        return loss

    found, _ = outcome(model, step=step)
    assert "too small for float16" in found.findings[0].cause
    found, text = outcome(model, step=lambda x, y: step(x, y, 1.0))
    assert found.status == "passed", text


def test_full_precision_is_skipped_unless_asked():
    model = TorchStep("").model
    report = Smoke().report(model, X, Y, loss="mse")
    assert report.outcomes["mixed-precision"].status == "skipped"
    found, _ = outcome(model, loss="mse")
    assert found.status == "passed"
    assert "in bfloat16" in found.reason


def test_what_bfloat16_cannot_train():
    class Cancels(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Linear(8, 1)

        def forward(self, x):
            return torch.nn.functional.linear(x, self.weight.weight, self.weight.bias + 1e4) - 1e4

    found, text = outcome(Cancels(), loss="mse", optimizer=lambda p: torch.optim.SGD(p, lr=0.05))
    assert found.status == "failed", text
    assert "in float32" in text


def keras_net(policy="mixed_float16"):
    return keras.Sequential(
        [
            keras.layers.Input((8,)),
            keras.layers.Dense(16, "relu", dtype=policy),
            keras.layers.BatchNormalization(dtype=policy),
            keras.layers.Dense(1, dtype="float32"),
        ]
    )


mean_squared_error = keras.losses.MeanSquaredError()


def tape_step(scales=1, clips=False, factor=1.0, policy="mixed_float16", scaler=2**15):
    model, optimizer = keras_net(policy), keras.optimizers.SGD(0.01)
    if scaler:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=scaler)

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = mean_squared_error(y, model(x, training=True)) * factor
            goal = loss
            for _ in range(scales):
                goal = optimizer.scale_loss(goal)
        gradients = tape.gradient(goal, model.trainable_variables)
        if clips:
            gradients, _ = tf.clip_by_global_norm(gradients, 0.1)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return model, step


@pytest.mark.parametrize("wrap", [tf.function, lambda step: step], ids=["graph", "eager"])
@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ({"scales": 0}, "the backward pass runs on a loss that is not scaled"),
        ({"scales": 2}, "the loss is scaled twice"),
        ({"clips": True}, "changed while they are scaled"),
        ({"scales": 0, "scaler": False, "factor": 1e-7}, "too small for float16"),
    ],
)
def test_keras_loss_scale(how, cause, wrap):
    model, step = tape_step(**how)
    found, text = outcome(model, step=wrap(step))
    assert found.status == "failed"
    assert cause in text
    assert found.findings[0].code == "XFR804"


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"scaler": 2.0**24},  # overflows in the first steps
        {"scales": 0, "scaler": False},
        {"scales": 0, "scaler": False, "policy": "mixed_bfloat16"},
    ],
)
def test_keras_sound(how):
    model, step = tape_step(**how)
    report = Smoke().report(model, X, Y, step=step)
    assert report.passed, str(report)
    assert report.outcomes["mixed-precision"].status == "passed"


def test_keras_compiled_model_under_a_policy():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = keras_net()
        model.compile("adam", "mse")
    finally:
        keras.config.set_dtype_policy(before)
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    report = Smoke().report(model, X, Y)
    assert report.passed, str(report)
    assert report.outcomes["mixed-precision"].status == "passed"


def test_keras_full_precision_when_asked():
    model = keras_net("float32")
    model.compile("adam", "mse")
    found, _ = outcome(model)
    assert "in bfloat16" in found.reason
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
