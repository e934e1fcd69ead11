"""Layers that look alike: which is which is told by what they are fed, where the two models call
them in another order."""

import keras
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from keras import layers as L
from keras import ops
from tensorflow.python.eager import execute
from torch import nn

EXACT = 1e-9


def moved(report):
    return [note for note in report.notes if "paired by what they are fed" in note]


class Heads(nn.Module):
    """Two heads on one flatten, as an encoder of a VAE has them."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)
        self.mean, self.scale = nn.Linear(48, 4), nn.Linear(48, 4)

    def forward(self, x):
        x = self.conv(x).flatten(1)
        return self.mean(x), F.softplus(self.scale(x))


class HeadsKeras(keras.Model):
    """Other names, and the other head first."""

    def __init__(self):
        super().__init__()
        self.conv, self.flatten = L.Conv2D(3, 3), L.Flatten()
        self.one, self.two = L.Dense(4), L.Dense(4)

    def call(self, x):
        x = self.flatten(self.conv(x))
        scale = ops.softplus(self.two(x))
        return self.one(x), scale


@pytest.fixture
def images(rng):
    return rng.normal(size=(5, 2, 6, 6))


@pytest.mark.parametrize("to_keras", [True, False])
def test_heads_called_in_another_order(parity, images, to_keras):
    if to_keras:
        report = parity(Heads(), HeadsKeras(), images, tolerance=EXACT)
    else:
        report = parity(HeadsKeras(), Heads(), np.moveaxis(images, 1, -1), tolerance=EXACT)
    assert len(moved(report)) == 1
    assert "permuted for the channels-last flatten" in report.rung("weights").detail


def test_heads_in_the_same_order_are_left_alone(parity, images):
    inputs = keras.Input((6, 6, 2))
    x = L.Flatten()(L.Conv2D(3, 3)(inputs))
    first = L.Dense(4)(x)
    report = parity(Heads(), keras.Model(inputs, [first, L.Dense(4, "softplus")(x)]), images)
    assert report.rung("gradients").error < EXACT


def test_a_mistake_is_not_paired_away(parity, images):
    """No pairing makes a softplus and a factor right."""

    class Wrong(HeadsKeras):
        def call(self, x):
            x = self.flatten(self.conv(x))
            return ops.softplus(self.one(x)), 2 * self.two(x)

    recording = execute.record_gradient
    report = parity.report(Heads(), Wrong(), images)
    assert report.rung("forward-eval").status == "FAIL"
    assert execute.record_gradient is recording  # else a later tape would miss an operation


class Around(nn.Module):
    """A shortcut of the same shape as the second convolution, called before it."""

    def __init__(self):
        super().__init__()
        self.stem, self.short = nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 1)
        self.a, self.b = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)

    def forward(self, x):
        x = F.relu(self.stem(x))
        short = self.short(x)
        return short + self.b(torch.tanh(self.a(x)))


class AroundKeras(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.around = L.Conv2D(4, 3, activation="relu"), L.Conv2D(4, 1)
        self.one, self.two = L.Conv2D(4, 1, activation="tanh"), L.Conv2D(4, 1)

    def call(self, x):
        x = self.first(x)
        y = self.two(self.one(x))
        return y + self.around(x)


@pytest.mark.parametrize("to_keras", [True, False])
def test_shortcut_called_after_what_it_goes_around(parity, images, to_keras):
    if to_keras:
        report = parity(Around(), AroundKeras(), images, tolerance=EXACT)
    else:
        report = parity(AroundKeras(), Around(), np.moveaxis(images, 1, -1), tolerance=EXACT)
    assert len(moved(report)) == 1


def test_partners_that_the_user_names_are_kept(parity, images):
    mapping = {"short": "two", "a": "one", "b": "around"}
    report = parity.report(Around(), AroundKeras(), images, mapping=mapping)
    assert report.rung("forward-eval").status == "FAIL"
    right = {"short": "around", "a": "one", "b": "two"}
    assert moved(parity(Around(), AroundKeras(), images, mapping=right)) == []


class Tied(nn.Module):
    def __init__(self, tied=True):
        super().__init__()
        self.embed, self.body = nn.Embedding(10, 6), nn.Linear(6, 6)
        self.out = nn.Linear(6, 10, bias=False)
        if tied:
            self.out.weight = self.embed.weight

    def forward(self, tokens):
        return self.out(F.silu(self.body(self.embed(tokens))))


class TiedKeras(keras.Model):
    def __init__(self):
        super().__init__()
        self.embed, self.body = L.Embedding(10, 6), L.Dense(6, activation="silu")

    def call(self, tokens):
        return ops.matmul(self.body(self.embed(tokens)), ops.transpose(self.embed.embeddings))


@pytest.mark.parametrize("to_keras", [True, False])
def test_output_layer_tied_to_the_embedding(parity, rng, to_keras):
    tokens = rng.integers(0, 10, (4, 5))
    models = [Tied(), TiedKeras()]
    report = parity(*(models if to_keras else models[::-1]), tokens, tolerance=EXACT)
    assert report.rung("gradients").status == "pass"


def test_output_layer_that_is_not_tied_is_left_over(parity, rng):
    tokens = rng.integers(0, 10, (4, 5))
    report = parity.report(TiedKeras(), Tied(tied=False), tokens)
    assert report.failed_rung == "structure"
    assert "port       out: Linear" in report.rung("structure").detail


class Strided(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(2, 4, 1), nn.Conv2d(4, 4, 2, stride=2)
        self.short = nn.Conv2d(2, 4, 1, stride=2)

    def forward(self, x):
        return self.two(F.relu(self.one(x))) + self.short(x)


def test_strides_in_another_layer_of_a_block(parity, images):
    """Either alone does not fit the shortcut."""
    inputs = keras.Input((6, 6, 2))
    x = L.Conv2D(4, 1, strides=2, activation="relu", name="one")(inputs)
    x = L.Conv2D(4, 2, padding="same", name="two")(x)
    port = keras.Model(inputs, L.Add()([x, L.Conv2D(4, 1, strides=2, name="short")(inputs)]))
    report = parity.report(Strided(), port, images)
    (finding,) = report.findings
    assert finding.cause == "strides is 2 in one, 1 in two"
    assert finding.after < 1e-12


class Halving(nn.Module):
    """Convolutions that look alike, the first on twice the size of the second."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(2, 2, 3, stride=2, padding=1), nn.Conv2d(2, 2, 3, padding=1)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))


def test_inputs_padded_on_one_side_are_no_reason_to_pair_anew(parity, rng):
    """Padded by a layer of its own, the second one's input has the first's size in torch."""
    port = keras.Sequential(
        [
            L.Input((4, 4, 2)),
            L.ZeroPadding2D(1),
            L.Conv2D(2, 3, strides=2, activation="tanh"),
            L.ZeroPadding2D(1),
            L.Conv2D(2, 3),
        ]
    )
    report = parity(Halving(), port, rng.normal(size=(3, 2, 4, 4)), tolerance=EXACT)
    assert moved(report) == []
