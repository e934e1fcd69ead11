"""The fixtures' page says what is so."""

from pathlib import Path

from pytest_gradferry.parity.mapping import ROWS
from pytest_gradferry.parity.report import RUNGS

PAGE = (Path(__file__).parents[3] / "plugin" / "README.md").read_text(encoding="utf-8")


def test_every_layer_of_the_table_is_listed():
    named = {name for row in ROWS for name in (*row.torch, *row.keras)}
    assert sorted(name for name in named if f"`{name}`" not in PAGE) == []


def test_every_rung_is_explained():
    assert [rung for rung in RUNGS if f"| `{rung}` |" not in PAGE] == []
