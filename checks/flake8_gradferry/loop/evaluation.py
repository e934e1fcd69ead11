"""Which code evaluates a model, as people name and write it."""

from __future__ import annotations

import ast
import re

from ..source.walk import File, Function

_NO_GRAD = ("torch.no_grad", "torch.inference_mode")
_EVALUATION = re.compile(
    r"_?(eval|evaluate|evaluation|infer|inference|predict|test|val|validate|validation)"
    r"(_(model|net|network|epoch|one_epoch|step|loop|loader|set|dataset|accuracy|loss))?"
)
_HELD_OUT = re.compile(r"(^|_)(test|val|valid|validation|eval|dev)_?(data|set|loader|iter|dl|$)")


def is_evaluation(function: Function) -> bool:
    """Whether a function is an evaluation or prediction, by its name."""
    return _EVALUATION.fullmatch(function.name) is not None


def is_held_out(file: File, loop: ast.For) -> bool:
    """Whether a loop runs over test or validation data, by its name."""
    named = [node.id for node in file.inside(loop.iter)[ast.Name]]
    named += [node.attr for node in file.inside(loop.iter)[ast.Attribute]]
    return any(_HELD_OUT.search(name.lower()) for name in named)


def turns_off_gradients(file: File, node: ast.expr) -> bool:
    """Whether a `with` item or decorator does; one of somebody's own by its name."""
    match node:
        case ast.Call(func=func, args=[ast.Constant(value=False)]):
            return file.qualified(func) == "torch.set_grad_enabled"
        case ast.Call(func=func):
            return _is_no_grad(file, func)
    return _is_no_grad(file, node)


def _is_no_grad(file: File, node: ast.expr) -> bool:
    name = file.qualified(node) or file.dotted(node) or ""
    return name in _NO_GRAD or name.endswith(("no_grad", "inference_mode"))


def trains(file: File, root: ast.AST) -> bool:
    return any(node.attr == "backward" for node in file.inside(root)[ast.Attribute])


def is_test(file: File) -> bool:
    """Whether a file holds unit tests, by its name."""
    return file.path.name.startswith("test_") or file.path.name.endswith("_test.py")
