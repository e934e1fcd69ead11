"""The documents say what is so."""

from __future__ import annotations

import sys
from pathlib import Path

from flake8_gradferry.__main__ import table
from flake8_gradferry.catalog import rules

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
import score  # noqa: E402

RULES = (ROOT / "checks" / "README.md").read_text(encoding="utf-8")


def test_the_rules_are_listed() -> None:
    assert table() in RULES, "replace the table by what `gradferry rules --markdown` prints"


def test_what_was_read_in_public_code_is_listed() -> None:
    assert score.table() in RULES, "replace it by what `python tests/bench/score.py --table` prints"


def test_changelog_names_every_rule() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [r.code for r in rules().values() if f"{r.code} `{r.name}`" not in changelog] == []
