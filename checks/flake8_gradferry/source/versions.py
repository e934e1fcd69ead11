"""Which Keras a file is plainly written for, and which backend it says that Keras runs on.

Keras 3 is what TensorFlow has shipped since 2.16 (March 2024). Before it stood Keras 2, which lives
on as the package `tf_keras`; TensorFlow 2.11 (November 2022) gave Keras 2 new optimizers. What is
only a mistake on one of them is none in a program that says it runs on another.
Sources: https://keras.io/guides/migrating_to_keras_3/ and the release notes of TensorFlow 2.11.
"""

from __future__ import annotations

import ast
import contextlib
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
    r"tensorflow\.(contrib|examples|compat\.v1|python\.(keras|pywrap_tensorflow))\b"
    r"|(tensorflow\.)?keras\.(engine|legacy|objectives|optimizers_v1"
    r"|layers\.(core|convolutional|normalization|recurrent|embeddings|merge|pooling"
    r"|wrappers|noise|advanced_activations|local)"
    r"|utils\.(np_utils|generic_utils|vis_utils|training_utils)|backend\.tensorflow_backend"
    r"|preprocessing\.text\.one_hot|wrappers\.scikit_learn|mixed_precision\.experimental)\b"
    r"|keras_contrib\b|keras_applications\b"
)
_FIRST_NAMES = frozenset(
    (
        "Session InteractiveSession placeholder global_variables_initializer get_default_session "
        "get_default_graph initialize_all_variables make_one_shot_iterator variable_scope "
        "ConfigProto enable_eager_execution disable_eager_execution disable_v2_behavior "
        "enable_v2_behavior experimental_run_v2 get_variable AdamOptimizer "
        "GradientDescentOptimizer fit_generator evaluate_generator predict_generator set_session "
        "tensorflow_backend predict_classes predict_proba CuDNNLSTM CuDNNGRU multi_gpu_model"
    ).split()
)
# Keywords of Keras 1, and of torch nothing.
_FIRST_KEYWORDS = frozenset(
    "nb_epoch nb_filter border_mode dim_ordering samples_per_epoch nb_val_samples".split()
)
_KERAS_2_MODULES = re.compile(
    r"tf_keras\b|tensorflow_(addons|compression)\b|keras_preprocessing\b"
    r"|(tensorflow\.)?keras\.(optimizers\.(legacy|experimental)|layers\.experimental"
    r"|experimental|estimator)\b"
)
_KERAS_2_NAMES = frozenset(
    "get_session in_train_phase experimental_run_functions_eagerly legacy".split()
)
# Of `tf.keras.layers.experimental` and its like the last names: looked at where they are written.
_KERAS_2_ENDS = frozenset("experimental estimator scikit_learn".split())
# What `keras.backend` had and Keras 3 has not; `tf.keras.backend` still has most of it.
_OLD_BACKEND = frozenset(
    (
        "abs all any arange argmax argmin batch_dot batch_flatten batch_set_value bias_add "
        "binary_crossentropy cast cast_to_floatx categorical_crossentropy clip concatenate "
        "constant conv2d cumsum dot dropout dtype equal eval exp expand_dims eye flatten gather "
        "get_value gradients greater greater_equal int_shape is_sparse l2_normalize less log max "
        "maximum mean min minimum ndim not_equal one_hot ones ones_like permute_dimensions pow "
        "prod random_normal random_uniform relu repeat repeat_elements reshape resize_images rnn "
        "round set_value shape sigmoid sign softmax softplus spatial_2d_padding sqrt square "
        "squeeze stack std stop_gradient sum switch tanh tile transpose update update_add var "
        "variable zeros zeros_like"
    ).split()
)
_INSTALLS = re.compile(r"\b(?:pip3?|conda)\s+install\b")
_COLAB = re.compile(r"%tensorflow_version\s+[12]")
_KERAS_ITSELF = (("keras",), ("keras_core",), ("tf_keras",))
_SWITCH = "TF_USE_LEGACY_KERAS"
_BACKEND = re.compile(r"(?:KERAS_BACKEND|set_backend)\W+(torch|jax|tensorflow|openvino|numpy)\b")


@remembered
def keras_era(file: File) -> Era:
    """The Keras that imports, idioms or the project's requirements plainly ask for."""
    modules = set(spellings(file).values())
    names = {attribute.attr for attribute in file.index[ast.Attribute]}
    if names & _KERAS_2_ENDS:
        ends = (a for a in file.index[ast.Attribute] if a.attr in _KERAS_2_ENDS)
        modules.update(spelled(file, attribute) for attribute in ends)
    names |= {name.rpartition(".")[2] for name in modules if "keras" in name}
    if any(map(_FIRST_MODULES.match, modules)) or not names.isdisjoint(_FIRST_NAMES):
        return Era.FIRST
    if any(keyword.arg in _FIRST_KEYWORDS for keyword in file.index[ast.keyword]):
        return Era.FIRST
    if any({"lr", "decay"} <= given for given in _optimizer_keywords(file)):
        return Era.FIRST
    if any(map(_KERAS_2_MODULES.match, modules)) or not names.isdisjoint(_KERAS_2_NAMES):
        return Era.KERAS_2
    if any(constant.value == _SWITCH for constant in file.index[ast.Constant]):
        return Era.KERAS_2
    if names & _OLD_BACKEND and _uses_old_backend(file):
        return Era.KERAS_2
    found = {*_installed(file), _required(os.path.dirname(file.location))}
    return next(era for era in Era if era in found)


