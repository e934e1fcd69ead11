"""XFR904: what Keras saves of a layer that is given another one."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import rule, run

pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR904").page


def test_bad_cannot_be_saved(tmp_path: Path) -> None:
    block = run(PAGE.bad[0])["block"]
    with pytest.raises(NotImplementedError, match="non-serializable"):
        keras.Sequential([keras.Input((4,)), block]).save(tmp_path / "m.keras")


def test_good_is_saved_and_loaded(tmp_path: Path) -> None:
    names = run(PAGE.good[0])
    keras.Sequential([keras.Input((4,)), names["block"]]).save(tmp_path / "m.keras")
    model = keras.saving.load_model(
        tmp_path / "m.keras", custom_objects={"Residual": names["Residual"]}
    )
    assert model.layers[0].inner.units == 4
