"""What flake8 loads."""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from . import __version__
from .catalog import dispatcher
from .source.walk import File

# A file in which none of these stands cannot hold a finding; the verbs stand for files whose
# framework is hidden behind a project module.
_WORDS = re.compile(
    r"torch|tensorflow|keras|lightning|__call__|apply_gradients|zero_grad|\.backward\b|\.gradient\b"
    r"|def (?:call|forward)\b"
)


def worth_reading(source: str) -> bool:
    """Whether any rule could have something to say about a file with this text."""
    return _WORDS.search(source) is not None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hold the cyclic garbage collector: syntax trees are no garbage, and it reads them all.

    Measured over keras/src: a quarter of the rules' time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Checker:
    """The flake8 plugin: one instance for each file."""

    name = "flake8-gradferry"
    version = __version__

    def __init__(self, tree: ast.Module, filename: str, lines: Sequence[str]) -> None:
        self._tree = tree
        self._filename = filename
        self._lines = lines

    @staticmethod
    def add_options(parser: Any) -> None:
        """Keep opinions (XFR9) off unless they are selected."""
        parser.extend_default_ignore(["XFR9"])

    def run(self) -> Iterator[tuple[int, int, str, type[Checker]]]:
        if not worth_reading("".join(self._lines)):
            return
        with _no_collection():
            file = File(self._tree, self._filename, self._lines)
            findings = list(dispatcher().run(file))
            file.forget()
        for found in findings:
            yield found.line, found.column, f"{found.code} {found.message}", type(self)
