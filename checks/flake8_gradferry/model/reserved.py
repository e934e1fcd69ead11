"""Attributes that the frameworks' base classes keep for themselves.

Proven by `tests/facts/test_xfr112.py` and `test_xfr113.py`, which assign each of them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from ..source.infer import lineage, self_assignments
from ..source.walk import FUNCTIONS, File

# Assigning them raises, in Keras 2 as in Keras 3.
KERAS_LAYER = frozenset(
    (
        "compute_dtype dtype input losses metrics non_trainable_variables non_trainable_weights "
        "output trainable_variables trainable_weights variable_dtype variables weights"
    ).split()
)
KERAS_MODEL = frozenset("distribute_strategy layers metrics_names".split())
# Assigning them raises in Keras 3 alone.
KERAS_3 = frozenset("input_dtype metrics_variables path quantization_mode".split())
# Methods: assigning a number or a list hides them, and Keras cannot call that.
KERAS_LAYER_METHODS = frozenset(("build", "call"))
KERAS_MODEL_METHODS = frozenset(
    (
        "compile compute_loss compute_metrics evaluate fit get_config predict predict_step save "
        "summary test_step train_step"
    ).split()
)
# Methods of a torch module that torch's own code calls.
TORCH_METHODS = frozenset(
    (
        "apply children double eval float forward load_state_dict named_children named_modules "
        "named_parameters parameters state_dict to train zero_grad"
    ).split()
)
# The other methods of a torch module: a module of that name cannot be reached.
TORCH_OTHER_METHODS = frozenset(
    (
        "add_module bfloat16 buffers compile cpu cuda get_buffer get_parameter get_submodule half "
        "modules named_buffers register_buffer register_module register_parameter requires_grad_ "
        "share_memory to_empty type xpu"
    ).split()
)


class Taken(NamedTuple):
    """`self.name = value` in a class."""

    name: str
    value: ast.expr
    whole: bool  # False where `value` is a tuple to unpack


def taken(file: File, cls: ast.ClassDef, names: frozenset[str]) -> Iterator[Taken]:
    """The assignments of these attributes by the methods of a class, those left out that the
    project's own classes define as property, method or class attribute."""
    found = self_assignments(file, cls)
    for name in sorted(names & found.keys()):
        if any(_defines(at.file, at.node, name) for at in lineage(file, cls).classes):
            continue
        for value, path in found[name]:
            if file.function(value) is not None and file.method_class(value) is cls:
                yield Taken(name, value, not path)


def _defines(file: File, cls: ast.AST, name: str) -> bool:
    assert isinstance(cls, ast.ClassDef)
    if name in file.methods(cls):
        return True
    for statement in cls.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=bound)]) | ast.AnnAssign(target=ast.Name(id=bound))
            ):
                if bound == name:
                    return True
    return False


def is_no_function(file: File, value: ast.expr) -> bool:
    """Whether a value is surely nothing that can be called: a number, a list, a flag."""
    match value:
        case ast.Constant() | ast.List() | ast.Dict() | ast.Tuple() | ast.Set() | ast.JoinedStr():
            return not (isinstance(value, ast.Constant) and value.value is None)
        case ast.ListComp() | ast.DictComp() | ast.Compare():
            return True
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Name(id=name):
            return _has_plain_default(file, value, name)
    return False


def _has_plain_default(file: File, value: ast.expr, name: str) -> bool:
    """Whether it is a parameter that is a flag, number or text by default."""
    function = file.function(value)
    if not isinstance(function, FUNCTIONS):
        return False
    scope = file.scope_of(function)
    bindings = scope.bindings.get(name, [])
    if len(bindings) != 1 or bindings[0].kind != "parameter":
        return False
    default = bindings[0].value
    return isinstance(default, ast.Constant) and default.value is not None
