"""A wrong setting, padding or resize of one layer is named, and the drop shown, both ways."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch.nn.functional as F
from keras import layers as L
from torch import nn

IMAGE = (2, 6, 8, 10)


class Case:
    """A torch module and a Keras layer that differ, and what is said of either as the port."""

    def __init__(self, theirs, ours, to_keras, to_torch=None, *, rule=None, shape=IMAGE):
        self.theirs, self.ours, self.shape, self.rule = theirs, ours, shape, rule
        self.said = {"keras": to_keras, "torch": to_torch}


CASES = {
    "groupnorm-epsilon": Case(
        lambda: [nn.GroupNorm(3, 6)],
        lambda: [L.GroupNormalization(3)],
        "epsilon=1e-05",
        "eps=0.001",
    ),
    "instancenorm-epsilon": Case(
        lambda: [nn.InstanceNorm2d(6, affine=True)],
        lambda: [L.GroupNormalization(-1)],
        "epsilon=1e-05",
        "eps=0.001",
    ),
    "rmsnorm-epsilon": Case(
        lambda: [nn.RMSNorm(6)],
        lambda: [L.RMSNormalization()],
        "epsilon=1.19209e-07",
        "eps=1e-06",
        shape=(4, 6),
    ),
    "groups": Case(
        lambda: [nn.GroupNorm(3, 6)],
        lambda: [L.GroupNormalization(2, epsilon=1e-5)],
        "groups=3",
        "num_groups=2",
    ),
    "groups-of-one": Case(
        lambda: [nn.InstanceNorm2d(6, affine=True)],
        lambda: [L.GroupNormalization(2, epsilon=1e-5)],
        "groups=6",
        "0 normalises each channel, the reference 2 groups of channels",
    ),
    "strides": Case(
        lambda: [nn.Conv2d(6, 4, 3, stride=2)],
        lambda: [L.Conv2D(4, 3, strides=(2, 1))],
        "strides=2",
        "stride=(2, 1)",
    ),
    "dilation": Case(
        lambda: [nn.Conv2d(6, 4, 3, dilation=2)],
        lambda: [L.Conv2D(4, 3)],
        "dilation_rate=2",
        "dilation=1",
    ),
    "dilation-of-same": Case(
        lambda: [nn.Conv2d(6, 4, 3, dilation=2, padding=2)],
        lambda: [L.Conv2D(4, 3, padding="same")],
        "dilation_rate=2",
        "dilation_rate of 0 is 2, reference 1; and 0 pads 2 before, 2 after",
    ),
    "depthwise-padding": Case(
        lambda: [nn.Conv2d(6, 6, 3, stride=2, padding=1, groups=6)],
        lambda: [L.DepthwiseConv2D(3, strides=2, padding="same")],
        "pads 0 before, 1 after, the reference 1 before, 1 after",
        "pads 1 before, 1 after, the reference 0 before, 1 after",
        rule="XFR502",
    ),
    "separable-padding": Case(
        lambda: [nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False), nn.Conv2d(6, 4, 1)],
        lambda: [L.SeparableConv2D(4, 3)],
        "sep.depthwise pads 0 before, 0 after, the reference 1 before, 1 after",
        "0 pads 1 before, 1 after, the reference 0 before, 0 after",
    ),
    "conv-reflection": Case(
        lambda: [nn.Conv2d(6, 4, 3, padding=1, padding_mode="reflect")],
        lambda: [L.Conv2D(4, 3, padding="same")],
        "pads with zeros, the reference with its reflection",
        "pads with its reflection, the reference with zeros",
    ),
    "pad-replication": Case(
        lambda: [nn.ReplicationPad2d(1), nn.Conv2d(6, 4, 3)],
        lambda: [L.ZeroPadding2D(1), L.Conv2D(4, 3)],
        "pads with zeros, the reference with its edge",
        "pads with its edge, the reference with zeros",
    ),
    "transposed-same": Case(
        lambda: [nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1)],
        lambda: [L.Conv2DTranspose(4, 3, strides=2, padding="same")],
        "cuts 0 before, 1 after of its whole output, the reference 1 before, 0 after",
        "cuts 1 before, 0 after of its whole output, the reference 0 before, 1 after",
        rule="XFR505",
    ),
    "transposed-output-padding": Case(
        lambda: [nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1)],
        lambda: [L.Conv2DTranspose(4, 3, strides=2), L.Cropping2D(((1, 0), (1, 0)))],
        "cuts 1 before, 0 after of its whole output, the reference 1 before, 1 after",
        "cuts 1 before, 1 after of its whole output, the reference 1 before, 0 after",
        rule="XFR505",
    ),
    "transposed-longer": Case(
        lambda: [nn.ConvTranspose2d(6, 4, 2, stride=2, output_padding=1)],
        lambda: [L.Conv2DTranspose(4, 2, strides=2)],
        "cuts 0 before, 0 after of its whole output, the reference 0 before, -1 after",
        "cuts 0 before, -1 after of its whole output, the reference 0 before, 0 after",
        rule="XFR505",
    ),
    "transposed-stride-and-padding": Case(
        lambda: [nn.ConvTranspose2d(6, 4, 4, stride=2, padding=1)],
        lambda: [L.Conv2DTranspose(4, 4)],
        "strides of up is 1, reference 2; and up cuts",
        "strides of 0 is 2, reference 1; and 0 cuts",
        rule="XFR505",
    ),
    "pool-size": Case(
        lambda: [nn.MaxPool2d(2, 2)],
        lambda: [L.MaxPooling2D(3, 2)],
        "pool_size=2",
        "kernel_size=3",
    ),
    "pool-size-and-padding": Case(
        lambda: [nn.AvgPool2d(3, 2, 1)],
        lambda: [L.AveragePooling2D(2)],
        "pool_size of pool is 2, reference 3; and pool pads 0 before, 0 after",
        "pool_size of 0 is 3, reference 2; and 0 pads 1 before, 1 after",
        rule="XFR504",
    ),
    "pool-size-and-stride": Case(
        lambda: [nn.MaxPool2d(3, 3)],
        lambda: [L.MaxPooling2D(2)],
        "pool_size=3 and strides=3",
        "kernel_size=2 and stride=2",
    ),
    "maxpool-same": Case(
        lambda: [nn.MaxPool2d(3, 2, 1)],
        lambda: [L.MaxPooling2D(3, 2, padding="same")],
        "pads 0 before, 1 after, the reference 1 before, 1 after",
        "pads 1 before, 1 after, the reference 0 before, 1 after",
        rule="XFR503",
    ),
    "maxpool-ceil": Case(
        lambda: [nn.MaxPool2d(2, ceil_mode=True)],
        lambda: [L.MaxPooling2D(2)],
        "pads 0 before, 0 after, the reference 0 before, 1 after",
        "pads 0 before, 1 after, the reference 0 before, 0 after",
        rule="XFR503",
        shape=(2, 6, 7, 9),
    ),
    "maxpool-ceil-padded": Case(
        lambda: [nn.MaxPool2d(3, 2, 1, ceil_mode=True)],
        lambda: [L.MaxPooling2D(3, 2)],
        "pads 0 before, 0 after, the reference 1 before, 2 after",
        "pads 1 before, 2 after, the reference 0 before, 0 after",
        rule="XFR503",
    ),
    "avgpool-ceil": Case(
        lambda: [nn.AvgPool2d(2, ceil_mode=True)],
        lambda: [L.AveragePooling2D(2)],
        "pads 0 before, 0 after, the reference 0 before, 1 after",
        "pads 0 before, 1 after, the reference 0 before, 0 after",
        rule="XFR504",
        shape=(2, 6, 7, 9),
    ),
    "avgpool-include-pad": Case(
        lambda: [nn.AvgPool2d(3, 1, 1)],
        lambda: [L.AveragePooling2D(3, 1, padding="same")],
        "leaves its padding out of the average, the reference counts its padding",
        "counts its padding, the reference leaves its padding out of the average",
        rule="XFR504",
    ),
    "interpolation": Case(
        lambda: [nn.Upsample(scale_factor=2, mode="bilinear")],
        lambda: [L.UpSampling2D()],
        "interpolation=bilinear",
        "mode=nearest",
        rule="XFR515",
    ),
    "align-corners": Case(
        lambda: [nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)],
        lambda: [L.UpSampling2D(interpolation="bilinear")],
        "resizes by bilinear, the reference by bilinear with align_corners",
        "align_corners=False",
        rule="XFR515",
    ),
    "align-corners-by-type": Case(
        lambda: [nn.UpsamplingBilinear2d(scale_factor=2)],
        lambda: [L.UpSampling2D()],
        "resizes by nearest, the reference by bilinear with align_corners",
        "resizes by bilinear with align_corners, the reference by nearest",
        rule="XFR515",
    ),
    "bicubic": Case(
        lambda: [nn.Upsample(scale_factor=2, mode="bicubic")],
        lambda: [L.UpSampling2D(interpolation="bicubic")],
        "resizes by bicubic (a = -0.5), the reference by bicubic (a = -0.75)",
        rule="XFR515",
    ),
    "trilinear": Case(
        lambda: [nn.Upsample(scale_factor=2, mode="trilinear")],
        lambda: [L.UpSampling3D()],
        "resizes by nearest, the reference by trilinear",
        "mode=nearest",
        rule="XFR515",
        shape=(2, 3, 3, 4, 5),
    ),
    "functional-interpolate": Case(
        lambda: [Interpolate()],
        lambda: [L.UpSampling2D(interpolation="bilinear")],
        "resizes by bilinear, the reference by bilinear with align_corners",
        "F.interpolate resizes by bilinear with align_corners, the reference by bilinear",
        rule="XFR515",
    ),
    "functional-resize": Case(
        lambda: [nn.Upsample(scale_factor=2)],
        lambda: [L.Lambda(lambda x: tf.image.resize(x, (16, 20)))],
        "tf.image.resize resizes by bilinear, the reference by nearest",
        "resizes by nearest, the reference by bilinear",
        rule="XFR515",
    ),
    "functional-both": Case(
        lambda: [Interpolate()],
        lambda: [L.Lambda(lambda x: keras.ops.image.resize(x, (16, 20)))],
        "keras.ops.image.resize resizes by bilinear, the reference by bilinear with align_corners",
        "F.interpolate resizes by bilinear with align_corners, the reference by bilinear",
        rule="XFR515",
    ),
    "pixel-shuffle": Case(
        lambda: [nn.PixelShuffle(2)],
        lambda: [L.Lambda(lambda x: tf.nn.depth_to_space(x, 2))],
        "PixelShuffle counts (C, r, r), depth_to_space (r, r, C)",
        "PixelShuffle counts (C, r, r), depth_to_space (r, r, C)",
        rule="XFR514",
        shape=(2, 12, 4, 6),
    ),
}


class Interpolate(nn.Module):
    def forward(self, x):
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


NAMES = {"Conv2DTranspose": "up", "SeparableConv2D": "sep", "AveragePooling2D": "pool"}


def named(layers):
    """Keras names by type and number: these are short."""
    for layer in layers:
        layer.name = NAMES.get(type(layer).__name__, type(layer).__name__.lower())
    return layers


def settings(layers):
    """The plain attributes of each layer, which a cause may change only while it is tried."""
    plain = (int, float, str, tuple, list, type(None))
    return [{k: v for k, v in vars(layer).items() if isinstance(v, plain)} for layer in layers]


@pytest.mark.filterwarnings("ignore:You might experience inconsistencies")
@pytest.mark.parametrize(
    ("name", "port"), [(n, f) for n, case in CASES.items() for f, said in case.said.items() if said]
)
def test_mistake_is_named(parity, rng, name, port):
    case = CASES[name]
    x = rng.normal(size=case.shape)
    last = np.moveaxis(x, 1, -1) if x.ndim > 2 else x
    theirs = nn.Sequential(*case.theirs())
    ours = keras.Sequential([L.Input(last.shape[1:]), *named(case.ours())])
    before = settings(ours.layers), settings(theirs)
    report = parity.report(*((theirs, ours, x) if port == "keras" else (ours, theirs, last)))
    assert (settings(ours.layers), settings(theirs)) == before
    assert report.failed_rung in ("forward-eval", "settings"), report.text()
    assert report.rung("forward-eval").status == "FAIL"
    (finding,) = report.findings or pytest.fail(report.text())
    said = case.said[port]
    assert said in (finding.change if "=" in said and " = " not in said else finding.cause)
    assert finding.rule == case.rule
    assert finding.before > 1e-8
    assert finding.after < 3e-7 * min(finding.before, 1)
    assert not report.unexplained, report.text()


def test_each_call_of_a_function_is_a_cause_of_its_own(parity, rng):
    """U-Nets resize step by step: what mends one size is no one's business at another."""
    reference = keras.Sequential([L.Input((3, 4, 2))])
    for _ in range(2):
        reference.add(L.UpSampling2D(interpolation="bilinear"))
        reference.add(L.Conv2D(2, 1))
    port = nn.Sequential(Interpolate(), nn.Conv2d(2, 2, 1), Interpolate(), nn.Conv2d(2, 2, 1))
    report = parity.report(reference, port, rng.normal(size=(2, 3, 4, 2)))
    assert len(report.findings) == 2, report.text()
    assert all("with align_corners" in finding.cause for finding in report.findings)
    assert report.findings[1].after < 1e-12
    assert not report.unexplained


