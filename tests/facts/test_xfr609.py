"""XFR609: what torch says of the types it is given."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
pytest.importorskip("numpy")

PAGE = rule("XFR609").page


@pytest.mark.parametrize("program", PAGE.bad)
def test_bad_raises(program: str) -> None:
    with pytest.raises(RuntimeError, match=r"dtype|scalar type|not implemented for 'Int'"):
        run(program)


def test_good_runs() -> None:
    assert run(PAGE.good[0])["y"].dtype is torch.float32
    assert run(PAGE.good[1])["loss"].isfinite()
