"""Which Keras a file is written for, and which backend it says that Keras runs on.

Keras 3 came with TensorFlow 2.16 and dropped much of Keras 2
(https://keras.io/guides/migrating_to_keras_3/). What is only a mistake on Keras 3 is none in a
program that says it runs on Keras 2.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from .project import search_path
from .walk import File, remembered

# Modules that Keras 3 or its TensorFlow no longer has, or that never ran on them.
_OLD_MODULES = re.compile(
    r"tf_keras|tensorflow_addons|keras_contrib|keras_applications|keras_preprocessing"
    r"|tensorflow\.(python\.keras|contrib|compat\.v1|examples)"
    r"|(tensorflow\.)?keras\.(engine|legacy|wrappers|utils\.(np_utils|generic_utils|vis_utils)"
    r"|optimizers\.(legacy|experimental)|layers\.(core|convolutional|normalization|recurrent"
    r"|embeddings|merge|pooling|wrappers|advanced_activations|noise|local|experimental))"
)
# Functions and methods of TensorFlow 1 and Keras 2 by which a program is known to be older.
_OLD_CALLS = frozenset(
    (
        "disable_eager_execution disable_v2_behavior enable_eager_execution enable_v2_behavior "
        "evaluate_generator experimental_run_v2 fit_generator get_default_graph "
        "global_variables_initializer initialize_all_variables make_one_shot_iterator "
        "multi_gpu_model placeholder predict_classes predict_generator variable_scope"
    ).split()
)
_REQUIREMENTS = (
    "requirements*.txt setup.py setup.cfg pyproject.toml environment.y*ml Pipfile".split()
)
_PACKAGE = re.compile(
    r"(?<![\w.-])(tensorflow(?:[-_](?:cpu|gpu|macos))?|keras)(?:\[[\w,-]*\])?\s*[\"']?\s*"
    r"((?:===?|~=|<=?|>=?|!=|=)\s*[^#;]*)"
)
_BOUND = re.compile(r"(===?|~=|<=?|(?<![<>!~=])=)\s*[\"']?\s*(\d+)(?:\.(\d+))?")
_BACKEND = re.compile(r"(?:KERAS_BACKEND|set_backend)\W+(torch|jax|tensorflow|openvino|numpy)\b")


@remembered
def is_keras_2(file: File) -> bool:
    """Whether the file, or the requirements of its project, say that it runs on Keras 2."""
    return (
        any(_OLD_MODULES.match(name) for name in _imported(file))
        or not _OLD_CALLS.isdisjoint(file.calls_by_name)
        or any(c.value == "TF_USE_LEGACY_KERAS" for c in file.index[ast.Constant])
        or _has_old_optimizer(file)
        or any(map(_pins_keras_2, search_path(str(file.location.parent))))
    )


def _imported(file: File) -> Iterator[str]:
    """The imported modules as written."""
    for node in file.index[ast.Import]:
        yield from (alias.name for alias in node.names)
    for item in file.index[ast.ImportFrom]:
        if item.module and not item.level:
            yield from (f"{item.module}.{alias.name}" for alias in item.names)


def _has_old_optimizer(file: File) -> bool:
    """`Adam(lr=..., decay=...)`, which Keras 3 refuses."""
    return any(
        (file.qualified(call.func) or "").startswith("keras.optimizers.")
        for name in ("Adam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Nadam")
        for call in file.calls_by_name.get(name, ())
        if any(keyword.arg in ("lr", "decay") for keyword in call.keywords)
    )


@lru_cache(maxsize=1024)
def _pins_keras_2(folder: str) -> bool:
    """Whether a requirements file in a folder keeps TensorFlow below 2.16 or Keras below 3."""
    for pattern in _REQUIREMENTS:
        for path in Path(folder).glob(pattern):
            try:
                text = path.read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            if any(_is_below(found[1], found[2]) for found in _PACKAGE.finditer(text)):
                return True
    return False


def _is_below(package: str, bounds: str) -> bool:
    first = (3, 0) if package == "keras" else (2, 16)
    for bound in _BOUND.finditer(bounds.partition("\n")[0]):
        version = int(bound[2]), int(bound[3] or 0)
        if version < first or (bound[1] == "<" and version == first):
            return True
    return False


@remembered
def backend(file: File) -> str:
    """The Keras backend that the file itself sets by `KERAS_BACKEND` or `set_backend`, or ""."""
    for line in file.lines:
        if ("KERAS_BACKEND" in line or "set_backend" in line) and (found := _BACKEND.search(line)):
            return found[1]
    return ""
