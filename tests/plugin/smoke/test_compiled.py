"""The check `compiled`: a traced or compiled step against the same step run eagerly."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from keras import layers

from pytest_gradferry.smoke import Smoke, SmokeError

random = np.random.default_rng(0)
X = random.normal(size=(16, 8)).astype("float32")
Y = random.integers(0, 3, 16)
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def keras_net():
    return keras.Sequential(
        [
            layers.Input((8,)),
            layers.Dense(16),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.2),
            layers.Dense(3),
        ]
    )


def outcome(model, **how):
    report = Smoke().report(model, X, Y, only=["compiled"], **how)
    return report.outcomes["compiled"], str(report)


class Traced:
    """A user's step: `scale` of the loss and what else happens are for each case to say."""

    def __init__(self, scale=lambda case: 1.0, before=lambda case: None):
        self.model, self.optimizer = keras_net(), keras.optimizers.Adam(1e-2)
        self.scale, self.before = scale, before
        self.calls, self.rate, self.traces = 0, 1.0, 0
        self.variable = tf.Variable(1.0)

    def __call__(self, x, y):
        self.before(self)
        return self.graph(x, y)

    @tf.function
    def graph(self, x, y, scale=None):
        with tf.GradientTape() as tape:
            loss = cross_entropy(y, self.model(x, training=True))
            loss *= self.scale(self) if scale is None else scale
        weights = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss


def counted(case):
    case.calls += 1
    return 1.0


def faded(case):
    case.calls += 1
    return 1.0 / case.calls


def halve(case):
    case.rate /= 2


def halve_variable(case):
    case.variable.assign(case.variable / 2)


def count_traces(case):
    case.traces += 1
    return 1.0


BUGS = {
    "counter-that-scales": (
        lambda: Traced(faded),
        "Python changes `Traced.calls` inside",
        "XFR610",
    ),
    "counter": (lambda: Traced(counted), "`Traced.calls` changes in every eager step", "XFR610"),
    "np.random": (lambda: Traced(lambda _: np.random.rand()), "np.random draws once", "XFR610"),
    "value-rebound": (
        lambda: Traced(lambda case: case.rate, halve),
        "`Traced.rate` is a value of Python, which tracing took as ",
        "XFR802",
    ),
}


@pytest.mark.parametrize("bug", BUGS)
def test_what_tracing_freezes_is_named(bug):
    make, told, code = BUGS[bug]
    step = make()
    found, text = outcome(step.model, step=step)
    assert found.status == "failed"
    assert told in text
    assert found.findings[0].cause
    assert found.findings[0].code == code


SOUND = {
    "plain": Traced,
    "variable-assigned": lambda: Traced(lambda case: case.variable, halve_variable),
    "counter-outside": lambda: Traced(before=counted),
    "traces-counted": lambda: Traced(count_traces),
}


@pytest.mark.parametrize("case", SOUND)
def test_sound_traced_steps_pass(case):
    step = SOUND[case]()
    found, text = outcome(step.model, step=step)
    assert found.status == "passed", text


def test_traced_before_with_other_values():
    step = Traced(lambda case: case.rate)
    step(tf.constant(X), tf.constant(Y))
    step.rate = 0.5
    found, text = outcome(step.model, step=step)
    assert "it was traced before, with values of Python that are others now" in text
    assert found.findings[0].code == "XFR802"


def test_traced_in_every_step():
    step = Traced()

    def numbers(x, y):
        step.rate /= 2
        return step.graph(x, y, step.rate)

    def made_anew(x, y):
        return tf.function(step.graph.python_function)(x, y)

    _, text = outcome(step.model, step=numbers)
    assert "graph is traced in every step: 4 times in 4" in text
    assert "Python numbers that change (0.5, 0.25, 0.125, ...)" in text
    _, text = outcome(step.model, step=made_anew)
    assert "each call is of another compiled function, made in that step" in text


def test_created_in_it():
    step = Traced(lambda case: float(bool(keras.optimizers.Adam())))
    with pytest.raises(SmokeError, match="XFR801"):
        outcome(step.model, step=step)


