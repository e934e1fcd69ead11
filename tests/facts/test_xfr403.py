"""XFR403: probabilities that a loss takes for logits, and which of them Keras repairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
np = pytest.importorskip("numpy")
PAGE = rule("XFR403").page
FLOOR = 0.744  # of 4 classes: -log(e / (e + 3))

LOGITS = np.random.default_rng(0).normal(size=(8, 4)).astype("float32") * 3
LABELS = np.arange(8) % 4
layers = keras.layers


@pytest.mark.parametrize("program", PAGE.bad)
def test_bad_stays_above_the_floor_that_good_passes(program: str) -> None:
    bad, good = run(program), run(PAGE.good[0])
    assert float(bad["loss"]) > FLOOR
    assert float(good["loss"]) < FLOOR


def value(output: Callable[[Any], Any], *, mode: str = "eager", loss: Any = None) -> str:
    """Whether a loss told `from_logits=True` is computed on the logits or on the probabilities."""
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    class Model(keras.Model):
        def call(self, x: Any) -> Any:
            return output(x)

    model = Model()
    model(LOGITS)
    if mode == "eager":
        found = loss(LABELS, model(LOGITS))
    elif mode == "tf.function":
        found = tf.function(lambda: loss(LABELS, model(LOGITS)))()
    else:
        model.compile(loss=loss, run_eagerly=mode == "run_eagerly")
        found = model.evaluate(LOGITS, LABELS, verbose=0)
    answers = {
        "logits": float(loss(LABELS, LOGITS)),
        "probabilities": float(loss(LABELS, tf.nn.softmax(LOGITS))),
    }
    assert answers["logits"] != pytest.approx(answers["probabilities"], rel=0.1)
    return next(k for k, v in answers.items() if float(found) == pytest.approx(v, rel=1e-4))


def identity(activation: Any) -> Any:
    return layers.Dense(4, activation=activation, kernel_initializer="identity")


quiet = pytest.mark.filterwarnings("ignore:.*received `from_logits=True`")


@quiet
@pytest.mark.parametrize("mode", ["eager", "tf.function", "fit", "run_eagerly"])
def test_keras_repairs_its_own_softmax(mode: str) -> None:
    assert value(identity("softmax"), mode=mode) == "logits"
    assert value(layers.Softmax(), mode=mode) == "logits"
    assert value(layers.Activation("softmax"), mode=mode) == "logits"
    assert value(keras.ops.softmax, mode=mode) == "logits"


@quiet
@pytest.mark.parametrize("softmax", [tf.nn.softmax, identity(tf.nn.softmax)])
def test_tensorflows_softmax_is_repaired_in_a_graph_only(softmax: Any) -> None:
    assert value(softmax) == "probabilities"
    assert value(softmax, mode="run_eagerly") == "probabilities"
    assert value(softmax, mode="tf.function") == "logits"
    assert value(softmax, mode="fit") == "logits"


@pytest.mark.parametrize("mode", ["eager", "tf.function", "fit"])
def test_nothing_is_repaired_after_a_reshape(mode: str) -> None:
    assert value(lambda x: tf.reshape(layers.Softmax()(x), (-1, 4)), mode=mode) == "probabilities"


def test_nothing_is_repaired_for_predict_tf_nn_and_focal_losses() -> None:
    model = keras.Sequential([layers.Softmax()])
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    wrong = float(sparse(LABELS, tf.nn.softmax(LOGITS)))
    assert float(sparse(LABELS, model.predict(LOGITS, verbose=0))) == pytest.approx(wrong)
    by_tf = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=LABELS, logits=model(LOGITS))
    assert float(tf.reduce_mean(by_tf)) == pytest.approx(wrong)
    focal = keras.losses.CategoricalFocalCrossentropy(from_logits=True)
    one_hot = keras.ops.one_hot(LABELS, 4)
    assert float(focal(one_hot, model(LOGITS))) != pytest.approx(float(focal(one_hot, LOGITS)))


@quiet
def test_binary() -> None:
    binary = keras.losses.BinaryCrossentropy(from_logits=True)
    target, logit = (LABELS % 2).astype("float32")[:, None], LOGITS[:, :1]
    right = float(binary(target, logit))
    assert float(binary(target, layers.Activation("sigmoid")(logit))) == pytest.approx(right)
    assert float(binary(target, tf.sigmoid(logit))) != pytest.approx(right, rel=0.1)
