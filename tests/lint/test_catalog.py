"""How findings are collected, and what a rule that breaks costs: one finding, no more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from support import rule

from flake8_gradferry import catalog
from flake8_gradferry.__main__ import USAGE_ERROR, main
from flake8_gradferry.catalog import Dispatcher, find, rules
from flake8_gradferry.entry import Checker, worth_reading
from flake8_gradferry.rule import MESSAGE_LENGTH, Confidence, Finding, Harm, Page, Rule
from flake8_gradferry.source.walk import File

SOURCE = """\
import keras


class Net(keras.Model):
    def __call__(self, x):
        return keras.ops.relu(x)
"""


def new_rule(code: str = "xfr998") -> Rule:
    return Rule(
        f"somewhere.{code}",
        name="made-up",
        message="{what} is made up",
        harm=Harm.LOUD,
        confidence=Confidence.SURE,
        direction="either",
    )


def report(*chosen: Rule, source: str = SOURCE) -> list[Finding]:
    return sorted(Dispatcher(chosen).run(File(ast.parse(source), "net.py")))


def test_a_rule_that_raises_is_one_finding_and_the_others_go_on() -> None:
    broken = new_rule()

    @broken.node(ast.ClassDef, ast.FunctionDef, ast.Name)
    def check(file: File, node: ast.AST) -> Iterator[Finding]:
        raise KeyError("what\nis this")

    found = report(broken, rule("XFR101"))
    assert [(item.line, item.code) for item in found] == [(4, "XFR000"), (5, "XFR101")]
    assert found[0].message == (
        "internal error in XFR998 made-up, please report it: KeyError: 'what\\nis this'"
    )


def test_a_rule_that_raises_halfway_keeps_nothing_back_from_flake8(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = new_rule()

    @broken.node(ast.ClassDef)
    def check(file: File, node: ast.AST) -> Iterator[Finding]:
        yield broken.at(node, what="this")
        raise ZeroDivisionError

    monkeypatch.setattr(catalog, "dispatcher", lambda: Dispatcher([broken]))
    monkeypatch.setattr("flake8_gradferry.entry.dispatcher", catalog.dispatcher)
    found = list(Checker(ast.parse(SOURCE), "net.py", SOURCE.splitlines(True)).run())
    assert [(line, text[:6]) for line, _, text, _ in found] == [(4, "XFR000")]


def test_what_is_nested_too_deep_is_passed_over() -> None:
    deep = new_rule()

    @deep.node(ast.ClassDef)
    def check(file: File, node: ast.AST) -> Iterator[Finding]:
        raise RecursionError

    assert report(deep) == []


def test_each_finding_is_reported_once() -> None:
    twice = new_rule()

    @twice.node(ast.ClassDef)
    @twice.node(ast.Module)
    def check(file: File, node: ast.AST) -> Iterator[Finding]:
        yield twice.at(file.index[ast.ClassDef][0], what="Net")

    assert [item.message for item in report(twice)] == ["Net is made up"]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import torch\ntorch.relu(x)\n", [2]),
        ("import torch as th\nth.relu(x)\n", [2]),
        ("from torch import relu as r\nr(x)\n", [2]),
        ("import torch\ndef f(torch):\n    torch.relu(x)\n", []),
        ("import other as torch\ntorch.relu(x)\n", []),
        ("relu(x)\n[relu][0](x)\ntorch.relu(x)\n", []),
    ],
)
def test_calls_are_found_by_what_they_call(source: str, lines: list[int]) -> None:
    by_call = new_rule()

    @by_call.call("torch.relu")
    def check(file: File, node: ast.Call) -> Iterator[Finding]:
        yield by_call.at(node, what="relu")

    assert [item.line for item in report(by_call, source=source)] == lines


def test_methods_are_found_by_name_alone() -> None:
    by_method = new_rule()

    @by_method.method("step")
    def check(file: File, node: ast.Call) -> Iterator[Finding]:
        yield by_method.at(node, what="step")

    found = report(by_method, source="a.step()\nb().c.step(1)\nstep()\na.step\n")
    assert [item.line for item in found] == [1, 2]


def test_long_names_give_way_to_what_to_write_instead() -> None:
    finding = new_rule().at(ast.parse("x").body[0], what="a" * 200)
    assert len(finding.message) <= MESSAGE_LENGTH
    assert finding.message.endswith("... is made up")


def test_find_takes_codes_and_names() -> None:
    assert find("xfr101") is find("XFR101") is find("dunder-call") is find("Dunder-Call")
    assert find("XFR1") is None
    assert list(rules()) == sorted(rules())


def test_two_modules_cannot_have_one_code(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = [SimpleNamespace(name="loop.xfr998"), SimpleNamespace(name="model.xfr998")]
    monkeypatch.setattr(catalog.pkgutil, "walk_packages", lambda *_: iter(twin))
    monkeypatch.setattr(
        catalog.importlib, "import_module", lambda _: SimpleNamespace(rule=new_rule())
    )
    rules.cache_clear()
    try:
        with pytest.raises(ValueError, match="XFR998 is defined by somewhere"):
            rules()
    finally:
        rules.cache_clear()


def test_files_without_a_word_are_not_read() -> None:
    assert not worth_reading("import os\nprint(os.getcwd())\n")
    assert worth_reading("optimizer.zero_grad()")
    assert list(Checker(ast.parse("x = 1"), "x.py", ["x = 1"]).run()) == []


def test_page_of_a_module_without_one() -> None:
    page = Page("")
    assert (page.bad, page.good, page.sections) == ([], [], {})


# -- the command -----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["XFR203", "xfr203", "tape-reused"])
def test_explain(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", key]) == 0
    out = capsys.readouterr().out
    assert out.startswith("XFR203 tape-reused (loud, sure)\n\nA second gradient")
    assert "## Bad" in out


def test_explain_what_is_no_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "XFR9999"]) == USAGE_ERROR
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == ("gradferry: there is no rule 'XFR9999'; `gradferry rules` lists them\n")


def test_rules_lists_each_on_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(rules())


@pytest.mark.parametrize("arguments", [[], ["explain"], ["lint"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == USAGE_ERROR
    assert "usage: gradferry" in capsys.readouterr().err
