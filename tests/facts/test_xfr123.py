"""XFR123: whether Keras can make a layer again from its own configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import rule, run

pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR123").page


def saved(program: str, path: Path) -> dict[str, Any]:
    """A model of one such layer, saved; what is needed to load it again."""
    block = run(program)["Block"]
    keras.Sequential([keras.Input((4,)), block(3)]).save(path)
    return {"filepath": path, "custom_objects": {"Block": block}}


def test_bad_is_saved_and_cannot_be_loaded(tmp_path: Path) -> None:
    arguments = saved(PAGE.bad[0], tmp_path / "m.keras")
    with pytest.raises(TypeError):
        keras.saving.load_model(**arguments)


def test_bad_refuses_its_own_configuration() -> None:
    block = run(PAGE.bad[0])["Block"]
    with pytest.raises(TypeError, match="unexpected keyword argument 'name'"):
        block.from_config(block(3).get_config())


def test_good_is_loaded(tmp_path: Path) -> None:
    model = keras.saving.load_model(**saved(PAGE.good[0], tmp_path / "m.keras"))
    assert model.layers[0].units == 3


def test_an_argument_that_is_left_out_is_missed() -> None:
    scale = run(PAGE.bad[1])["Scale"]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'factor'"):
        scale.from_config(scale(2.0).get_config())
