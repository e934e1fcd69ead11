"""The edge files: `tests/edge/xfrNNN*.py`, and folders of them for cases over several files.

Each file is linted where it lies and must give exactly the findings that its marks announce.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support import TESTS, findings, marks, rule, spellings

EDGE = TESTS / "edge"
FILES = sorted(EDGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(EDGE).as_posix())
def test_edge_file(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for spelling, text in spellings(source):
        assert findings(text, str(path)) == marks(text), spelling


@pytest.mark.parametrize("code", ["XFR114", "XFR301", "XFR420", "XFR508", "XFR601"])
def test_unit_tests_are_left_alone_by(code: str) -> None:
    for source in rule(code).page.bad:
        assert code in {found for _, found in findings(source, "train.py")}
        assert code not in {found for _, found in findings(source, "test_train.py")}
