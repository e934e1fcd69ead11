"""XFR512: in which order either framework takes its paddings."""

from __future__ import annotations

import pytest
from support import rule, run

PAGE = rule("XFR512").page


def sizes(program: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows and columns of an image of 4 by 6 pixels, padded by torch and by Keras."""
    torch = pytest.importorskip("torch")
    np = pytest.importorskip("numpy")
    pytest.importorskip("keras")
    names = run(program)
    in_torch = names["torch_pad"](torch.ones(1, 1, 4, 6)).shape
    in_keras = names["keras_pad"](np.ones((1, 4, 6, 1), "float32")).shape
    return tuple(in_torch[2:]), tuple(in_keras[1:3])


def test_bad_pads_rows_for_columns() -> None:
    assert sizes(PAGE.bad[0]) == ((8, 8), (6, 10))


def test_good_pads_alike() -> None:
    assert sizes(PAGE.good[0]) == ((8, 8), (8, 8))


def test_bad_flat_list_raises() -> None:
    tf = pytest.importorskip("tensorflow")
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        run(PAGE.bad[1])["pad"]()


def test_good_pairs_pad_the_columns() -> None:
    pytest.importorskip("tensorflow")
    assert tuple(run(PAGE.good[1])["pad"]().shape) == (1, 4, 8, 3)


def test_torch_refuses_pairs() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises((TypeError, RuntimeError)):
        torch.nn.functional.pad(torch.ones(1, 1, 4, 6), ((0, 0), (1, 1)))
