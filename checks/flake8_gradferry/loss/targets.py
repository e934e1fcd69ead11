"""What labels are: class numbers or one-hot rows, and which labels `fit` gives to which loss."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from ..source.callframes import End, Value, made_by
from ..source.infer import reaching
from ..source.values import Trace
from ..source.walk import File, remembered
from .activations import Effect, of_function, of_method
from .compiles import Compiled, compiled


class Labels(Enum):
    """How the classes of samples are written down."""

    INDICES = "class numbers"
    ONE_HOT = "one-hot rows"


_ONE_HOT = frozenset(
    (
        "keras.utils.to_categorical keras.utils.np_utils.to_categorical tensorflow.one_hot "
        "keras.ops.one_hot keras.backend.one_hot torch.nn.functional.one_hot pandas.get_dummies"
    ).split()
)
_INDICES = frozenset(
    (
        "tensorflow.argmax tensorflow.math.argmax keras.ops.argmax keras.backend.argmax "
        "numpy.argmax torch.argmax numpy.random.randint torch.randint "
        "sklearn.preprocessing.LabelEncoder.fit_transform"
    ).split()
)
# `load_data()` gives ((x, y), (x, y)), y being class numbers.
_DATASETS = frozenset(
    f"keras.datasets.{name}.load_data"
    for name in "mnist fashion_mnist cifar10 cifar100 reuters imdb".split()
)
_SPLITS = "sklearn.model_selection.train_test_split"
_KEEPING = ("astype", "copy", "to_numpy", "numpy", "flatten", "ravel", "long", "int")
_NESTING = 8


def labels(value: Value) -> Labels | None:
    """What the labels are, None where it cannot be seen or is not the same on every way."""
    return _labels(value, (), _NESTING)


def _labels(value: Value, path: tuple[int | str, ...], depth: int) -> Labels | None:
    ends = Trace().ends(value, path) if depth else ()
    found = {_of(end, depth - 1) for end in ends}
    return found.pop() if len(found) == 1 else None


def _of(end: End, depth: int) -> Labels | None:
    value, path = end
    match value.node:
        case ast.Call() as call:
            return _of_call(value, call, path, depth)
        case ast.Subscript(value=inner, slice=ast.Slice()):
            return _labels(value.at(inner), path, depth)
        case ast.Attribute(value=inner, attr="values"):
            return _labels(value.at(inner), path, depth)
    return None


def _of_call(
    value: Value, call: ast.Call, path: tuple[int | str, ...], depth: int
) -> Labels | None:
    name = made_by(value) or value.file.qualified(call.func) or ""
    if name in _DATASETS:
        return Labels.INDICES if len(path) == 2 and path[1] == 1 else None
    if name == _SPLITS:
        match path:
            case (int(place),) if place // 2 < len(call.args):
                return _labels(value.at(call.args[place // 2]), (), depth)
        return None
    if path:
        return None
    if name in _ONE_HOT:
        return Labels.ONE_HOT
    if name in _INDICES:
        return Labels.INDICES
    if name and call.args and of_function(name) is Effect.SAME:
        return _labels(value.at(call.args[0]), (), depth)
    match call.func:
        case ast.Attribute(value=inner, attr="argmax") if not name:
            return Labels.INDICES
        case ast.Attribute(value=inner, attr=method) if not name:
            if method in _KEEPING or of_method(method) is Effect.SAME:
                return _labels(value.at(inner), (), depth)
    return None


# -- fit -------------------------------------------------------------------------------------------


class Fit(NamedTuple):
    """One `model.fit(x, y)` of a model that is compiled with a certain loss."""

    call: ast.Call
    compiled: Compiled
    target: Value


@remembered
def fits(file: File) -> list[Fit]:
    """Every call of `fit` in a file whose labels and loss are in sight."""
    return list(_fits(file))


def _fits(file: File) -> Iterator[Fit]:
    compiles = [
        c for c in file.calls_by_name.get("compile", ()) if isinstance(c.func, ast.Attribute)
    ]
    for call in file.calls_by_name.get("fit", ()) if compiles else ():
        if not isinstance(call.func, ast.Attribute):
            continue
        given = [item.value for item in call.keywords if item.arg == "y"] or call.args[1:2]
        if not given or any(isinstance(item, ast.Starred) for item in call.args[:2]):
            continue
        found = [
            compiled(file, other)
            for other in compiles
            if isinstance(other.func, ast.Attribute)
            and _same_object(file, other.func.value, call.func.value)
        ]
        words = {said.loss.word if said else "" for said in found}
        if len(words) == 1 and (said := found[-1]) is not None:
            yield Fit(call, said, Value(file, given[0]))


def _same_object(file: File, one: ast.expr, other: ast.expr) -> bool:
    """Whether two names, or attributes of `self`, surely hold the same model."""
    if file.dotted(one) is None or file.dotted(one) != file.dotted(other):
        return False
    if isinstance(one, ast.Name) and isinstance(other, ast.Name):
        before = [binding.node for binding in reaching(file, one)]
        return bool(before) and before == [binding.node for binding in reaching(file, other)]
    return file.method_class(one) is file.method_class(other)
