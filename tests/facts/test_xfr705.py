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


@pytest.mark.parametrize(
    ("path", "weights", "raises"),
    [
        ("best", False, True),
        ("best.h5", False, False),
        ("best.keras", False, False),
        ("best.h5", True, True),
        ("best.ckpt", True, True),
        ("best.weights.h5", True, False),
    ],
)
def test_model_checkpoint(path: str, weights: bool, raises: bool) -> None:
    def make() -> object:
        return keras.callbacks.ModelCheckpoint(path, save_weights_only=weights)

    if raises:
        with pytest.raises(ValueError, match="must end in"):
            make()
    else:
        assert make() is not None


def test_what_load_weights_takes() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.save("whole.keras")
    model.save("whole.h5")
    model.load_weights("whole.keras")
    model.load_weights("whole.h5")
    with pytest.raises(ValueError, match="File format not supported"):
        model.load_weights("model.ckpt")
