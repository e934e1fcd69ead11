"""Which framework's optimizer an expression is."""

from __future__ import annotations

import ast

from ..source.infer import lineage, origins
from ..source.walk import File, remembered
from .kinds import Kind, kind

# The classes that are called to make one, without L-BFGS.
TORCH_CLASSES = tuple(
    f"torch.optim.{name}"
    for name in (
        "ASGD Adadelta Adafactor Adagrad Adam AdamW Adamax Muon NAdam RAdam RMSprop Rprop SGD "
        "SparseAdam"
    ).split()
)
KERAS_CLASSES = tuple(
    f"keras.optimizers.{name}"
    for name in (
        "Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion Muon Nadam RMSprop SGD"
    ).split()
)
TORCH = "torch.optim.Optimizer"
KERAS = "keras.optimizers.Optimizer"


@remembered
def is_made_by(file: File, node: ast.expr, base: str) -> bool:
    """Whether a value surely is one of a framework's own optimizers, not a class derived from one.

    `base` is `TORCH` or `KERAS`.
    """
    if not isinstance(node, ast.Name | ast.Attribute | ast.Call):
        return False
    found = origins(file, node)
    return all(origin.cls is None and base in origin.types for origin in found)


@remembered
def is_keras_optimizer(file: File, node: ast.expr) -> bool:
    """The same of Keras', where it is asked of a model too: `model.optimizer`."""
    if isinstance(node, ast.Attribute) and node.attr == "optimizer" and is_model(file, node.value):
        return True
    return is_made_by(file, node, KERAS)


def is_model(file: File, node: ast.expr) -> bool:
    """Whether a value surely is a Keras model: made as one, `self` of one, a callback's model."""
    cls = file.method_class(node)
    family = lineage(file, cls) if cls is not None else None
    match node:
        case ast.Name(id="self") if family is not None:
            return family.is_keras_model
        case ast.Attribute(value=ast.Name(id="self"), attr="model") if (
            family is not None and family.derives("keras.callbacks.Callback")
        ):
            return True
    return kind(file, node) is Kind.KERAS_MODEL or is_compiled(file, node)


def is_compiled(file: File, node: ast.expr) -> bool:
    """Whether the same function compiles a value of that name with an optimizer of Keras'."""
    name, function = file.dotted(node), file.function(node)
    return name is not None and any(
        isinstance(call.func, ast.Attribute)
        and file.dotted(call.func.value) == name
        and file.function(call) is function
        and any(k.arg == "optimizer" and is_made_by(file, k.value, KERAS) for k in call.keywords)
        for call in file.calls_by_name.get("compile", ())
    )
