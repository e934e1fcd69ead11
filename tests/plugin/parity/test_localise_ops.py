"""What differs between the layers of whole models: nested layers, blocks, shortcuts, several
outputs, Sequential, functional and subclassed; the place is named, and no layer that does its part.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F
from keras import layers as L
from keras import ops
from torch import nn


def one(report, rung="forward-eval"):
    assert report.failed_rung == rung, report.text()
    assert len(report.findings) == 1, report.text()
    finding = report.findings[0]
    assert finding.before > 1e-6
    assert finding.after < 1e-7
    assert not report.unexplained, report.text()
    assert "the layer itself differs" not in report.divergence
    return finding


def as_it_is(x):
    return x


class Block(nn.Module):
    def __init__(self, pre=True):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(6), nn.LayerNorm(6)
        self.a, self.b, self.c = nn.Linear(6, 6), nn.Linear(6, 12), nn.Linear(12, 6)
        self.pre = pre

    def forward(self, x):
        if not self.pre:
            x = self.n1(x + torch.tanh(self.a(x)))
            return self.n2(x + self.c(F.gelu(self.b(x))))
        x = x + torch.tanh(self.a(self.n1(x)))
        return x + self.c(F.gelu(self.b(self.n2(x))))


class Encoder(nn.Module):
    def __init__(self, pre=True):
        super().__init__()
        self.emb = nn.Embedding(11, 6)
        self.blocks = nn.ModuleList([Block(pre) for _ in range(3)])
        self.head, self.aux = nn.Linear(6, 3), nn.Linear(6, 2)

    def forward(self, x):
        x = self.emb(x) * 6**0.5
        for block in self.blocks:
            x = block(x)
        return {"logits": self.head(x[:, -1]), "aux": torch.sigmoid(self.aux(x.mean(1)))}


class KerasBlock(L.Layer):
    def __init__(self, change):
        super().__init__()
        self.n1, self.n2 = (L.LayerNormalization(epsilon=1e-5) for _ in range(2))
        self.a, self.b, self.c = L.Dense(6), L.Dense(12), L.Dense(6)
        self.change = change

    def call(self, x):
        y = x + ops.tanh(self.a(self.n1(x)))
        z = self.c(ops.gelu(self.b(self.n2(y)), approximate=self.change == "gelu"))
        if self.change == "no residual":
            return z
        return (x if self.change == "residual of the input" else y) + z


class KerasEncoder(keras.Model):
    def __init__(self, change=""):
        super().__init__()
        self.emb = L.Embedding(11, 6)
        self.blocks = [KerasBlock(change) for _ in range(3)]
        self.head, self.aux = L.Dense(3), L.Dense(2)
        self.change = change

    def call(self, x):
        x = self.emb(x)
        if self.change != "scale":
            x = x * 6**0.5
        if self.change == "positions":
            x = x + ops.cast(np.linspace(0, 1, 6), x.dtype)
        for block in self.blocks:
            x = block(x)
        aux = self.aux(ops.mean(x, 2 if self.change == "mean" else 1))
        aux = {"softmax": ops.softmax, "no sigmoid": as_it_is}.get(self.change, ops.sigmoid)(aux)
        return {"logits": self.head(x[:, 0 if self.change == "token" else -1]), "aux": aux}


@pytest.fixture
def words(rng):
    return rng.integers(0, 11, (4, 6))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("gelu", "likewise after blocks.1.b, after blocks.2.b"),
        ("residual of the input", "likewise before blocks.2.n1, before head"),
        ("scale", "x * 2.44949"),
        ("positions", "x * a + b, with an a and a b of each channel"),
        ("mean", "the port computes mean(axis=2)"),
        ("token", "the port computes x[:, 0]"),
        ("softmax", "between aux and the output the port computes softmax"),
        ("no sigmoid", "the port leaves out sigmoid"),
    ],
)
def test_encoder(parity, words, change, said):
    assert said in one(parity.report(Encoder(), KerasEncoder(change), words)).cause


def test_encoder_without_residuals(parity, words):
    report = parity.report(Encoder(), KerasEncoder("no residual"), words)
    assert report.findings
    assert not report.unexplained
    for finding in report.findings:
        assert "residual" in finding.change or "add" in finding.cause


def test_encoder_right(parity, words):
    assert parity(Encoder(), KerasEncoder(), words).passed
    assert parity(KerasEncoder(), Encoder(), words).passed


def test_norm_before_for_norm_after(parity, words):
    """The layers are the same ones, wired otherwise: the place and the order are named."""
    report = parity.report(Encoder(pre=False), KerasEncoder(), words)
    assert report.failed_rung == "forward-eval"
    assert "called in another order: blocks.0.a, blocks.0.n1" in report.divergence
    assert len(report.findings) == 1
    assert "normalises before the sum" in report.findings[0].cause


class Shortcut(nn.Module):
    """What the first convolution gives is taken twice."""

    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.f = nn.Linear(4, 2)

    def forward(self, x):
        y = F.hardswish(self.c1(x))
        return self.f((self.c2(y) + y).mean((2, 3)))


class KerasShortcut(keras.Model):
    def __init__(self, activation=ops.hard_silu, twice=False, combine=ops.add):
        super().__init__()
        self.c1, self.c2 = (L.Conv2D(4, 3, padding="same") for _ in range(2))
        self.f, self.twice, self.activation, self.combine = L.Dense(2), twice, activation, combine

    def call(self, x):
        y = self.activation(self.c1(x))
        z = self.c2(y)
        if self.twice:
            z = self.c2(z)
        return self.f(ops.mean(self.combine(z, y), (1, 2)))


def scaled_silu(x):
    return ops.silu(x) * 1.5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"activation": scaled_silu}, "the port computes silu, mul(1.5)"),
        ({"activation": as_it_is}, "has no activation, the reference hardswish"),
        ({"twice": True}, "the port has c2 (Conv2D) once more"),
        ({"combine": ops.maximum}, "the port computes maximum"),
        ({"combine": ops.multiply}, "the port computes multiply"),
        ({"combine": lambda z, y: z - y}, "the port computes sub"),
    ],
)
def test_value_that_two_take(parity, rng, changes, said):
    x = rng.normal(size=(2, 3, 5, 7))
    assert said in one(parity.report(Shortcut(), KerasShortcut(**changes), x)).cause
    report = parity.report(KerasShortcut(**changes), Shortcut(), np.moveaxis(x, 1, -1))
    assert report.failed_rung == "forward-eval"
    assert "test_localise_ops.py" in report.divergence or "activation" in report.divergence
    assert not report.unexplained


def functional(order=("a", "b"), combine=None, last="relu"):
    inputs = keras.Input((8, 12, 3))
    a = L.Conv2D(4, 1, name="a")(inputs)
    b = ops.tanh(L.Conv2D(4, 3, padding="same", name="b")(inputs))
    x = (combine or L.Concatenate())([{"a": a, "b": b}[name] for name in order])
    x = L.Activation(last)(L.BatchNormalization(epsilon=1e-5, momentum=0.9, name="bn")(x))
    return keras.Model(inputs, L.Dense(3, name="out")(L.GlobalAveragePooling2D(name="pool")(x)))


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 3, padding=1)
        self.bn, self.out = nn.BatchNorm2d(8), nn.Linear(8, 3)

    def forward(self, x):
        x = self.bn(torch.cat([self.a(x), torch.tanh(self.b(x))], 1))
        return self.out(F.relu(x).mean((2, 3)))


def doubled(tensors):
    return L.Concatenate(axis=-1)([tensors[0], ops.multiply(tensors[1], 2.0)])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"order": ("b", "a")}, "(Concatenate(axis=-1)) of tanh, a"),
        ({"combine": doubled}, "the port has multiply"),
        ({"last": "silu"}, "(silu), the reference relu"),
    ],
)
def test_functional_model(parity, rng, changes, said):
    report = parity.report(Branches(), functional(**changes), rng.normal(size=(4, 3, 8, 12)))
    assert said in one(report).cause


def test_functional_model_right(parity, rng):
    assert parity(Branches(), functional(), rng.normal(size=(4, 3, 8, 12))).passed


def test_layers_left_out_of_a_sequential(parity, rng):
    reference = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.AvgPool2d(2), nn.Sigmoid(), nn.Flatten(), nn.Linear(60, 3)
    )
    port = keras.Sequential(
        [L.Input((8, 12, 3)), L.Conv2D(4, 3), L.AveragePooling2D(2), L.Flatten(), L.Dense(3)]
    )
    report = parity.report(reference, port, rng.normal(size=(4, 3, 8, 12)))
    assert "sigmoid" in one(report).cause


def test_two_outputs_each_wrong(parity, rng):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(6, 4), nn.Linear(6, 4)

        def forward(self, x):
            return torch.exp(0.5 * self.a(x)), self.b(x).clamp(-0.5, 0.5)

    inputs = keras.Input((6,))
    a, b = L.Dense(4, name="a")(inputs), L.Dense(4, name="b")(inputs)
    port = keras.Model(inputs, [ops.exp(a), b])
    report = parity.report(Two(), port, rng.normal(size=(8, 6)))
    causes = [finding.cause for finding in report.findings]
    assert len(causes) == 2
    assert any("leaves out mul(0.5)" in cause for cause in causes)
    assert any("leaves out clamp(-0.5, 0.5)" in cause for cause in causes)
    assert not report.unexplained


class Chain(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 2)

    def forward(self, x):
        return self.c(torch.tanh(self.b(torch.relu(self.a(x)))))


class KerasChain(keras.Model):
    def __init__(self, first, second):
        super().__init__()
        self.a, self.b, self.c = L.Dense(6), L.Dense(6), L.Dense(2)
        self.first, self.second = first, second

    def call(self, x):
        first, second = getattr(self, self.first), getattr(self, self.second)
        return self.c(ops.tanh(second(ops.relu(first(x)))))


def test_layers_called_in_each_others_place(parity, rng):
    x = rng.normal(size=(8, 6))
    finding = one(parity.report(Chain(), KerasChain("b", "a"), x))
    assert "the port calls b where the reference calls a" in finding.cause
    assert parity(Chain(), KerasChain("a", "b"), x).passed


class Siblings(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.o = nn.Linear(6, 5), nn.Linear(6, 5), nn.Linear(10, 3)

    def forward(self, x):
        return self.o(torch.cat([torch.tanh(self.a(x)), self.b(x)], 1))


@pytest.mark.parametrize("names", [("a", "b"), ("left", "right")])
def test_siblings_called_in_another_order_are_right(parity, rng, names):
    class Port(keras.Model):
        def __init__(self):
            super().__init__()
            for name in names:
                setattr(self, name, L.Dense(5))
            self.o = L.Dense(3)

        def call(self, x):
            b = getattr(self, names[1])(x)
            return self.o(ops.concatenate([ops.tanh(getattr(self, names[0])(x)), b], 1))

    assert parity(Siblings(), Port(), rng.normal(size=(8, 6))).passed


def test_models_are_given_back(parity, rng):
    """Recording and replacing leave nothing behind."""
    reference, port = Shortcut(), KerasShortcut(scaled_silu)
    x = rng.normal(size=(2, 3, 5, 7)).astype(np.float32)
    port(np.moveaxis(x, 1, -1))
    call, hooks = keras.layers.Layer.__call__, len(torch.nn.modules.module._global_forward_hooks)
    before = [w.numpy() for w in port.weights], [p.clone() for p in reference.parameters()]
    given = port(np.moveaxis(x, 1, -1)).numpy()
    one(parity.report(reference, port, x))
    assert keras.layers.Layer.__call__ is call
    assert len(torch.nn.modules.module._global_forward_hooks) == hooks
    assert not tf.executing_eagerly() or not _callbacks()
    np.testing.assert_array_equal(port(np.moveaxis(x, 1, -1)).numpy(), given)
    for weight, old in zip(port.weights, before[0], strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)
    assert all(map(torch.equal, reference.parameters(), before[1]))


def _callbacks():
    from tensorflow.python.eager import context

    return context.context().op_callbacks


def test_gradients_pass_through_what_is_put_in_place(parity, rng):
    """With the reference's operations in it the port trains as the reference does."""
    x, y = rng.normal(size=(4, 3, 5, 7)), rng.normal(size=(4, 2))
    one(parity.report(Shortcut(), KerasShortcut(scaled_silu), x, y, loss="mse", steps=3))
    x = np.moveaxis(x, 1, -1)
    one(parity.report(KerasShortcut(scaled_silu), Shortcut(), x, y, loss="mse", steps=3))


