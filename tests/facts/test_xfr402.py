"""XFR402: what Keras makes of logits that it takes for probabilities."""

from __future__ import annotations

import inspect
import math

import pytest
from support import rule, run

from flake8_gradferry.loss.activations import WITH_ACTIVATION

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
np = pytest.importorskip("numpy")
PAGE = rule("XFR402").page


def test_bad_compiles_a_loss_that_does_not_learn() -> None:
    bad = run(PAGE.bad[0].replace("epochs=2", "epochs=10"))["history"].history
    good = run(PAGE.good[0].replace("epochs=2", "epochs=10"))["history"].history
    assert bad["loss"][0] > 2 * math.log(4)
    assert good["loss"][0] < 1.5 * math.log(4)
    assert good["accuracy"][-1] > bad["accuracy"][-1] + 0.1


def test_bad_loop_gets_another_loss_and_gradient() -> None:
    bad, good = run(PAGE.bad[1]), run(PAGE.good[1])
    np.testing.assert_array_equal(bad["logits"], good["logits"])
    # The weight column of a class whose logits are all clipped gets nothing.
    expected = -tf.reduce_mean(
        tf.math.log(tf.nn.softmax(good["logits"]).numpy()[range(256), good["y"]])
    )
    assert float(good["loss"]) == pytest.approx(float(expected), rel=1e-5)
    assert float(bad["loss"]) > 2 * float(good["loss"])
    assert not np.allclose(bad["gradients"][-1], good["gradients"][-1], rtol=0.1)


@pytest.mark.parametrize("name", ["sparse_categorical_crossentropy", "binary_crossentropy"])
def test_nothing_warns(name: str, recwarn: pytest.WarningsRecorder) -> None:
    model = keras.Sequential([keras.layers.Dense(1 if name.startswith("b") else 4)])
    model.compile("sgd", loss=name)
    model.fit(np.ones((8, 3), "float32"), np.arange(8) % 2, verbose=0)
    assert not [w for w in recwarn if "logits" in str(w.message)]


@pytest.mark.parametrize("name", WITH_ACTIVATION)
def test_where_layers_take_their_activation(name: str) -> None:
    parameters = list(inspect.signature(getattr(keras.layers, name)).parameters)
    assert parameters[WITH_ACTIVATION[name]] == "activation"