@remembered
def is_keras_2(file: File) -> bool:
    """Whether the file runs on Keras 2, as far as one can tell from it and its requirements."""
    return keras_era(file) is not Era.UNKNOWN or _has_old_optimizer(file)


def _uses_old_backend(file: File) -> bool:
    """`K.mean(x)` and its like on `keras` itself."""
    return any(
        attribute.attr in _OLD_BACKEND and spelled(file, attribute.value) == "keras.backend"
        for attribute in file.index[ast.Attribute]
    )


def _installed(file: File) -> Iterator[Era]:
    """The eras of what a notebook installs first: `!pip install tensorflow==2.3`."""
    for line in file.lines:
        if "install" in line and _INSTALLS.search(line):
            for package, bounds in _PACKAGE.findall(line):
                yield from _allowed(package, bounds)
        elif "%tensorflow_version" in line and _COLAB.search(line):
            yield Era.FIRST  # Colab dropped the choice before Keras 3 came


def _has_old_optimizer(file: File) -> bool:
    """`Adam(lr=...)` or `decay=...`, which Keras 3 refuses."""
    return any(given & {"lr", "decay"} for given in _optimizer_keywords(file))


def _optimizer_keywords(file: File) -> Iterator[set[str | None]]:
    """The keywords that each of a file's Keras optimizers is made with."""
    for name in ("Adam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Nadam"):
        for call in file.calls_by_name.get(name, ()):
            if (file.qualified(call.func) or "").startswith("keras.optimizers."):
                yield {keyword.arg for keyword in call.keywords}


@remembered
def backend(file: File) -> str:
    """The Keras backend that the file itself sets by `KERAS_BACKEND` or `set_backend`, or ""."""
    for line in file.lines:
        if ("KERAS_BACKEND" in line or "set_backend" in line) and (found := _BACKEND.search(line)):
            return found[1]
    return ""


# -- names as they are written ---------------------------------------------------------------------


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


@remembered
def is_keras_itself(file: File) -> bool:
    """Whether a file belongs to Keras' own sources, where its classes are made."""
    return file.package[:1] in _KERAS_ITSELF or file.package[:3] == (
        "tensorflow",
        "python",
        "keras",
    )


# -- requirements ----------------------------------------------------------------------------------

_REQUIREMENTS = (
    "requirements*.txt requirements/*.txt setup.py setup.cfg pyproject.toml environment*.y*ml "
    "Pipfile"
).split()
_PACKAGE = re.compile(
    r"(?<![\w.-])(tensorflow(?:[-_](?:cpu|gpu|macos|text))?|keras)(?:\[[\w,-]*\])?[ \t\"']*"
    r"((?:,?[ \t]*(?:===?|~=|<=?|>=?|!=|=)[ \t\"']*(?:\d[\w.*]*)?)+)",
    re.IGNORECASE,
)
_TORCH = re.compile(r"(?<![\w.-])torch\s*[\"']?\s*((?:===?|~=|<=?|>=?|!=|=)\s*[^#;\n]*)")
_BOUND = re.compile(r"(===?|~=|<=?|(?<![<>!~=])=)\s*[\"']?\s*(\d+)(?:\.(\d+))?")


@lru_cache(maxsize=1024)
def _required(folder: str) -> Era:
    found = {era for place in dict.fromkeys(search_path(folder)) for era in _eras(place)}
    return next((era for era in Era if era in found), Era.UNKNOWN)


@remembered
def torch_before(file: File, version: tuple[int, int]) -> bool:
    """Whether the project's requirements keep torch below a version."""
    return _torch_required(os.path.dirname(file.location), version)


@lru_cache(maxsize=1024)
def _torch_required(folder: str, version: tuple[int, int]) -> bool:
    return any(
        _is_below(how, major, minor, version)
        for place in dict.fromkeys(search_path(folder))
        for text in _requirements(place)
        for bounds in _TORCH.findall(text)
        for how, major, minor in _BOUND.findall(bounds)
    )


def _requirements(folder: str) -> Iterator[str]:
    """The texts of the requirements files in a folder."""
    for pattern in _REQUIREMENTS:
        for path in Path(folder).glob(pattern):
            with contextlib.suppress(OSError):
                yield path.read_text(encoding="utf-8", errors="replace")


def _eras(folder: str) -> Iterator[Era]:
    """The eras that the requirements files in a folder keep TensorFlow or Keras in."""
    for text in _requirements(folder):
        for package, bounds in _PACKAGE.findall(text):
            yield from _allowed(package, bounds)


def _allowed(package: str, bounds: str) -> Iterator[Era]:
    third = (3, 0) if package.lower() == "keras" else (2, 16)
    for how, major, minor in _BOUND.findall(bounds):
        for first, era in (((2, 11), Era.FIRST), (third, Era.KERAS_2)):
            if _is_below(how, major, minor, first):
                yield era
                break


def _is_below(how: str, major: str, minor: str, first: tuple[int, int]) -> bool:
    version = int(major), int(minor or 0)
    return version < first or (how == "<" and version == first)
