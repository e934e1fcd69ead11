"""Which loss a call computes, and on what.

Only losses whose name is in `loss_names` are looked at. A loss is found as a function, as an
object behind a name, attribute or dict, made here or in another file, and in `compile(loss=...)`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from ..source.callframes import End, Frame, Value, class_of, family, made_by
from ..source.project import Symbol
from ..source.values import Trace, constant
from ..source.walk import FUNCTIONS, File, remembered
from .loss_names import BY_STRING, CROSS_ENTROPIES, WORDS
from .outputs import Outputs, value_outputs

# What people call a loss; anything else must be bound to one in sight.
_NAMED_LIKE_A_LOSS = re.compile(
    r"loss|crit(?!ic)|cost|xent|entropy|objective|kl_?d|cos(?:ine)?_?sim|"
    r"(?:^|_)(?:[bcs]?ce|bce|cce|scce|obj|nll|mse|mae|kl)(?:$|_)",
    re.I,
)


class Loss(NamedTuple):
    """A loss by the name of what computes it."""

    name: str  # canonical
    from_logits: bool | None  # None: cannot see, or a loss that takes neither
    shown: str  # as the user wrote it
    # What it was told by keyword: a constant, or Ellipsis. None is a key where some are hidden.
    options: Mapping[str | None, object]

    @property
    def word(self) -> str:
        """`cross_entropy`, `sparse_categorical_crossentropy`, ... for class and function alike."""
        return WORDS[self.name]

    @property
    def is_torch(self) -> bool:
        return self.name.startswith("torch.")

    @property
    def is_keras(self) -> bool:
        return self.name.startswith("keras.")

    @property
    def is_tensorflow(self) -> bool:
        return self.name.startswith("tensorflow.")


@dataclass(frozen=True, eq=False)
class LossCall:
    """One call of a loss in a file."""

    call: ast.Call  # in the file that is looked at
    loss: Loss
    output: Value  # what the model said
    target: Value | None  # what it should have said
    site: Value  # the loss's own call, in a function of another file where it was handed on

    @cached_property
    def outputs(self) -> Outputs:
        """What the output may have been made by."""
        return value_outputs(self.output)


@remembered
def loss_calls(file: File) -> list[LossCall]:
    """Every call of a loss in a file, where it is certain which."""
    return list(_find(file))


def _find(file: File) -> Iterator[LossCall]:
    if not any(name in _frameworks(file) for name in ("torch", "tensorflow", "keras")):
        return
    if not any(map(_named_like_a_loss, _words(file))):
        return
    bound = _bound_to_losses(file)
    for call in file.index[ast.Call]:
        if len(call.args) + len(call.keywords) < 2:
            continue
        if _may_be_loss(call.func, bound):
            loss = loss_of(file, call.func, call)
            if loss is not None:
                yield from _called(call, loss, Value(file, call))
            else:
                yield from _wrapped(file, call)
        if any(_may_be_loss(a, bound) for a in (*call.args, *(k.value for k in call.keywords))):
            yield from _handed_on(file, call)


def _handed_on(file: File, call: ast.Call) -> Iterator[LossCall]:
    """`train(model, criterion, data)`: the losses that a function of another file computes."""
    entered = Trace().entered(Value(file, call))
    if entered is None or entered[0].file is file:
        return  # in this file the loss's own call is found, and asks who calls it
    symbol, frame = entered
    assert isinstance(symbol.node, FUNCTIONS)
    parameters = {arg.arg for arg in (*symbol.node.args.args, *symbol.node.args.kwonlyargs)}
    for inner in symbol.file.inside(symbol.node, nested=False)[ast.Call]:
        if not isinstance(inner.func, ast.Name) or inner.func.id not in parameters:
            continue
        site = Value(symbol.file, inner, frame)
        loss = _agreed(site.at(inner.func), site, inner.func.id)
        if loss is not None:
            yield from _called(call, loss, site)


def _wrapped(file: File, call: ast.Call) -> Iterator[LossCall]:
    """`criterion(output, y)`: the losses inside a loss of the project's own.

    A function of the same file is left out: there the loss's own call asks who calls it.
    """
    trace = Trace()
    entered = trace.entered(Value(file, call))
    if entered is None:
        entered = forward_of(trace, Value(file, call))
    elif entered[0].file is file:
        return
    if entered is None:
        return
    symbol, frame = entered
    bound = _bound_to_losses(symbol.file)
    for inner in symbol.file.inside(symbol.node, nested=False)[ast.Call]:
        if not _may_be_loss(inner.func, bound):
            continue
        site = Value(symbol.file, inner, frame)
        loss = _agreed(site.at(inner.func), site, _shown(file, call.func))
        if loss is not None:
            yield from _called(call, loss, site)


def forward_of(trace: Trace, call: Value) -> tuple[Symbol, Frame] | None:
    """What a call of an object of the project's class runs."""
    assert isinstance(call.node, ast.Call)
    made = trace.objects(call.at(call.node.func))
    if len(made) != 1 or made[0].path or (cls := class_of(made[0].value)) is None:
        return None
    line = family(cls)
    methods = [line.method(name) for name in ("__call__", "forward", "call")]
    method = next((found for found in methods if found is not None), None)
    return (method, Frame(method.node, call, made[0].value)) if method is not None else None


def _called(call: ast.Call, loss: Loss, site: Value) -> Iterator[LossCall]:
    output, target = _argument(site, loss, _OUTPUT), _argument(site, loss, _TARGET)
    if output is not None:
        yield LossCall(call, loss, output, target, site)


def _frameworks(file: File) -> set[str]:
    return {name.lstrip(".").partition(".")[0] for name in file.imports.values()}


