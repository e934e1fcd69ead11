"""What `compile` says of a Keras model's loss, and whether an expression may run inside a graph."""

from __future__ import annotations

import ast
from typing import NamedTuple

from ..source.callframes import Value, class_of, family, is_none
from ..source.values import Trace, constant
from ..source.walk import FUNCTIONS, File
from .losses import Loss, loss_of


class Compiled(NamedTuple):
    """One `model.compile(...)` with a cross-entropy of Keras."""

    model: ast.expr
    loss: Loss
    node: ast.expr  # the loss as given
    eager: bool


def compiled(file: File, call: ast.Call) -> Compiled | None:
    """What a call of `.compile` says of the loss, if it is one certain cross-entropy."""
    assert isinstance(call.func, ast.Attribute)
    if file.qualified(call.func) is not None:
        return None  # `torch.compile`, `re.compile`
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if None in given:
        return None
    node = given.get("loss") or (call.args[1] if len(call.args) > 1 else None)
    match node:
        case None:
            return None
        case ast.List(elts=[only]):
            node = only
        case ast.Dict(values=[only]):
            node = only
    loss = loss_of(file, node)
    if loss is None or not loss.is_keras:
        return None
    if any(_trains_itself(end.value) for end in Trace().objects(Value(file, call.func.value))):
        return None
    eager = given.get("run_eagerly")
    runs_eagerly = eager is not None and not is_none(eager) and constant(Value(file, eager)) is True
    return Compiled(call.func.value, loss, node, runs_eagerly)


def _trains_itself(model: Value) -> bool:
    """Whether the model's class decides for itself what its loss is computed on."""
    cls = class_of(model)
    if cls is None:
        return False
    line = family(cls)
    return any(line.method(n) for n in ("compile", "train_step", "compute_loss", "__call__"))


# -- graph or eager --------------------------------------------------------------------------------


def maybe_traced(file: File, node: ast.AST) -> bool:
    """Whether an expression may run inside a `tf.function`; `fit` traces `train_step` into one."""
    for function in file.ancestors(node):
        if isinstance(function, ast.Lambda):
            return True
        if not isinstance(function, FUNCTIONS):
            continue
        if function.name in ("train_step", "test_step", "call") and file.owner(function):
            return True
        if any("function" in (_word(d)) for d in function.decorator_list):
            return True
        if _passed_on(file, function.name):
            return True
    return False


def _word(decorator: ast.expr) -> str:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _passed_on(file: File, name: str) -> bool:
    """Whether a function is handed on, or called from a function that `tf.function` decorates."""
    for call in file.index[ast.Call]:
        for argument in (*call.args, *(k.value for k in call.keywords)):
            match argument:
                case ast.Name(id=word) | ast.Attribute(attr=word) if word == name:
                    return True
        match call.func:
            case ast.Name(id=word) | ast.Attribute(attr=word) if word == name:
                caller = file.function(call)
                if caller is not None and any(
                    "function" in _word(d) for d in caller.decorator_list
                ):
                    return True
    return False