def test_train_step_of_a_compiled_model():
    class Fading(keras.Sequential):
        def train_step(self, data):
            self.seen += 1
            x, y = data
            with tf.GradientTape() as tape:
                loss = cross_entropy(y, self(x, training=True)) / self.seen
            weights = self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            return {"loss": loss}

    model = Fading([layers.Input((8,)), layers.Dense(3)])
    model.seen = 0
    model.compile("sgd")
    _, text = outcome(model)
    assert "Python changes `Fading.seen` inside the traced function" in text
    assert model.seen == 0


def test_compiled_models_pass():
    model = keras_net()
    model.compile("adam", cross_entropy)
    found, text = outcome(model)
    assert found.status == "passed", text


@pytest.mark.parametrize(("rate", "status"), [(0.0, "passed"), (0.5, "skipped")])
def test_xla_agrees_but_for_its_random_numbers(rate, status):
    layer = layers.Dropout(rate) if rate else layers.ReLU()
    model = keras.Sequential([layers.Input((8,)), layers.Dense(8), layer, layers.Dense(3)])
    model.compile("adam", cross_entropy, jit_compile=True)
    found, text = outcome(model)
    assert found.status == status, text


def test_eager_steps_are_skipped_with_a_reason():
    step = Traced()
    found, _ = outcome(step.model, step=step.graph.python_function)
    assert found.status == "skipped"
    assert "no tf.function is called" in found.reason


def test_draws_that_differ_by_design_are_skipped():
    step = Traced(lambda _: tf.random.uniform(()))
    found, text = outcome(step.model, step=step)
    assert found.status == "skipped", text


def test_functions_run_as_before_after_an_error():
    step = Traced()
    calls = type(step.graph).__call__

    def fails(x, y):
        step.calls += 1
        if step.calls == 4:  # the watched steps are three
            raise RuntimeError("planted")
        return step.graph(x, y)

    with pytest.raises(SmokeError, match="planted"):
        outcome(step.model, step=fails)
    assert type(step.graph).__call__ is calls
    assert not tf.config.functions_run_eagerly()


class TorchNet(torch.nn.Module):
    def __init__(self, kind=""):
        super().__init__()
        self.first, self.norm = torch.nn.Linear(8, 16), torch.nn.BatchNorm1d(16)
        self.drop, self.last = torch.nn.Dropout(0.3), torch.nn.Linear(16, 3)
        self.kind, self.calls = kind, 0

    def forward(self, x):
        hidden = self.drop(self.norm(self.first(x)).relu())
        if self.kind == "counts":
            self.calls += 1
        if self.kind == "branches" and hidden.sum() > 0:
            hidden = hidden * 2
        if self.kind == "differs" and torch.compiler.is_compiling():
            hidden = hidden * 1.01
        return self.last(hidden)


def torch_outcome(kind="", model=None):
    model = model or TorchNet(kind)
    report = Smoke().report(model, X, Y, loss="cross_entropy", optimizer="adam", only=["compiled"])
    return report.outcomes["compiled"], str(report)


def test_torch_compiled_equals_eager():
    found, text = torch_outcome()
    assert found.status == "passed", text
    assert found.reason == ""


def test_torch_graph_breaks_are_counted():
    found, _ = torch_outcome("branches")
    assert found.status == "passed"
    assert found.reason.startswith("1 graph break: ")


def test_torch_recompiled_in_every_step():
    model = TorchNet("counts")
    _, text = torch_outcome(model=model)
    assert "TorchNet is traced in every step: 4 times in 4" in text
    assert "TorchNet.calls changes in each step" in text
    assert model._compiled_call_impl is None
    assert not model._forward_pre_hooks


def test_torch_compiled_differs():
    found, text = torch_outcome("differs")
    assert found.status == "failed"
    assert "compiled and" in text


def test_torch_model_compiled_by_the_user_is_compared_by_default():
    model = TorchNet("differs")
    model.compile(backend="aot_eager")
    report = Smoke().report(model, X, Y, loss="cross_entropy", optimizer="adam")
    assert "compiled" in report.failed, str(report)


def test_torch_is_slow_and_left_for_who_asks():
    report = Smoke().report(TorchNet(), X, Y, loss="cross_entropy")
    assert report.outcomes["compiled"].status == "skipped"
    assert 'only=["compiled"]' in report.outcomes["compiled"].reason