def test_cropped_layer_is_innocent_of_what_it_is_fed(parity, rng):
    reference = nn.Sequential(
        nn.Conv2d(6, 6, 1), nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1)
    )
    crop = L.Cropping2D(((1, 0), (1, 0)))
    layers = [L.Conv2D(6, 1), L.Activation("tanh"), L.Conv2DTranspose(4, 3, strides=2), crop]
    port = keras.Sequential([L.Input((8, 10, 6)), *layers])
    report = parity.report(reference, port, rng.normal(size=IMAGE))
    assert "the layer is right; what between 0 and it happens" in report.divergence
    assert "tanh" in report.findings[0].cause


def test_cropped_at_one_end_in_every_layer(parity, rng):
    """Behind the first, the next one hides what mending it changes."""
    reference = nn.Sequential(
        *(layer for _ in range(2) for layer in (nn.ConvTranspose2d(3, 3, 4, 2, 1), nn.Tanh()))
    )
    port = keras.Sequential([L.Input((4, 5, 3))])
    for name in ("up", "on"):
        port.add(L.Conv2DTranspose(3, 4, strides=2, name=name))
        port.add(L.Cropping2D(((2, 0), (2, 0))))
        port.add(L.Activation("tanh"))
    report = parity.report(reference, port, rng.normal(size=(2, 3, 4, 5)))
    (finding,) = report.findings or pytest.fail(report.text())
    assert finding.cause.startswith(
        "up cuts 2 before, 0 after of its whole output, the reference 1"
    )
    assert finding.cause.endswith("likewise on")
    assert finding.after < 1e-12
    assert not report.unexplained
