"""Activations that agree on the batch and differ beyond it fail as settings, both ways; equal ones
never do."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F
from keras import layers as L
from torch import nn

ops = keras.ops


class Functional(nn.Module):
    """`function` between two layers."""

    def __init__(self, function):
        super().__init__()
        self.a, self.b, self.function = nn.Linear(6, 5), nn.Linear(5, 3), function

    def forward(self, x):
        return self.b(self.function(self.a(x)))


class KerasFunctional(keras.Model):
    def __init__(self, function):
        super().__init__()
        self.a, self.b, self.function = L.Dense(5), L.Dense(3), function

    def call(self, x):
        return self.b(self.function(self.a(x)))


def in_torch(activation):
    return nn.Sequential(nn.Linear(6, 5), activation, nn.Linear(5, 3))


def in_keras(activation):
    return keras.Sequential([L.Input((6,)), L.Dense(5), activation, L.Dense(3)])


def fused(activation):
    return keras.Sequential([L.Input((6,)), L.Dense(5, activation), L.Dense(3)])


def graph(function):
    x = L.Input((6,))
    return keras.Model(x, L.Dense(3)(function(L.Dense(5)(x))))


WRONG = {
    "relu6": (
        lambda: in_torch(nn.ReLU6()),
        lambda: in_keras(L.ReLU()),
        ("relu, reference relu6", "relu6, reference relu"),
    ),
    "relu6-fused": (
        lambda: in_torch(nn.ReLU6()),
        lambda: fused("relu"),
        ("relu, reference relu6", "relu6, reference relu"),
    ),
    "clipped at 20": (
        lambda: in_torch(nn.Hardtanh(0, 20)),
        lambda: in_keras(L.ReLU()),
        ("relu, reference 1: of 24 it makes 24, the reference 20", "1, reference relu: of 24 it"),
    ),
    "functions": (
        lambda: Functional(lambda x: F.relu6(x)),
        lambda: KerasFunctional(lambda x: ops.relu(x)),
        ("relu, reference relu6", "relu6, reference relu"),
    ),
    "methods": (
        lambda: Functional(lambda x: x.clamp(0, 6)),
        lambda: KerasFunctional(lambda x: tf.nn.relu(x)),
        ("relu, reference relu6", "relu6, reference relu"),
    ),
    "operations of a graph": (
        lambda: in_torch(nn.ReLU6()),
        lambda: graph(ops.relu),
        ("relu, reference relu6", "relu6, reference relu"),
    ),
    "tf.keras": (
        lambda: in_torch(nn.ReLU6()),
        lambda: KerasFunctional(lambda x: tf.keras.activations.relu(x)),
        ("relu, reference relu6", "relu6, reference relu"),
    ),
    "function in torch alone": (
        lambda: Functional(lambda x: F.hardtanh(x, 0, 6)),
        lambda: fused("relu"),
        ("relu, reference relu6", "relu6, reference relu"),
    ),
}

SIGNS = {  # these differ below zero, or only there
    "slope of leaky relu": (
        lambda: in_torch(nn.LeakyReLU(0.01)),
        lambda: in_keras(L.LeakyReLU(negative_slope=0.3)),
        ("leaky_relu (slope 0.3), reference leaky_relu (slope 0.01)", "of -24 it makes -7.2"),
    ),
    "relu for a leaky one": (
        lambda: in_torch(nn.LeakyReLU(0.2)),
        lambda: fused("relu"),
        ("relu, reference leaky_relu (slope 0.2)", "leaky_relu (slope 0.2), reference relu"),
    ),
    "alpha of elu": (
        lambda: in_torch(nn.ELU()),
        lambda: in_keras(L.ELU(alpha=0.5)),
        ("reference elu: of -24 it makes -0.5, the reference -1", "elu, reference "),
    ),
}


def reports(parity, theirs, ours, rng, bias=0.0):
    """Either way round, with the first layer's outputs moved by `bias`."""
    x = rng.normal(size=(8, 6))
    torchs, kerass = theirs(), ours()
    with torch.no_grad():
        next(m for m in torchs.modules() if isinstance(m, nn.Linear)).bias.fill_(bias)
    kerass(np.zeros((1, 6)))
    dense = next(layer for layer in kerass.layers if isinstance(layer, L.Dense))
    dense.bias.assign(np.full(5, bias))
    return parity.report(torchs, ours(), x), parity.report(kerass, theirs(), x)


def sentence(report):
    assert report.failed_rung == "settings", report.text()
    (finding,) = report.findings
    return finding


@pytest.mark.parametrize("case", WRONG)
def test_what_only_large_values_show(parity, rng, case):
    theirs, ours, said = WRONG[case]
    for report, words in zip(reports(parity, theirs, ours, rng), said, strict=True):
        finding = sentence(report)
        assert words in finding.cause.replace("1 (Hardtanh)", "1")
        if finding.after is not None:
            assert finding.before > 0.1
            assert finding.after < 1e-6


@pytest.mark.parametrize("case", SIGNS)
def test_what_only_negative_values_show(parity, rng, case):
    theirs, ours, said = SIGNS[case]
    there, back = reports(parity, theirs, ours, rng, bias=9.0)
    assert said[0] in sentence(there).cause
    assert said[1] in there.text() + back.text()
    sentence(back)


def test_threshold_of_softplus(parity, rng):
    """Above its threshold torch's is the identity; on the batch all values are below."""
    (report, _) = reports(
        parity,
        lambda: in_torch(nn.Softplus(threshold=8)),
        lambda: fused("softplus"),
        rng,
    )
    assert "softplus, reference 1" in sentence(report).cause


