"""What several test modules share: marks, import spellings, and running a page's programs."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flake8_gradferry.catalog import dispatcher, find
from flake8_gradferry.rule import Rule
from flake8_gradferry.source.project import parse
from flake8_gradferry.source.walk import File

TESTS = Path(__file__).parent
_MARK = re.compile(r"#\s*(XFR\d{3}(?:[,\s]+XFR\d{3})*)\s*$")


def marks(source: str) -> set[tuple[int, str]]:
    """The findings that a file's own `# XFR101` marks announce, as (line, code).

    In a program for Keras 2 those of the rules on Keras 3 announce nothing.
    """
    found = set()
    for number, line in enumerate(source.splitlines(), 1):
        if match := _MARK.search(line):
            found |= {(number, code) for code in re.findall(r"XFR\d{3}", match[1])}
    if "import tf_keras" in source:
        found = {(number, code) for number, code in found if not rule(code).keras_3}
    return found


def findings(source: str, path: str = "-") -> set[tuple[int, str]]:
    """What the rules find in a program, as (line, code)."""
    file = File(parse(source, path), path, source.splitlines(keepends=True))
    return {(found.line, found.code) for found in dispatcher().run(file)}


def _word(name: str, other: str) -> Callable[[str], str]:
    # `from torch.optim import SGD` stays: an alias cannot be imported from.
    use = re.compile(rf"(?<![\w.\"'])(?<!from )(?<!import ){re.escape(name)}\.")
    return lambda source: use.sub(other + ".", source)


# How a file may say the same imports: name -> (import line, its replacement, new prefix of uses).
_SPELLINGS: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "tf.keras": ("import keras", "import tensorflow as tf", _word("keras", "tf.keras")),
    "from tensorflow": ("import keras", "from tensorflow import keras", str),
    "tensorflow.keras as": ("import keras", "import tensorflow.keras as keras", str),
    "keras as K": ("import keras", "import keras as K", _word("keras", "K")),
    "tf_keras": ("import keras", "import tf_keras as keras", str),
    "tensorflow": ("import tensorflow as tf", "import tensorflow", _word("tf", "tensorflow")),
    "torch.nn as nn": ("from torch import nn", "import torch.nn as nn", str),
    "torch.nn": ("from torch import nn", "import torch", _word("nn", "torch.nn")),
    "torch.nn as tnn": ("from torch import nn", "import torch.nn as tnn", _word("nn", "tnn")),
    "torch as th": ("import torch", "import torch as th", _word("torch", "th")),
}


def spellings(source: str) -> Iterator[tuple[str, str]]:
    """The program with its framework imports spelt in every other natural way.

    A file that opens with `# one spelling` is about the names themselves and stays as it is.
    """
    yield "as written", source
    if source.startswith("# one spelling"):
        return
    for name, (line, replacement, uses) in _SPELLINGS.items():
        if re.search(rf"^{re.escape(line)}$", source, re.MULTILINE):
            changed = re.sub(rf"^{re.escape(line)}$", "@IMPORT@", source, flags=re.MULTILINE)
            yield name, uses(changed).replace("@IMPORT@", replacement)


def rule(code: str) -> Rule:
    found = find(code)
    assert found is not None, f"no rule {code}"
    return found


def run(source: str, **names: Any) -> dict[str, Any]:
    """Run a page's program and return its names; `names` are there before it starts."""
    namespace: dict[str, Any] = {"__name__": "page", **names}
    exec(compile(ast.parse(source), "<page>", "exec"), namespace)
    return namespace
