"""plugin/BUGS.md says what the suite's lists hold."""

from pathlib import Path

import pytest

pytest.importorskip("lightning")  # its bugs stand in the table too

from .bug_table import PARTS, table

PAGE = Path(__file__).parents[3] / "plugin/BUGS.md"


def test_page_says_what_the_lists_hold():
    assert PAGE.read_text(encoding="utf-8") == table(), "python tests/plugin/smoke/bug_table.py"


def test_table_has_forty_bugs_and_more():
    assert table().count("\n| ") - len(PARTS) >= 40
