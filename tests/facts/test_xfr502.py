"""XFR502: what a strided "same" convolution sees, against torch's even padding."""

from __future__ import annotations

from typing import Any

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
keras = pytest.importorskip("keras")
np = pytest.importorskip("numpy")

PAGE = rule("XFR502").page


def difference(program: str, size: int) -> float:
    names: dict[str, Any] = run(program.replace("(8, 8, 3)", f"({size}, {size}, 3)"))
    conv, net = names["torch_net"][0], names["keras_net"]
    kernel, bias = (p.detach().numpy() for p in (conv.weight, conv.bias))
    net.layers[-1].set_weights([kernel.transpose(2, 3, 1, 0), bias])
    x = np.random.default_rng(0).normal(size=(1, size, size, 3)).astype("float32")
    wanted = names["torch_net"](torch.from_numpy(x.transpose(0, 3, 1, 2))).detach().numpy()
    got = np.array(net(x)).transpose(0, 3, 1, 2)
    assert got.shape == wanted.shape
    return float(abs(got - wanted).max())


def test_bad_is_shifted_at_even_sizes_alone() -> None:
    assert difference(PAGE.bad[0], 8) > 0.1
    assert difference(PAGE.bad[0], 9) < 1e-5


def test_good_is_equal_at_both() -> None:
    assert difference(PAGE.good[0], 8) < 1e-5
    assert difference(PAGE.good[0], 9) < 1e-5


@pytest.mark.parametrize(
    ("kernel", "padding", "equal"), [(4, 1, True), (2, 0, True), (5, 2, False)]
)
def test_which_windows_pad_alike(kernel: int, padding: int, equal: bool) -> None:
    image = np.random.default_rng(0).normal(size=(1, 8, 8, 1)).astype("float32")
    weight = np.random.default_rng(1).normal(size=(kernel, kernel, 1, 1)).astype("float32")
    same = np.array(keras.ops.conv(image, weight, strides=2, padding="same"))
    even = torch.nn.functional.conv2d(
        torch.from_numpy(image.transpose(0, 3, 1, 2)),
        torch.from_numpy(weight.transpose(3, 2, 0, 1)),
        stride=2,
        padding=padding,
    )
    assert np.allclose(same.transpose(0, 3, 1, 2), even, atol=1e-5) is equal
