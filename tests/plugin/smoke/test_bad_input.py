"""What cannot be run is said in one clear message, with the original error behind it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from keras import layers
from torch import nn

from pytest_gradferry.frameworks import FrameworkError, get, of
from pytest_gradferry.smoke import Smoke, SmokeError

X, Y = np.zeros((4, 8), "float32"), np.array([0, 1, 2, 0])


def message(*args, **how):
    with pytest.raises(SmokeError) as caught:
        Smoke()(*args, **how)
    return str(caught.value), caught.value


def dense():
    return keras.Sequential([layers.Input((8,)), layers.Dense(3)])


def test_torch_model_that_does_not_fit_its_inputs():
    text, error = message(nn.Linear(5, 3), X, Y, loss="cross_entropy")
    assert text.startswith(
        "Linear (torch) raised in its training step, on inputs (4, 8) float32 and targets (4,)"
    )
    assert "cannot be multiplied (4x8 and 5x3)" in text
    assert isinstance(error.__cause__, RuntimeError)


def test_keras_model_that_does_not_fit_its_inputs():
    text, error = message(dense(), X[:, :5], Y, loss="cross_entropy")
    assert "Sequential (keras) raised in its training step, on inputs (4, 5) float32" in text
    assert error.__cause__ is not None


def test_unbuilt_keras_model_that_raises():
    class Broken(keras.Model):
        def call(self, x):
            raise KeyError("no such thing")

    text, error = message(Broken(), X, Y, loss="cross_entropy")
    assert "Broken (keras) is not built, and raised when called on inputs (4, 8)" in text
    assert "no such thing" in text
    assert error.__cause__ is not None


@pytest.mark.parametrize("make", [lambda: nn.Linear(8, 3), dense], ids=["torch", "keras"])
class TestEitherFramework:
    def test_no_loss(self, make):
        assert "pass loss=..." in message(make(), X, Y)[0]

    def test_unknown_loss(self, make):
        text, _ = message(make(), X, Y, loss="crossentropy_loss")
        assert "unknown loss 'crossentropy_loss': known names are cross_entropy, mse" in text

    def test_loss_class(self, make):
        kind = nn.MSELoss if make is not dense else keras.losses.MeanSquaredError
        assert f"pass an instance, {kind.__name__}()" in message(make(), X, Y, loss=kind)[0]

    def test_unknown_optimizer(self, make):
        assert (
            "unknown optimizer 'adamn'" in message(make(), X, Y, loss="mse", optimizer="adamn")[0]
        )

    def test_no_targets(self, make):
        assert "the loss needs targets" in message(make(), X, loss="cross_entropy")[0]

    def test_loss_that_does_not_fit(self, make):
        text, error = message(make(), X, np.zeros((4, 5), "float32"), loss="mse")
        assert "the loss mse does not accept outputs (4, 3) float32 with targets (4, 5)" in text
        assert error.__cause__ is not None

    def test_unknown_check(self, make):
        text, _ = message(make(), X, Y, loss="cross_entropy", only=["learn"])
        assert "unknown check 'learn': known are " in text
        assert " finite, gradients," in text

    def test_check_as_a_string(self, make):
        assert "not one string" in message(make(), X, Y, loss="mse", skip="learns")[0]

    def test_too_few_steps(self, make):
        assert "at least 2" in message(make(), X, Y, loss="cross_entropy", steps=1)[0]

    def test_step_returns_nothing(self, make):
        assert "step returned None" in message(make(), X, Y, step=lambda x, y: None)[0]

    def test_step_returns_a_vector(self, make):
        text, _ = message(make(), X, Y, step=lambda x, y: np.ones(4))
        assert "array of shape (4,): return one number" in text

    def test_step_returns_a_string(self, make):
        assert "step returned a str" in message(make(), X, Y, step=lambda x, y: "done")[0]

    def test_step_returns_a_dict_without_a_loss(self, make):
        assert "['accuracy']" in message(make(), X, Y, step=lambda x, y: {"accuracy": 1.0})[0]


def tape_step(model, apply, optimizer=None, persistent=False):
    optimizer = optimizer or keras.optimizers.SGD(0.1)

    def step(x, y):
        with tf.GradientTape(persistent=persistent) as tape:
            loss = tf.reduce_mean(model(x, training=True) ** 2)
        apply(optimizer, tape, loss, model.trainable_variables)
        return loss

    return step


def without_zip(optimizer, tape, loss, weights):
    optimizer.apply_gradients(tape.gradient(loss, weights))


def two_arguments(optimizer, tape, loss, weights):
    optimizer.apply_gradients(tape.gradient(loss, weights), weights)


def swapped(optimizer, tape, loss, weights):
    optimizer.apply_gradients(zip(weights, tape.gradient(loss, weights), strict=True))


def tape_twice(optimizer, tape, loss, weights):
    gradients = [tape.gradient(loss, weight) for weight in weights]
    optimizer.apply_gradients(zip(gradients, weights, strict=True))


MISTAKES = [
    (without_zip, "XFR201 apply-gradients-without-zip"),
    (two_arguments, "XFR201 apply-gradients-without-zip"),
    (tape_twice, "XFR203 tape-reused"),
    (swapped, "XFR204 zip-swapped"),
]


@pytest.mark.parametrize("outputs", [2, 3])  # with 2, rows of the gradients unpack as pairs
@pytest.mark.parametrize("wrap", [lambda step: step, tf.function], ids=["eager", "graph"])
@pytest.mark.parametrize(("apply", "rule"), MISTAKES, ids=[m[0].__name__ for m in MISTAKES])
def test_mistake_that_ends_in_an_error_names_its_rule(apply, rule, wrap, outputs):
    model = keras.Sequential([layers.Input((8,)), layers.Dense(outputs)])
    text, error = message(model, X, Y, step=wrap(tape_step(model, apply)))
    assert f"lint:  {rule} finds this in the source" in text
    assert error.__cause__ is not None


def test_errors_of_other_causes_name_no_rule():
    def of_another_optimizer(optimizer, tape, loss, weights):
        optimizer.build([keras.Variable(1.0)])
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    def without_pairs(optimizer, tape, loss, weights):
        optimizer.apply_gradients([])

    for apply in (of_another_optimizer, without_pairs):
        model = dense()
        text, _ = message(model, X, Y, step=tape_step(model, apply))
        assert "raised in its training step" in text
        assert "lint:" not in text
    model = dense()
    sound = Smoke().report(model, X + 1, Y, step=tape_step(model, tape_twice, persistent=True))
    assert sound.outcomes["updates"].status == "passed"


def test_models_without_trainable_weights():
    frozen = nn.Linear(8, 3).requires_grad_(False)
    assert "no trainable parameter" in message(frozen, X, Y, loss="cross_entropy")[0]
    model = dense()
    model.trainable = False
    assert "no trainable weight" in message(model, X, Y, loss="cross_entropy")[0]


def test_not_a_model():
    assert "cannot train a builtins.int" in message(3, X, Y)[0]
    assert "pass a model, Linear()" in message(nn.Linear, X, Y)[0]


def test_keras_on_a_backend_without_gradients(monkeypatch):
    monkeypatch.setattr("pytest_gradferry.smoke.on_keras.backends.keras_backend", lambda: "numpy")
    assert "Keras runs on numpy here, which has no gradients" in message(dense(), X, Y)[0]


def test_text():
    words = np.array(["a", "b", "c", "d"])
    assert "cannot feed an array of dtype <U1 to a Keras model" in message(dense(), words, Y)[0]


def test_missing_framework(monkeypatch):
    monkeypatch.setattr("pytest_gradferry.frameworks._instances", {})
    monkeypatch.setattr("pytest_gradferry.frameworks.installed_module", lambda name: False)
    with pytest.raises(FrameworkError, match=r"torch is not installed: pip install 'gradferry"):
        get("torch")
    with pytest.raises(FrameworkError, match="unknown framework 'jax'"):
        get("jax")


def test_framework_of_a_thing():
    assert of(nn.Linear(2, 2)).name == of(torch.ones(2)).name == "torch"
    assert of(dense()).name == of(keras.Variable(1.0)).name == "tensorflow"
    with pytest.raises(FrameworkError, match=r"cannot tell the framework of a builtins\.list"):
        of([1, 2])


class TestWeights:
    def compiled(self):
        model = dense()
        model.compile("sgd", "mse")
        return model

    def test_of_a_torch_model(self):
        text, _ = message(nn.Linear(8, 3), X, Y, loss="cross_entropy", sample_weight=[1, 1, 1, 1])
        assert text.startswith("sample_weight: only fit of a compiled Keras model takes it")

    def test_of_a_keras_model_with_a_loss(self):
        text, _ = message(dense(), X, Y, loss="cross_entropy", class_weight={0: 2.0})
        assert "are what fit of a compiled model takes" in text

    def test_of_samples_and_classes(self):
        how = {"sample_weight": np.ones(4), "class_weight": {0: 2.0}}
        assert "fit does not take both" in message(self.compiled(), X, Y, **how)[0]

    def test_of_classes_in_a_list(self):
        text, _ = message(self.compiled(), X, Y, class_weight=[1.0, 2.0])
        assert "class_weight is a list: pass a dict" in text
