"""The fixtures' page says what is so."""

from pathlib import Path

from pytest_gradferry.parity.mapping import ROWS
from pytest_gradferry.parity.report import RUNGS
from pytest_gradferry.smoke.checks import checks

PAGE = (Path(__file__).parents[3] / "plugin" / "README.md").read_text(encoding="utf-8")


def test_every_layer_of_the_table_is_listed():
    named = {name for row in ROWS for name in (*row.torch, *row.keras)}
    assert sorted(name for name in named if f"`{name}`" not in PAGE) == []


def test_every_rung_is_explained():
    assert [rung for rung in RUNGS if f"| `{rung}` |" not in PAGE] == []


def test_every_check_is_listed_with_what_its_module_says():
    rows = [
        f"| `{check.id}` | {check.summary}{'' if check.default else ' (when asked)'} |"
        for check in checks().values()
    ]
    start = PAGE.index("| check | what must hold |\n|---|---|\n")
    told = PAGE[start:].partition("\n\n")[0].splitlines()[2:]
    assert told == rows, "the table of plugin/README.md should be:\n" + "\n".join(rows)


def test_every_check_says_what_it_checks():
    for check in checks().values():
        assert check.summary.endswith(".")
        assert not check.summary.startswith(check.id), (
            f"the docstring's first line is {check.id}: ..."
        )
