"""XFR705: which endings Keras 3 saves under."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import rule, run

keras = pytest.importorskip("keras", minversion="3")
PAGE = rule("XFR705").page


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("program", "message"),
    [(0, "Invalid filepath extension"), (1, r"must end in `\.weights\.h5`")],
)
def test_other_endings_raise(program: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(PAGE.bad[program])


def test_good_saves() -> None:
    for program in PAGE.good:
        run(program)
    assert {path.name for path in Path().iterdir()} == {"model.keras", "model.weights.h5"}