def _words(file: File) -> set[str]:
    """Every name and attribute in a file, and what its imported names stand for."""
    words = {name.id for name in file.index[ast.Name]}
    words.update(attribute.attr for attribute in file.index[ast.Attribute])
    words.update(file.imports.values())
    return words


@lru_cache(maxsize=65536)
def _named_like_a_loss(word: str) -> bool:
    return _NAMED_LIKE_A_LOSS.search(word) is not None


def _may_be_loss(func: ast.expr, bound: set[str]) -> bool:
    match func:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return word in bound or _named_like_a_loss(word)
        case ast.Subscript(value=ast.Name(id=word) | ast.Attribute(attr=word)):
            return _named_like_a_loss(word)
        case ast.Call(func=ast.Name(id=word) | ast.Attribute(attr=word)):
            return _named_like_a_loss(word)
    return False


def _bound_to_losses(file: File) -> set[str]:
    """The names and attributes that an assignment of a loss gives."""
    found = set()
    for assign in file.index[ast.Assign]:
        for target in assign.targets:
            pairs = [(target, assign.value)]
            match target, assign.value:
                case ast.Tuple(elts=targets), ast.Tuple(elts=values):
                    pairs = list(zip(targets, values, strict=False))
            for name, value in pairs:
                loss = file.imported(value.func if isinstance(value, ast.Call) else value)
                if loss and _named_like_a_loss(loss):
                    match name:
                        case ast.Name(id=word) | ast.Attribute(attr=word):
                            found.add(word)
    return found


def loss_of(file: File, node: ast.expr, call: ast.Call | None = None) -> Loss | None:
    """The one loss that an expression names, if every way to it agrees.

    `call` is the call in which `node` is the function, for losses that are functions.
    """
    site = Value(file, call) if call is not None else None
    return _agreed(Value(file, node), site, _shown(file, node))


def _agreed(value: Value, site: Value | None, shown: str) -> Loss | None:
    found = [_loss(end, site, shown) for end in Trace().objects(value)]
    first = found[0] if found else None
    if first is None or any(other is None or other[:3] != first[:3] for other in found):
        return None
    shared = dict(first.options)
    for other in found:
        assert other is not None
        differing = {item[0] for item in shared.items() ^ other.options.items()}
        shared |= dict.fromkeys(differing, ...)
    return first._replace(options=shared)


def _loss(end: End, site: Value | None, shown: str) -> Loss | None:
    if end.path:
        return None
    value = end.value
    match value.node:
        case ast.Constant(value=str(text)):
            if text not in BY_STRING:
                return None
            word = BY_STRING[text]
            return Loss(
                f"keras.losses.{word}", False if word in CROSS_ENTROPIES else None, shown, {}
            )
        case ast.Call():
            name, given = made_by(value), value
            if name.rpartition(".")[2][:1].islower():
                return None  # the loss's value, not the loss
        case ast.Name() | ast.Attribute():
            # A function: what it is told stands in the call.
            name, given = made_by(value), site or value
        case _:
            return None
    if name not in WORDS:
        return None
    return Loss(name, _from_logits(given, name), shown, _options(given))


_OPTIONS = (None, "reduction", "size_average", "log_target", "ignore_class")


def _options(value: Value) -> Mapping[str | None, object]:
    if not isinstance(value.node, ast.Call):
        return {}
    name = made_by(value)
    if name.startswith("torch.nn.") and value.node.args and name.rpartition(".")[2][0].isupper():
        return {None: ...}  # told by place
    return {
        item.arg: constant(value.at(item.value))
        for item in value.node.keywords
        if item.arg in _OPTIONS
    }


def _from_logits(value: Value, name: str) -> bool | None:
    word = WORDS[name]
    if not name.startswith("keras."):
        return True if "cross_entropy" in word and word != "binary_cross_entropy" else None
    if word not in CROSS_ENTROPIES:
        return None
    if not isinstance(value.node, ast.Call):
        return False
    is_class = name.rpartition(".")[2][:1].isupper()
    position = 0 if is_class else 2
    if "focal" in word:
        position = 99  # told by keyword
    call = value.node
    given = [k.value for k in call.keywords if k.arg == "from_logits"]
    given += call.args[position : position + 1]
    if any(k.arg is None for k in call.keywords) or any(
        isinstance(item, ast.Starred) for item in call.args
    ):
        return None
    if not given:
        return False
    told = constant(value.at(given[0]))
    return told if isinstance(told, bool) else None


# The names and the place of an argument: torch's, Keras', those of `tf.nn`.
_OUTPUT = (({"input"}, 0), ({"y_pred", "output"}, 1), ({"logits"}, 1))
_TARGET = (({"target"}, 1), ({"y_true", "target"}, 0), ({"labels"}, 0))


def _argument(site: Value, loss: Loss, spelt: tuple[tuple[set[str], int], ...]) -> Value | None:
    """One of the two arguments that every loss has."""
    call = site.node
    assert isinstance(call, ast.Call)
    keywords, position = spelt[0 if loss.is_torch else 1 if loss.is_keras else 2]
    for keyword in call.keywords:
        if keyword.arg in keywords:
            return site.at(keyword.value)
    head = call.args[: position + 1]
    if len(head) <= position or any(isinstance(item, ast.Starred) for item in head):
        return None
    return site.at(head[position])


def _shown(file: File, node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Call(func=func):
            return _shown(file, func)
        case ast.Subscript(value=inner):
            return _shown(file, inner)
    written = file.dotted(node) or "the loss"
    return written if file.qualified(node) is None else written.rpartition(".")[2]
