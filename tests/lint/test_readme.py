"""The README says what is so."""

from __future__ import annotations

from pathlib import Path

from flake8_gradferry.__main__ import table
from flake8_gradferry.catalog import rules

ROOT = Path(__file__).parents[2]


def test_readme_holds_the_table_of_rules() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert table() in readme, "replace the table by what `gradferry rules --markdown` prints"


def test_changelog_names_every_rule() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [r.code for r in rules().values() if f"{r.code} `{r.name}`" not in changelog] == []
