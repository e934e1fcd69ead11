"""Which Keras a file is plainly written for, for rules that are true of some versions only.

Keras 3 is what TensorFlow has shipped since 2.16 (March 2024). Before it stood Keras 2, which lives
on as the package `tf_keras`; TensorFlow 2.11 (November 2022) gave Keras 2 new optimizers.
Sources: https://keras.io/guides/migrating_to_keras_3/ and the release notes of TensorFlow 2.11.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache
from pathlib import Path

from .project import search_path
from .walk import File, remembered


class Era(Enum):
    """What is known of the Keras that a file runs on."""

    FIRST = "before TensorFlow 2.11"  # the old optimizers
    KERAS_2 = "TensorFlow 2.11 to 2.15, or tf_keras"
    UNKNOWN = "nothing says that it is not Keras 3"


# Modules and names that are gone since TensorFlow 2.11 or longer.
_FIRST_MODULES = re.compile(
    r"tensorflow\.(contrib|examples|compat\.v1|python\.keras)\b"
    r"|keras\.(engine|legacy|objectives|optimizers_v1"
    r"|layers\.(core|convolutional|normalization|recurrent|embeddings|merge|pooling"
    r"|wrappers|noise|advanced_activations|local)"
    r"|utils\.(np_utils|generic_utils|vis_utils|training_utils)|backend\.tensorflow_backend"
    r"|preprocessing\.text\.one_hot|wrappers)\b"
)
_FIRST_NAMES = frozenset(
    (
        "Session InteractiveSession placeholder global_variables_initializer get_default_session "
        "ConfigProto enable_eager_execution disable_eager_execution disable_v2_behavior "
        "get_variable AdamOptimizer GradientDescentOptimizer fit_generator evaluate_generator "
        "predict_generator set_session tensorflow_backend predict_classes predict_proba "
        "CuDNNLSTM CuDNNGRU multi_gpu_model"
    ).split()
)
_KERAS_2_NAMES = frozenset(
    (
        "set_learning_phase learning_phase get_session in_train_phase "
        "experimental_run_functions_eagerly"
    ).split()
)
_SWITCH = "TF_USE_LEGACY_KERAS"


@remembered
def keras_era(file: File) -> Era:
    """The Keras that imports, idioms or the project's requirements plainly ask for."""
    modules = set(spellings(file).values())
    names = {attribute.attr for attribute in file.index[ast.Attribute]}
    if any(_FIRST_MODULES.match(name) for name in modules) or not names.isdisjoint(_FIRST_NAMES):
        return Era.FIRST
    if any(name.startswith("tf_keras") for name in modules) or not names.isdisjoint(_KERAS_2_NAMES):
        return Era.KERAS_2
    if any(constant.value == _SWITCH for constant in file.index[ast.Constant]):
        return Era.KERAS_2
    return _required(os.path.dirname(file.location))


@remembered
def spellings(file: File) -> Mapping[str, str]:
    """Every imported name with the dotted name as it is written, aliases of modules kept apart."""
    table: dict[str, str] = {}
    for node in file.index[ast.Import]:
        for alias in node.names:
            root = alias.name.partition(".")[0]
            table.setdefault(alias.asname or alias.name, alias.name)
            if not alias.asname:
                table.setdefault(root, root)
    for item in file.index[ast.ImportFrom]:
        for alias in item.names:
            table.setdefault(alias.asname or alias.name, f"{item.module or ''}.{alias.name}")
    return table


def spelled(file: File, node: ast.AST) -> str:
    """An expression's dotted name through the imports, aliases of modules kept apart."""
    dotted = file.dotted(node) or ""
    root, dot, rest = dotted.partition(".")
    return spellings(file).get(root, root) + dot + rest


# -- requirements ----------------------------------------------------------------------------------

_FILES = ("requirements.txt", "setup.py", "setup.cfg", "pyproject.toml", "environment.yml")
_PIN = re.compile(
    r"""^[\s'"\-]*(?P<name>tensorflow(?:[-_](?:gpu|cpu|macos))?|keras)\s*(?P<how>==?|~=|<=?)\s*"""
    r"""(?P<major>\d+)(?:\.(?P<minor>\d+))?""",
    re.MULTILINE | re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def _required(folder: str) -> Era:
    found = [era for text in _requirements(folder) for era in _pinned(text)]
    return found[0] if found else Era.UNKNOWN


def _requirements(folder: str) -> Iterator[str]:
    for place in dict.fromkeys(search_path(folder)):
        for name in _FILES:
            try:
                yield Path(place, name).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue


def _pinned(text: str) -> Iterator[Era]:
    for match in _PIN.finditer(text):
        version = int(match["major"]), int(match["minor"] or 0)
        if match["how"] == "<":
            version = (version[0], version[1] - 1) if version[1] else (version[0] - 1, 99)
        three = (3, 0) if match["name"].lower() == "keras" else (2, 16)
        if version < (2, 11):
            yield Era.FIRST
        elif version < three:
            yield Era.KERAS_2
