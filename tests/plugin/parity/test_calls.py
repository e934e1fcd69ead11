"""How layers are called: dropout that never rests, batch norm in a mode or over an axis of its own,
layers that torch does not see, `__call__` in place of `call`."""

import keras
import pytest
import tensorflow as tf
import torch.nn.functional as F
from keras import layers as L
from torch import nn


class DropTorch(nn.Module):
    def __init__(self, always, rate=0.5):
        super().__init__()
        self.a, self.b, self.always, self.rate = nn.Linear(6, 8), nn.Linear(8, 3), always, rate

    def forward(self, x):
        x = F.dropout(F.relu(self.a(x)), self.rate, training=self.always or self.training)
        return self.b(x)


class DropKeras(keras.Model):
    """`how`: layer, layer-always, function, function-always."""

    def __init__(self, how):
        super().__init__()
        self.a, self.b, self.drop, self.how = L.Dense(8, "relu"), L.Dense(3), L.Dropout(0.5), how

    def call(self, x, training=False):
        x = self.a(x)
        if self.how.startswith("layer"):
            x = self.drop(x, training=training or self.how == "layer-always")
        elif training or self.how == "function-always":
            x = tf.nn.dropout(x, 0.5)
        return self.b(x)


@pytest.fixture
def x(rng):
    return rng.normal(size=(8, 6))


def finding_of(report, rung):
    assert report.failed_rung == rung, report.text()
    (finding,) = report.findings
    assert finding.before > 1e-3
    assert finding.after < 1e-9
    assert not report.unexplained
    return finding


@pytest.mark.parametrize("to_keras", [True, False])
def test_functional_dropout_that_always_acts_in_torch(parity, x, to_keras):
    models = [DropTorch(always=True), DropKeras("layer")]
    report = parity.report(*(models if to_keras else models[::-1]), x)
    finding = finding_of(report, "forward-eval")
    role = "reference" if to_keras else "port"
    assert finding.cause == f"F.dropout of the {role} drops in evaluation too"
    assert finding.rule == "XFR310"


@pytest.mark.parametrize("how", ["layer-always", "function-always"])
def test_dropout_that_always_acts_in_keras(parity, x, how):
    finding = finding_of(parity.report(DropTorch(False), DropKeras(how), x), "forward-eval")
    assert finding.cause.startswith("drop of" if how == "layer-always" else "tf.nn.dropout of")
    assert finding.rule == "XFR311"


@pytest.mark.parametrize("how", ["layer", "function"])
def test_dropout_that_rests_in_evaluation(parity, x, how):
    assert parity(DropTorch(False), DropKeras(how), x).passed


def test_dropout_that_always_acts_in_both_is_told_and_left_out(parity, x):
    report = parity(DropTorch(True), DropKeras("function-always"), x)
    assert "F.dropout, tf.nn.dropout: on in evaluation too" in report.notes[0]


def test_dropout_of_rate_zero_never_acts(parity, x):
    port = keras.Sequential([L.Input((6,)), L.Dense(8, "relu"), L.Dense(3)])
    assert parity(DropTorch(True, rate=0.0), port, x).passed


def norm_torch():
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


class NormKeras(keras.Model):
    def __init__(self, mode):
        super().__init__()
        self.a, self.b, self.mode = L.Dense(8), L.Dense(3), mode
        self.norm = L.BatchNormalization(epsilon=1e-5, momentum=0.9)

    def call(self, x, training=False):
        mode = training if self.mode == "model" else self.mode
        return self.b(keras.ops.relu(self.norm(self.a(x), training=mode)))


@pytest.mark.parametrize(
    ("mode", "rung", "said"),
    [
        (False, "forward-train", "norm runs with training=False while the model trains"),
        (None, "forward-train", "norm runs with training=False while the model trains"),
        (True, "forward-eval", "norm runs with training=True while the model evaluates"),
    ],
)
def test_batch_norm_in_a_mode_of_its_own(parity, x, mode, rung, said):
    report = parity.report(norm_torch(), NormKeras(mode), x)
    assert finding_of(report, rung).cause == said
    assert "it is called in another way" in report.divergence


def test_batch_norm_in_the_models_mode(parity, x):
    assert parity(norm_torch(), NormKeras("model"), x).passed


class FrozenNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = norm_torch()

    def train(self, mode=True):
        super().train(mode)
        self.body[1].eval()
        return self

    def forward(self, x):
        return self.body(x)


def test_batch_norm_kept_in_evaluation_by_a_torch_port(parity, x):
    report = parity.report(NormKeras("model"), FrozenNorm(), x)
    cause = finding_of(report, "forward-train").cause
    assert cause == "body.1 runs with training=False while the model trains"
    assert parity(NormKeras(False), FrozenNorm(), x).passed


@pytest.mark.parametrize("axis", [1, -1, 3])
def test_axis_of_batch_norm(parity, rng, axis):
    reference = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU())
    port = keras.Sequential(
        [
            L.Input((6, 6, 3)),
            L.Conv2D(6, 3, padding="same"),
            L.BatchNormalization(axis=axis, epsilon=1e-5, momentum=0.9, name="bn"),
            L.ReLU(),
        ]
    )
    images = rng.normal(size=(4, 3, 6, 6))
    if axis != 1:
        assert parity(reference, port, images).passed
        return
    report = parity.report(reference, port, images)
    assert finding_of(report, "forward-train").change == "axis=-1"
    assert "the layer itself differs" in report.divergence
    assert port.get_layer("bn").axis == 1


class Hidden(nn.Module):
    def __init__(self, container):
        super().__init__()
        self.hidden = container([nn.Linear(6, 6), nn.Linear(6, 6)])
        self.out = nn.Linear(6, 3)

    def forward(self, x):
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.out(x)


def test_layers_in_a_plain_list(parity, x):
    keras_model = keras.Sequential(
        [L.Input((6,)), L.Dense(6, "relu"), L.Dense(6, "relu"), L.Dense(3)]
    )
    report = parity.report(keras_model, Hidden(list), x)
    assert report.failed_rung == "structure"
    (finding,) = report.findings
    assert "the port keeps hidden[0], hidden[1] in the plain list hidden" in finding.cause
    assert finding.rule == "XFR106"
    assert parity(keras_model, Hidden(nn.ModuleList), x).passed


def test_keras_model_that_overrides_dunder_call_is_remarked_on(parity, x):
    class Port(keras.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = L.Dense(8, "relu"), L.Dense(3)

        def __call__(self, x, training=None):
            return self.b(self.a(x))

    class Right(keras.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = L.Dense(8, "relu"), L.Dense(3)

        def call(self, x):
            return self.b(self.a(x))

    reference = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    assert "Port overrides __call__" in parity(reference, Port(), x).notes[0]
    assert "XFR101 dunder-call" in parity(reference, Port(), x).notes[0]
    assert parity(reference, Right(), x).notes == []
