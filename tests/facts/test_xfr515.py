"""XFR515: what either framework does to an image that is resized."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
tf = pytest.importorskip("tensorflow")
np = pytest.importorskip("numpy")

PAGE = rule("XFR515").page
IMAGE = np.random.default_rng(0).normal(size=(1, 5, 5, 2)).astype("float32")
FIRST = torch.from_numpy(IMAGE.transpose(0, 3, 1, 2))


def difference(program: str) -> float:
    names = run(program)
    wanted = names["upscale_torch"](FIRST).numpy().transpose(0, 2, 3, 1)
    return float(abs(names["upscale_tf"](IMAGE).numpy() - wanted).max())


def test_bad_takes_the_nearest_here_and_interpolates_there() -> None:
    assert difference(PAGE.bad[0]) > 0.5


def test_good_is_equal() -> None:
    assert difference(PAGE.good[0]) < 1e-5


def test_aligned_corners_have_no_twin() -> None:
    aligned = torch.nn.functional.interpolate(FIRST, (10, 10), mode="bilinear", align_corners=True)
    other = tf.image.resize(IMAGE, (10, 10)).numpy().transpose(0, 3, 1, 2)
    assert abs(aligned.numpy() - other).max() > 0.2
