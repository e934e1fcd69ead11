"""Keras models with their channels second, as torch has them."""

import keras
import pytest
from keras import layers as L
from torch import nn

EXACT = 1e-12


def as_it_is(array):
    return array


GIVEN = {"port_inputs": as_it_is, "loss": "mse", "steps": 3, "tolerance": EXACT}


class Pooled(nn.Module):
    """Slopes by channel, the mean over the positions, a dense layer."""

    def __init__(self, channels, epsilon=1e-5):
        super().__init__()
        self.prelu, self.norm = nn.PReLU(channels), nn.LayerNorm(channels, eps=epsilon)
        self.out = nn.Linear(channels, 3)

    def forward(self, x):
        return self.out(self.norm(self.prelu(x).flatten(2).mean(-1)))


def pooled(channels, *sizes):
    pool = (L.GlobalAveragePooling1D, L.GlobalAveragePooling2D)[len(sizes) - 1]
    return keras.Sequential(
        [
            L.Input((channels, *sizes)),
            L.PReLU(shared_axes=tuple(range(2, 2 + len(sizes))), name="slopes"),
            pool(data_format="channels_first"),
            L.LayerNormalization(epsilon=1e-5),
            L.Dense(3),
        ]
    )


@pytest.mark.parametrize("shape", [(5, 6, 8), (6, 6, 6), (5, 7)], ids=str)
def test_slopes_by_channel(parity, rng, shape):
    x, y = rng.normal(size=(4, *shape)), rng.normal(size=(4, 3))
    channels, *sizes = shape
    for models in (
        (Pooled(channels), lambda: pooled(channels, *sizes)),
        (lambda: pooled(channels, *sizes), Pooled(channels)),
    ):
        report = parity(*models, x, y, **GIVEN)
        assert report.rung("curve").status == "pass"
        assert max(layer.error for layer in report.layers) < EXACT


@pytest.mark.parametrize("shape", [(5, 6, 8), (6, 6, 6)], ids=str)
def test_a_mistake_behind_them_is_the_first_divergence(parity, rng, shape):
    x, y = rng.normal(size=(4, *shape)), rng.normal(size=(4, 3))
    report = parity.report(Pooled(shape[0], epsilon=1e-3), pooled(*shape), x, y, **GIVEN)
    assert report.divergence.startswith("norm (LayerNorm)")
    assert report.findings[0].change == "epsilon=0.001"


def test_among_convolutions(parity, rng):
    """TensorFlow computes them on a CPU in float32 only."""
    reference = nn.Sequential(nn.Conv2d(3, 5, 3), nn.PReLU(5), nn.MaxPool2d(2), nn.PReLU(5))
    port = keras.Sequential(
        [
            L.Input((3, 8, 10)),
            L.Conv2D(5, 3, data_format="channels_first"),
            L.PReLU(shared_axes=(2, 3)),
            L.MaxPooling2D(2, data_format="channels_first"),
            L.PReLU(shared_axes=(2, 3)),
        ]
    )
    x, y = rng.normal(size=(4, 3, 8, 10)), rng.normal(size=(4, 5, 3, 4))
    report = parity(reference, port, x, y, **GIVEN, port_outputs=as_it_is)
    assert report.rung("forward-eval").error < 1e-6


def test_slopes_by_row_fit_no_torch_module(parity, rng):
    """As many rows as channels: the shapes alone would fit."""
    reference = nn.Sequential(nn.PReLU(6), nn.Conv2d(6, 2, 1))
    port = keras.Sequential(
        [L.Input((6, 6, 6)), L.PReLU(shared_axes=(2, 3), name="slopes"), L.Conv2D(2, 1)]
    )
    report = parity.report(reference, port, rng.normal(size=(2, 6, 6, 6)))
    assert report.failed_rung == "structure"
    assert "slopes: PReLU (weight (6, 1, 1))" in report.text()


def test_slopes_by_column_of_channels_first_fit_none_either(parity, rng):
    port = pooled(6, 6, 6)
    port = keras.Sequential(
        [L.Input((6, 6, 6)), L.PReLU(shared_axes=(1, 2), name="slopes"), *port.layers[1:]]
    )
    x, y = rng.normal(size=(4, 6, 6, 6)), rng.normal(size=(4, 3))
    report = parity.report(Pooled(6), port, x, y, **GIVEN)
    assert report.failed_rung == "structure"
    assert "slopes: PReLU (weight (1, 1, 6))" in report.text()


def test_recorded(parity, rng, tmp_path):
    x, y = rng.normal(size=(4, 5, 6, 8)), rng.normal(size=(4, 3))
    path = tmp_path / "reference.safetensors"
    parity.record(pooled(5, 6, 8), x, y, loss="mse", steps=3, to=path)
    report = parity.replay(path, Pooled(5), port_inputs=as_it_is, tolerance=EXACT)
    assert report.rung("curve").status == "pass"
