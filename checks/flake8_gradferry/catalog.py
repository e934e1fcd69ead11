"""All rules, found by walking the `rules` package, and who wants to see which node."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from . import rules as _rules
from .rule import Check, FileCheck, Finding, Rule
from .source.versions import is_keras_2
from .source.walk import File

INTERNAL_ERROR = "XFR000"


@lru_cache(maxsize=1)
def rules() -> Mapping[str, Rule]:
    """Every rule by its code, in the order of the codes."""
    found: dict[str, Rule] = {}
    for module in pkgutil.walk_packages(_rules.__path__, _rules.__name__ + "."):
        if module.name.rpartition(".")[2].startswith("xfr"):
            rule: Rule = importlib.import_module(module.name).rule
            if rule.code in found:
                raise ValueError(f"{rule.code} is defined by {rule.module} and another module")
            found[rule.code] = rule
    return dict(sorted(found.items()))


def find(key: str) -> Rule | None:
    """The rule with this code (`XFR101`) or name (`dunder-call`), or None."""
    by_name = {rule.name: rule for rule in rules().values()}
    return rules().get(key.upper()) or by_name.get(key.lower())


class Dispatcher:
    """Hands each node of a file to the rules that asked for it."""

    def __init__(self, chosen: Iterable[Rule]) -> None:
        self.by_type: defaultdict[type[ast.AST], list[tuple[Rule, Check, FileCheck]]]
        self.by_type = defaultdict(list)
        self.by_call: defaultdict[str, list[tuple[Rule, Check]]] = defaultdict(list)
        self.by_method: defaultdict[str, list[tuple[Rule, Check]]] = defaultdict(list)
        self.by_setting: defaultdict[str, list[tuple[Rule, Check]]] = defaultdict(list)
        for rule in chosen:
            for kind, node_check, where in rule.on_node:
                self.by_type[kind].append((rule, node_check, where))
            for name, check in rule.on_call:
                self.by_call[name].append((rule, check))
            for name, check in rule.on_method:
                self.by_method[name].append((rule, check))
            for name, check in rule.on_setting:
                self.by_setting[name].append((rule, check))
        # An attribute keeps its last name under every alias, so most calls are done with here.
        self._last_names = {name.rpartition(".")[2] for name in self.by_call}

    def run(self, file: File) -> Iterator[Finding]:
        """Every finding of every rule in one file, each once, in no particular order."""
        failed: set[str] = set()
        seen: set[Finding] = set()
        for rule, check, node in self._jobs(file):
            if rule.code in failed:
                continue
            try:
                findings = list(check(file, node))
            except RecursionError:
                findings = []  # nested too deep to be followed
            except Exception as error:
                # One broken rule must not cost the user the other rules, nor flake8 itself.
                failed.add(rule.code)
                findings = [internal_error(rule, node, error)]
            if findings and rule.keras_3 and is_keras_2(file):
                continue
            for finding in findings:
                if finding not in seen:
                    seen.add(finding)
                    yield finding

    def _jobs(self, file: File) -> Iterator[tuple[Rule, Check, ast.AST]]:
        for kind, checks in self.by_type.items():
            if not (nodes := file.index[kind]):
                continue
            for rule, check, where in checks:
                if where(file):
                    for node in nodes:
                        yield rule, check, node
        for call in file.index[ast.Call]:
            func = call.func
            if isinstance(func, ast.Attribute):
                for rule, check in self.by_method.get(func.attr, ()):
                    yield rule, check, call
                if func.attr not in self._last_names:
                    continue
            elif not isinstance(func, ast.Name) or func.id not in file.imports:
                continue
            wanted = self.by_call.get(file.imported(func) or "")
            if wanted and file.qualified(func):
                for rule, check in wanted:
                    yield rule, check, call
        for target in _targets(file):
            for rule, check in self.by_setting.get(target.attr, ()):
                yield rule, check, target


def _targets(file: File) -> Iterator[ast.Attribute]:
    """The attributes that are assigned to."""
    for assign in file.index[ast.Assign]:
        for target in assign.targets:
            if isinstance(target, ast.Attribute):
                yield target
    for augmented in file.index[ast.AugAssign]:
        if isinstance(augmented.target, ast.Attribute):
            yield augmented.target


def internal_error(rule: Rule, node: ast.AST, error: Exception) -> Finding:
    """The one finding that stands for a rule that raised."""
    text = " ".join(f"{type(error).__name__}: {error}".split())[:120]
    message = f"internal error in {rule.code} {rule.name}, please report it: {text}"
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    return Finding(line, column, INTERNAL_ERROR, message)


@lru_cache(maxsize=1)
def dispatcher() -> Dispatcher:
    """The dispatcher of all rules; which codes are shown is the caller's choice."""
    return Dispatcher(rules().values())
