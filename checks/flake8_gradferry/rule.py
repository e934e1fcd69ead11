"""What a rule is: its page, how it is called, and the nodes it asks for.

A rule is one module, `rules/<family>/xfrNNN.py`. The module's docstring is the rule's page; the
module defines `rule = Rule(__name__, ...)` and registers functions on it. Nothing else lists it.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from .source.walk import File

SECTIONS = (
    "Why",
    "Bad",
    "Good",
    "When it stays quiet",
    "Fix",
    "Seen at run time",
    "References",
)
MESSAGE_LENGTH = 88


class Harm(Enum):
    """What the mistake does when the program runs."""

    SILENT = "silent"  # runs to the end and is wrong
    LOUD = "loud"  # raises


class Confidence(Enum):
    """How sure a finding is; hints are off unless asked for."""

    SURE = "sure"  # no legitimate code looks like this
    LIKELY = "likely"  # there are rare look-alikes
    HINT = "hint"


class Finding(NamedTuple):
    """One mistake at one place: line from 1, column from 0 as flake8 wants them."""

    line: int
    column: int
    code: str
    message: str


N = TypeVar("N", bound=ast.AST)
Check = Callable[[File, Any], Iterator[Finding]]
NodeCheck = Callable[[File, N], Iterator[Finding]]
FileCheck = Callable[[File], bool]
CallCheck = Callable[[File, ast.Call], Iterator[Finding]]
SettingCheck = Callable[[File, ast.Attribute], Iterator[Finding]]


def always(file: File) -> bool:
    """Every file."""
    return True


@dataclass(eq=False)
class Rule:
    """One mistake that can be seen in source.

    `message` is a format string; the names in it are the user's own and are passed to `at`.
    `direction` is where the code was on its way: "torch->keras", "keras->torch" or "either".
    """

    module: str  # always `__name__`: it holds the code and the page
    name: str
    message: str
    harm: Harm
    confidence: Confidence
    direction: str
    keras_3: bool = False  # right on Keras 2: not asked of files that say they run on it
    on_node: list[tuple[type[ast.AST], Check, FileCheck]] = field(default_factory=list, repr=False)
    on_call: list[tuple[str, Check]] = field(default_factory=list, repr=False)
    on_method: list[tuple[str, Check]] = field(default_factory=list, repr=False)
    on_setting: list[tuple[str, Check]] = field(default_factory=list, repr=False)

    @cached_property
    def code(self) -> str:
        return self.module.rpartition(".")[2].upper()

    @cached_property
    def page(self) -> Page:
        return Page(sys.modules[self.module].__doc__ or "")

    # -- registration --------------------------------------------------------------------------

    def node(
        self, *types: type[N], where: FileCheck = always
    ) -> Callable[[NodeCheck[N]], NodeCheck[N]]:
        """Ask for every node of these types, in the files `where` something is so."""

        def register(check: NodeCheck[N]) -> NodeCheck[N]:
            self.on_node += [(kind, check, where) for kind in types]
            return check

        return register

    def call(self, *names: str) -> Callable[[CallCheck], CallCheck]:
        """Ask for every call of what has one of these canonical dotted names."""

        def register(check: CallCheck) -> CallCheck:
            self.on_call += [(name, check) for name in names]
            return check

        return register

    def method(self, *names: str) -> Callable[[CallCheck], CallCheck]:
        """Ask for every call of an attribute with one of these names, whatever it belongs to."""

        def register(check: CallCheck) -> CallCheck:
            self.on_method += [(name, check) for name in names]
            return check

        return register

    def setting(self, *names: str) -> Callable[[SettingCheck], SettingCheck]:
        """Ask for every attribute with one of these names that a statement assigns to.

        The check gets the attribute, whose parent is the assignment: `layer.trainable = False`.
        """

        def register(check: SettingCheck) -> SettingCheck:
            self.on_setting += [(name, check) for name in names]
            return check

        return register

    # -- reporting -----------------------------------------------------------------------------

    def at(self, node: ast.AST, message: str | None = None, /, **names: str) -> Finding:
        """A finding at `node`; a rule with several messages passes its own."""
        template = message or self.message
        text = template.format(**names)
        if len(text) > MESSAGE_LENGTH and names:
            # Long identifiers give way, so that what to write instead is never cut off.
            lengths = [len(name) for name in names.values()]
            spare = MESSAGE_LENGTH - (len(text) - sum(lengths))
            limit = max(lengths)
            while limit > 8 and sum(min(length, limit) for length in lengths) > spare:
                limit -= 1
            text = template.format(**{key: _shorten(name, limit) for key, name in names.items()})
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        return Finding(line, column, self.code, text)


def _shorten(name: str, limit: int) -> str:
    return name if len(name) <= limit else name[: limit - 3] + "..."


_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Page:
    """A rule's documentation, read from its module's docstring."""

    def __init__(self, text: str) -> None:
        text = textwrap.dedent(text).strip() + "\n"
        parts = _HEADING.split(text)
        self.text = text
        self.summary = " ".join(parts[0].split())
        self.sections = {
            name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)
        }

    def _blocks(self, section: str) -> list[str]:
        return _BLOCK.findall(self.sections.get(section, "") + "\n")

    @property
    def bad(self) -> list[str]:
        """The programs under "Bad", with their marks."""
        return self._blocks("Bad")

    @property
    def good(self) -> list[str]:
        """The programs under "Good"."""
        return self._blocks("Good")