def test_fix_and_place(parity, rng):
    report, back = reports(parity, lambda: in_torch(nn.ReLU6()), lambda: fused("relu"), rng)
    finding = sentence(report)
    assert finding.cause.startswith("activation of dense")
    assert finding.fix == 'activation="relu6"'
    assert "with relu6 the difference on inputs beyond this batch's drops from" in str(finding)
    assert sentence(back).fix == "nn.ReLU()"


EQUAL = {
    "relu6": (lambda: in_torch(nn.ReLU6()), lambda: in_keras(L.ReLU(max_value=6.0))),
    "relu6-as-hardtanh": (lambda: in_torch(nn.Hardtanh(0, 6)), lambda: fused("relu6")),
    "clamp": (
        lambda: Functional(lambda x: torch.clamp(x, 0, 6)),
        lambda: KerasFunctional(lambda x: ops.clip(x, 0, 6)),
    ),
    "leaky": (
        lambda: in_torch(nn.LeakyReLU(0.2)),
        lambda: in_keras(L.LeakyReLU(negative_slope=0.2)),
    ),
    "elu": (lambda: in_torch(nn.ELU(0.5)), lambda: in_keras(L.ELU(0.5))),
    "gelu": (lambda: in_torch(nn.GELU()), lambda: fused("gelu")),
    "gelu-tanh": (
        lambda: in_torch(nn.GELU(approximate="tanh")),
        lambda: KerasFunctional(lambda x: keras.activations.gelu(x, approximate=True)),
    ),
    "silu": (lambda: in_torch(nn.SiLU()), lambda: KerasFunctional(lambda x: tf.nn.silu(x))),
    "silu-by-hand": (
        lambda: Functional(lambda x: x * nn.Sigmoid()(x)),
        lambda: in_keras(L.Activation("silu")),
    ),
    "softplus": (lambda: in_torch(nn.Softplus()), lambda: fused("softplus")),
    "mish": (lambda: in_torch(nn.Mish()), lambda: fused("mish")),
    "hardsigmoid": (lambda: in_torch(nn.Hardsigmoid()), lambda: fused("hard_sigmoid")),
    "hardswish": (lambda: in_torch(nn.Hardswish()), lambda: fused("hard_silu")),
    "selu": (lambda: in_torch(nn.SELU()), lambda: fused("selu")),
    "softsign": (lambda: in_torch(nn.Softsign()), lambda: fused("softsign")),
    "log-sigmoid": (lambda: in_torch(nn.LogSigmoid()), lambda: fused("log_sigmoid")),
    "softmax": (lambda: in_torch(nn.Softmax(-1)), lambda: in_keras(L.Softmax())),
    "log-softmax": (lambda: in_torch(nn.LogSoftmax(-1)), lambda: fused("log_softmax")),
    "gated": (
        lambda: Functional(lambda x: torch.tanh(x) * torch.sigmoid(x)),
        lambda: KerasFunctional(lambda x: ops.sigmoid(x) * ops.tanh(x)),
    ),
    "bounded before": (  # a ReLU6 of what a sigmoid has made is a ReLU
        lambda: in_torch(nn.Sequential(nn.Sigmoid(), nn.ReLU6())),
        lambda: KerasFunctional(lambda x: ops.relu(ops.sigmoid(x))),
    ),
    "twice": (
        lambda: in_torch(nn.Sequential(nn.ReLU(), nn.ReLU())),
        lambda: fused("relu"),
    ),
}


@pytest.mark.parametrize("case", EQUAL)
def test_equal_ones_pass(parity, rng, case):
    theirs, ours = EQUAL[case]
    for report in reports(parity, theirs, ours, rng):
        assert report.rung("settings").status == "pass", report.text()
        assert all(r.status != "FAIL" for r in report.rungs), report.text()


@pytest.mark.parametrize("wrong", [False, True])
def test_in_images(parity, rng, wrong):
    """Channels stand elsewhere; the second of two convolutions has the mistake."""
    theirs = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU6(), nn.Conv2d(4, 5, 3), nn.ReLU6())
    ours = keras.Sequential(
        [
            L.Input((9, 8, 3)),
            L.Conv2D(4, 3, activation="relu6"),
            L.Conv2D(5, 3, activation="relu" if wrong else "relu6", name="second"),
        ]
    )
    report = parity.report(theirs, ours, rng.normal(size=(2, 3, 9, 8)))
    assert report.passed is not wrong, report.text()
    assert [f.cause.partition(":")[0] for f in report.findings] == ["activation of second"] * wrong


def test_several_places_are_said_once(parity, rng):
    theirs = nn.Sequential(nn.Linear(6, 5), nn.ReLU6(), nn.Linear(5, 4), nn.ReLU6())
    ours = keras.Sequential([L.Input((6,)), L.Dense(5, "relu"), L.Dense(4, "relu")])
    report = parity.report(theirs, ours, rng.normal(size=(8, 6)))
    (finding,) = report.findings
    assert finding.cause.count("activation of") == 2


def test_the_functions_are_given_back(parity, rng):
    before = ops.relu, tf.nn.relu, keras.activations.relu, keras.Operation.__call__
    parity.report(in_torch(nn.ReLU()), fused("relu"), rng.normal(size=(8, 6)))
    assert before == (ops.relu, tf.nn.relu, keras.activations.relu, keras.Operation.__call__)
