"""Layers that do not pair: what is missing is named, and put in to show that it is all."""

import keras
import numpy as np
import pytest
from keras import layers as L
from torch import nn


def biased(layer):
    """With weights that training could have left."""
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    return layer


CASES = {
    "conv": (
        lambda: nn.Conv2d(3, 4, 3),
        lambda: L.Conv2D(4, 3, use_bias=False, name="layer", activation="tanh"),
        "no bias in layer of the port, where 0 has one",
        "Conv2D(..., use_bias=True): layer",
        "Conv2d(..., bias=False): 0",
    ),
    "depthwise": (
        lambda: nn.Conv2d(3, 6, 3, groups=3),
        lambda: L.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False, name="layer"),
        "no bias in layer of the port, where 0 has one",
        "DepthwiseConv2D(..., use_bias=True): layer",
        "Conv2d(..., bias=False): 0",
    ),
    "transposed": (
        lambda: nn.ConvTranspose2d(3, 4, 3),
        lambda: L.Conv2DTranspose(4, 3, use_bias=False, name="layer"),
        "no bias in layer of the port, where 0 has one",
        "Conv2DTranspose(..., use_bias=True): layer",
        "ConvTranspose2d(..., bias=False): 0",
    ),
    "groupnorm": (
        lambda: nn.GroupNorm(3, 3),
        lambda: L.GroupNormalization(3, epsilon=1e-5, center=False, name="layer"),
        "no shift in layer of the port, where 0 has one",
        "GroupNormalization(..., center=True): layer",
        "GroupNorm has a scale and a shift or neither: freeze one where it does nothing: 0",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_one_side_lacks(parity, rng, case):
    theirs, ours, cause, in_keras, in_torch = CASES[case]
    x = rng.normal(size=(2, 3, 6, 8))
    reference = nn.Sequential(biased(theirs()), *([nn.Tanh()] if case == "conv" else []))
    port = keras.Sequential([L.Input((6, 8, 3)), ours()])
    report = parity.report(reference, port, x)
    assert report.failed_rung == "structure"
    (finding,) = report.findings
    assert finding.cause == cause
    assert finding.fix == in_keras
    assert finding.before > 1e-2
    assert finding.after < 1e-12
    report = parity.report(port, reference, np.moveaxis(x, 1, -1))
    (finding,) = report.findings
    assert finding.cause == cause.replace("port", "reference")
    assert finding.fix == in_torch
    assert finding.before is None  # a bias too many is zero as it starts


def test_scale_and_shift_are_one_cause(parity, rng):
    reference = nn.Sequential(biased(nn.LayerNorm(6)), biased(nn.LayerNorm(6)))
    plain = [L.LayerNormalization(epsilon=1e-5, scale=False, center=False) for _ in range(2)]
    port = keras.Sequential([L.Input((6,)), *plain])
    (finding,) = parity.report(reference, port, rng.normal(size=(4, 6))).findings
    assert finding.cause.startswith("no scale and shift in ")
    assert finding.fix.startswith("LayerNormalization(..., center=True, scale=True): ")


def test_what_a_torch_port_lacks(parity, rng):
    reference = keras.Sequential([L.Input((6, 8, 3)), L.Conv2D(4, 3, name="first")])
    reference.layers[0].bias.assign(rng.normal(size=4))
    port = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False))
    (finding,) = parity.report(reference, port, rng.normal(size=(2, 6, 8, 3))).findings
    assert finding.fix == "Conv2d(..., bias=True): 0"
    assert finding.before > 1e-2
    assert finding.after < 1e-12
    assert port[0].bias is None


def test_nothing_is_said_of_layers_of_other_shapes(parity, rng):
    """Which layer lacks what cannot be told: both lists, and no cause."""
    reference = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 1))
    port = keras.Sequential([L.Input((6, 8, 3)), L.Conv2D(4, 3, use_bias=False), L.Conv2D(6, 1)])
    report = parity.report(reference, port, rng.normal(size=(2, 3, 6, 8)))
    assert report.failed_rung == "structure"
    assert report.findings == []
    assert "port       conv2d" in report.text()


def test_slopes_of_each_position_fit_no_torch_module(parity, rng):
    reference = nn.Sequential(nn.PReLU(6))
    port = keras.Sequential([L.Input((6, 8, 6)), L.PReLU(shared_axes=(2, 3), name="slopes")])
    report = parity.report(reference, port, rng.normal(size=(2, 6, 6, 8)))
    assert report.failed_rung == "structure"
    assert "slopes: PReLU (weight (6, 1, 1))" in report.text()