def test_nothing_is_recorded_while_all_agrees(parity, rng, monkeypatch):
    from pytest_gradferry.parity.causes.operations import glue

    monkeypatch.setattr(glue, "record", None)
    assert parity(Shortcut(), KerasShortcut(), rng.normal(size=(2, 3, 5, 7))).passed


class Residual(nn.Module):
    """A strided, padded stem, and a block around which the stem's output is added."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.a, self.b = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.down = nn.Conv2d(4, 5, 3, stride=2, padding=1)

    def forward(self, x):
        x = F.relu(self.stem(x))
        x = F.relu(x + self.b(F.relu(self.a(x))))
        return self.down(x / 2)


class PaddedResidual(keras.Model):
    """Each convolution "valid", behind a ZeroPadding2D that torch has no counterpart of."""

    def __init__(self, change=""):
        super().__init__()
        self.pads = [L.ZeroPadding2D(1) for _ in range(4)]
        self.convs = [L.Conv2D(n, 3, strides=s) for n, s in ((4, 2), (4, 1), (4, 1), (5, 2))]
        self.change = change

    def padded(self, i, x):
        return self.convs[i](self.pads[i](x))

    def call(self, x):
        x = ops.relu(self.padded(0, x * 3 if self.change == "inputs" else x))
        y = ops.gelu if self.change == "gelu" else ops.relu
        y = self.padded(2, y(self.padded(1, x)))
        if self.change == "no residual":
            y = ops.relu(y)
        elif self.change == "order":
            y = ops.relu(y) + x
        else:
            y = ops.relu(x + y)
        return self.padded(3, y if self.change == "scale" else y / 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("inputs", "between the input and convs.0 the port has mul(3)"),
        ("gelu", "between convs.1 and convs.2 the port computes gelu"),
        ("no residual", "between convs.2, relu and convs.3 the port leaves out"),
        ("order", "between convs.2, relu and convs.3 the port computes, in another order,"),
        ("scale", "between relu and convs.3 the port leaves out"),
    ],
)
def test_padding_of_the_port_alone_hides_nothing(parity, rng, change, said):
    finding = one(parity.report(Residual(), PaddedResidual(change), rng.normal(size=(2, 3, 9, 9))))
    assert said in finding.cause


@pytest.mark.parametrize("change", ["inputs", "gelu", "no residual", "order", "scale"])
def test_padding_of_the_reference_alone_hides_nothing(parity, rng, change):
    x = rng.normal(size=(2, 9, 9, 3))
    assert one(parity.report(PaddedResidual(change), Residual(), x)).cause.startswith("between")


def test_padding_of_the_port_alone_is_right(parity, rng):
    parity(Residual(), PaddedResidual(), rng.normal(size=(2, 3, 9, 9)))


def test_slope_of_an_activation_in_place(parity, rng):
    """torch overwrites there what the reference's operations are to be applied to."""
    theirs = keras.Sequential([L.Dense(4), L.LeakyReLU(negative_slope=0.25), L.Dense(3)])
    ours = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.01, inplace=True), nn.Linear(4, 3))
    finding = one(parity.report(theirs, ours, rng.normal(size=(5, 3))))
    assert "leaky_relu (slope 0.01), the reference leaky_relu (slope 0.25)" in finding.cause
