"""Planted mistakes in what is constructed: XFR118, XFR119, XFR410, XFR420, XFR426."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from source import Mutant, Source, dotted, imports, keyword

_KERAS = ("tensorflow", "keras", "tf_keras")
_OTHERS = ("mxnet", "chainer", "paddle", "flax", "mindspore", "tensorlayer", "tensorlayerx")
_OPTIMIZERS = ("Adam", "AdamW", "SGD", "RMSprop", "Adagrad", "Adamax", "Nadam", "NAdam")
_NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")


def _calls(source: Source, *names: str) -> Iterator[ast.Call]:
    """Calls of a framework's class: by an attribute, or by a name that is imported from it."""
    imported = re.findall(
        r"^from (?:torch|tensorflow|keras|tf_keras)\S* import (.+)", source.text, re.M
    )
    known = set(re.findall(r"\w+", " ".join(imported)))
    for call in source.nodes:
        if not isinstance(call, ast.Call):
            continue
        root, _, last = dotted(call.func).rpartition(".")
        if last in names and (last in known if not root else root.partition(".")[0] != "self"):
            yield call


def _torch(source: Source) -> bool:
    return imports(source, "torch") and not imports(source, *_KERAS, *_OTHERS)


def _keras(source: Source) -> bool:
    return imports(source, *_KERAS) and not imports(source, "torch", *_OTHERS)


def _number(node: ast.AST | None) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
    return None


def optimizer_keyword(source: Source) -> Iterator[Mutant]:
    """XFR410: `lr=` and `learning_rate=` change places."""
    for ours, theirs, here in (("lr", "learning_rate", _torch), ("learning_rate", "lr", _keras)):
        if not here(source):
            continue
        for call in _calls(source, *_OPTIMIZERS):
            if (given := keyword(call, ours)) is not None:
                start, _ = source.span(given)
                edit = (start, start + len(ours), theirs)
                yield Mutant("XFR410", f"{theirs}=", source, call.lineno, (edit,))


def norm_momentum(source: Source) -> Iterator[Mutant]:
    """XFR420: the momentum of batch norm is counted from the other end."""
    for names, here in ((_NORMS, _torch), (("BatchNormalization",), _keras)):
        for call in _calls(source, *names) if here(source) else ():
            given = keyword(call, "momentum")
            value = _number(given.value) if given is not None else None
            usual = value is not None and (value < 0.5 if names is _NORMS else value > 0.5)
            if given is None or value is None or not usual or value in (0, 1):
                continue
            edit = source.replace(given.value, f"{1 - value:g}")
            yield Mutant("XFR420", "literal", source, call.lineno, (edit,))


def positional_momentum(source: Source) -> Iterator[Mutant]:
    """XFR426: `momentum=` is left away behind the number of features."""
    for call in _calls(source, *_NORMS) if _torch(source) else ():
        given = keyword(call, "momentum")
        if given is None or len(call.args) != 1 or call.keywords[0] is not given:
            continue
        start, _ = source.span(given)
        variant = "number" if _number(given.value) is not None else "name"
        if variant == "name" and not re.search("mom|mmt", ast.unparse(given.value), re.I):
            continue
        edit = (start, source.span(given.value)[0], "")
        yield Mutant("XFR426", variant, source, call.lineno, (edit,))


def input_channels(source: Source) -> Iterator[Mutant]:
    """XFR118: Keras' layers are told their input size first."""
    for call in _calls(source, "Conv2D", "Dense") if _keras(source) else ():
        sizes = [_number(node) for node in call.args]
        is_dense = dotted(call.func).endswith("Dense")
        if len(sizes) != (1 if is_dense else 2) or None in sizes:
            continue
        if not is_dense and not (sizes[0] >= 12 and sizes[1] in (3, 5, 7)):
            continue
        if keyword(call, "strides") or keyword(call, "activation"):
            continue  # they would come twice
        start, _ = source.span(call.args[0])
        edit = (start, start, "3, ")
        variant = "Dense" if is_dense else "Conv2D"
        yield Mutant("XFR118", variant, source, call.lineno, (edit,))


def no_input_size(source: Source) -> Iterator[Mutant]:
    """XFR119: torch's layers are not told their input size."""
    for call in _calls(source, "Linear", "Conv2d", "LSTM") if _torch(source) else ():
        enough = {"Linear": 2, "Conv2d": 3, "LSTM": 2}[dotted(call.func).rpartition(".")[2]]
        if len(call.args) != enough or any(isinstance(a, ast.Starred) for a in call.args):
            continue
        if keyword(call, "stride") is None and not call.keywords:
            edit = source.drop_argument(call.args[0])
            yield Mutant("XFR119", "positional", source, call.lineno, (edit,))
