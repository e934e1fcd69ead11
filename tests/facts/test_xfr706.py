"""XFR706: what `load_model` knows of one's own classes."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import rule, run

keras = pytest.importorskip("keras", minversion="3")
PAGE = rule("XFR706").page


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_bad_raises_from_either_format() -> None:
    with pytest.raises(TypeError, match="Could not locate class 'Scale'"):
        run(PAGE.bad[0])
    with pytest.raises(ValueError, match="Unknown layer: 'Scale'"):
        run(PAGE.bad[0].replace("model.keras", "model.h5"))


@pytest.mark.parametrize("program", range(len(PAGE.good)))
def test_good_loads(program: int) -> None:
    assert run(PAGE.good[program])["loaded"].layers[0].__class__.__name__ == "Scale"
