"""Every rule's page holds what it promises, in every import spelling."""

from __future__ import annotations

import ast

import pytest
from support import TESTS, findings, marks, spellings

from flake8_gradferry.catalog import rules
from flake8_gradferry.rule import MESSAGE_LENGTH, SECTIONS, Rule

RULES = list(rules().values())
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


@each_rule
def test_page_has_every_section(rule: Rule) -> None:
    assert tuple(rule.page.sections) == SECTIONS
    assert rule.page.summary.endswith(".")
    assert all(rule.page.sections.values())
    assert rule.page.bad
    assert rule.page.good
    assert rule.harm.name in rule.page.sections["Why"], "Why says SILENT or LOUD"


@each_rule
def test_bad_fires_exactly_its_marks(rule: Rule) -> None:
    for program in rule.page.bad:
        assert any(code == rule.code for _, code in marks(program))
        for spelling, source in spellings(program):
            assert findings(source) == marks(source), spelling


@each_rule
def test_good_is_silent(rule: Rule) -> None:
    for program in rule.page.good:
        assert not marks(program)
        for spelling, source in spellings(program):
            assert findings(source) == set(), spelling


@each_rule
def test_programs_name_no_framework_they_do_not_import(rule: Rule) -> None:
    for program in rule.page.bad + rule.page.good:
        imported = {
            (alias.asname or alias.name).partition(".")[0]
            for node in ast.walk(ast.parse(program))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        used = {n.id for n in ast.walk(ast.parse(program)) if isinstance(n, ast.Name)}
        assert used & {"torch", "nn", "F", "tf", "keras", "np"} <= imported


@each_rule
def test_name_reads_after_allow(rule: Rule) -> None:
    assert rule.name == rule.name.lower()
    assert not rule.name.startswith(("no-", "use-"))
    assert len(rule.name) <= 40


@each_rule
def test_message_is_short_with_short_names(rule: Rule) -> None:
    assert len(rule.message) <= MESSAGE_LENGTH + 10


@each_rule
def test_rule_has_its_files(rule: Rule) -> None:
    code = rule.code.lower()
    assert list((TESTS / "edge").glob(f"{code}*")), f"tests/edge/{code}.py is missing"
    assert (TESTS / "facts" / f"test_{code}.py").is_file()


def test_no_file_is_left_without_its_rule() -> None:
    known = {rule.code.lower() for rule in RULES}
    edges = {path.name[:6] for path in (TESTS / "edge").glob("xfr*")}
    facts = {path.name[5:11] for path in (TESTS / "facts").glob("test_xfr*.py")}
    assert edges | facts == known


def test_names_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
