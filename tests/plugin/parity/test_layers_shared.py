"""Layers called several times, frozen, or without statistics; buffers; MobileNetV2's layers."""

import keras
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from keras import layers as L
from torch import nn

from pytest_gradferry.parity.mapping import row_of

EXACT = 1e-12
OPTIONS = {"loss": "mse", "steps": 3, "tolerance": EXACT}


class Repeated(nn.Module):
    """One convolution and one norm, called three times; the last convolution is frozen."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(4, 4, 3, padding=1), nn.GroupNorm(2, 4)
        self.last = nn.Conv2d(4, 4, 1).requires_grad_(False)

    def forward(self, x):
        for _ in range(3):
            x = F.silu(self.norm(self.conv(x)))
        return self.last(x)


def repeated(last_trainable=False):
    conv, norm = L.Conv2D(4, 3, padding="same"), L.GroupNormalization(2, epsilon=1e-5)
    x = inputs = L.Input((6, 8, 4))
    for _ in range(3):
        x = L.Activation("silu")(norm(conv(x)))
    return keras.Model(inputs, L.Conv2D(4, 1, trainable=last_trainable, name="last")(x))


def test_layers_called_several_times_and_frozen_ones(parity, rng):
    x, y = rng.normal(size=(2, 4, 6, 8)), rng.normal(size=(2, 4, 6, 8))
    parity(Repeated(), repeated(), x, y, **OPTIONS)
    last = [np.moveaxis(a, 1, -1) for a in (x, y)]
    parity(repeated(), Repeated(), *last, **OPTIONS)


def test_frozen_on_one_side_alone(parity, rng):
    x, y = rng.normal(size=(2, 4, 6, 8)), rng.normal(size=(2, 4, 6, 8))
    report = parity.report(Repeated(), repeated(last_trainable=True), x, y, **OPTIONS)
    assert report.failed_rung == "settings"
    assert report.rung("gradients").status == "FAIL"
    (finding,) = report.findings
    assert finding.cause == "last.kernel, last.bias trained in the port alone"


def test_frozen_part_of_a_separable_convolution(parity, rng):
    x, y = rng.normal(size=(2, 3, 6, 8)), rng.normal(size=(2, 4, 6, 8))
    reference = nn.Sequential(
        nn.Conv2d(3, 3, 3, padding=1, groups=3, bias=False), nn.Conv2d(3, 4, 1)
    )
    port = keras.Sequential([L.Input((6, 8, 3)), L.SeparableConv2D(4, 3, padding="same", name="s")])
    port.layers[0].trainable = False
    report = parity.report(reference, port, x, y, **OPTIONS)
    (finding,) = report.findings
    assert "s.depthwise.kernel" in finding.cause
    assert finding.after < EXACT
    assert port.layers[0].trainable is False


def test_separable_convolution_is_given_back_as_it_was(parity, rng):
    reference = nn.Sequential(nn.Conv2d(3, 3, 3, groups=3, bias=False), nn.Conv2d(3, 4, 1))
    port = keras.Sequential([L.Input((6, 8, 3)), L.SeparableConv2D(4, 3)])
    layer, x = port.layers[0], rng.normal(size=(2, 3, 6, 8))
    weights, outputs = port.get_weights(), port.predict(np.moveaxis(x, 1, -1), verbose=0)
    parity(reference, port, x, tolerance=EXACT)
    assert [v.dtype for v in layer.variables] == ["float32"] * 3
    for before, after in zip(weights, port.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(port.predict(np.moveaxis(x, 1, -1), verbose=0), outputs)


def test_separable_convolution_has_no_bias_between(parity, rng):
    reference = nn.Sequential(nn.Conv2d(3, 3, 3, groups=3), nn.Conv2d(3, 4, 1))
    port = keras.Sequential([L.Input((6, 8, 3)), L.SeparableConv2D(4, 3, name="s")])
    nn.init.normal_(reference[0].bias)
    report = parity.report(reference, port, rng.normal(size=(2, 3, 6, 8)))
    assert report.failed_rung == "structure"
    (finding,) = report.findings
    assert finding.cause == "no bias in s.depthwise of the port, where 0 has one"
    assert finding.after < EXACT


class ByBatch(keras.Model):
    def __init__(self, always=True):
        super().__init__()
        self.norm, self.always = L.BatchNormalization(epsilon=1e-5, momentum=0.9), always

    def call(self, x, training=False):
        return self.norm(x, training=True if self.always else training)


def untracked():
    return nn.Sequential(nn.BatchNorm2d(4, track_running_stats=False))


def test_batch_norm_without_statistics(parity, rng):
    x, y = rng.normal(size=(2, 4, 6, 8)), rng.normal(size=(2, 4, 6, 8))
    report = parity(untracked(), ByBatch(), x, y, **OPTIONS)
    assert any("norm.moving_mean, norm.moving_variance" in note for note in report.notes)
    parity(ByBatch(), untracked(), *(np.moveaxis(a, 1, -1) for a in (x, y)), **OPTIONS)


@pytest.mark.parametrize("to_keras", [True, False])
def test_batch_norm_that_rests_on_one_side_alone(parity, rng, to_keras):
    x = rng.normal(size=(2, 4, 6, 8))
    if to_keras:
        report = parity.report(untracked(), ByBatch(always=False), x)
    else:
        report = parity.report(ByBatch(), nn.Sequential(nn.BatchNorm2d(4)), np.moveaxis(x, 1, -1))
    assert report.failed_rung == "forward-eval"
    (finding,) = report.findings
    assert "normalises by its own statistics in evaluation" in finding.cause
    assert finding.after < EXACT


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.register_buffer("factors", torch.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1))

    def forward(self, x):
        return self.conv(x * self.factors)


class ScaledKeras(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = L.Conv2D(4, 3)
        self.factors = self.add_weight(shape=(1, 1, 1, 3), trainable=False, name="factors")

    def call(self, x):
        return self.conv(x * self.factors)


def test_buffers_by_channel(parity, rng):
    x = rng.normal(size=(2, 3, 6, 8))
    port = ScaledKeras()
    parity(Scaled(), port, x, tolerance=EXACT)
    port.factors.assign(np.reshape([3.0, 5.0, 7.0], (1, 1, 1, 3)))
    parity(port, Scaled(), np.moveaxis(x, 1, -1), tolerance=EXACT)


def test_mapping_of_buffers_that_do_not_fit(parity, rng):
    reference = Scaled()
    reference.register_buffer("offsets", torch.zeros(5))
    mapping = {"offsets": "factors"}
    with pytest.raises(ValueError, match=r"offsets \(5,\) to factors \(1, 1, 1, 3\): the shapes"):
        parity(reference, ScaledKeras(), rng.normal(size=(2, 3, 6, 8)), mapping=mapping)


def test_two_norms_over_all_axes_and_a_mistake_after_them(parity, rng):
    """The norm is no divergence for its channels standing elsewhere."""
    x = rng.normal(size=(2, 3, 6, 8))
    reference = nn.Sequential(nn.LayerNorm((3, 6, 8)), nn.Conv2d(3, 4, 3, stride=2, padding=1))
    port = keras.Sequential(
        [
            L.Input((6, 8, 3)),
            L.LayerNormalization(axis=(1, 2, 3), epsilon=1e-5),
            L.Conv2D(4, 3, strides=2, padding="same", name="conv"),
        ]
    )
    report = parity.report(reference, port, x)
    assert "conv (Conv2D)" in report.divergence
    assert report.findings[0].rule == "XFR502"


def test_cropped_transposed_convolution_and_a_mistake_after_it(parity, rng):
    up = nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1)
    reference = nn.Sequential(up, nn.GroupNorm(2, 4))
    port = keras.Sequential(
        [
            L.Input((6, 8, 3)),
            L.Conv2DTranspose(4, 3, strides=2),
            L.Cropping2D(((1, 0), (1, 0))),
            L.GroupNormalization(2, name="norm"),
        ]
    )
    report = parity.report(reference, port, rng.normal(size=(2, 3, 6, 8)))
    assert "norm (GroupNormalization)" in report.divergence
    assert report.findings[0].change == "epsilon=1e-05"


def test_the_layers_of_mobile_net_are_in_the_table():
    model = keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=4)
    kinds = {type(layer) for layer in model.layers}
    plumbing = {"InputLayer", "Add"}
    assert {k.__name__ for k in kinds if row_of("keras", k) is None} == plumbing
