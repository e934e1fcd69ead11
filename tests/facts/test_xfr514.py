"""XFR514: which channel ends in which pixel."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
tf = pytest.importorskip("tensorflow")
np = pytest.importorskip("numpy")

PAGE = rule("XFR514").page


def difference(program: str) -> float:
    names = run(program)
    net = names["torch_upscaler"]()
    conv, port = names["tf_upscaler"]()
    x = np.random.default_rng(0).normal(size=(1, 4, 4, 3)).astype("float32")
    conv.build(x.shape)
    kernel, bias = (p.detach().numpy() for p in (net[0].weight, net[0].bias))
    conv.set_weights([kernel.transpose(2, 3, 1, 0), bias])
    wanted = net(torch.from_numpy(x.transpose(0, 3, 1, 2))).detach().numpy()
    return float(abs(np.array(port(x)).transpose(0, 3, 1, 2) - wanted).max())


def test_bad_mixes_colours_and_pixels() -> None:
    assert difference(PAGE.bad[0]) > 0.1


def test_good_is_equal() -> None:
    assert difference(PAGE.good[0]) < 1e-5


def test_one_channel_is_equal_as_it_is() -> None:
    x = torch.arange(16.0).reshape(1, 4, 2, 2)
    other = tf.nn.depth_to_space(x.numpy().transpose(0, 2, 3, 1), 2).numpy()
    assert np.array_equal(torch.nn.PixelShuffle(2)(x).numpy().transpose(0, 2, 3, 1), other)
