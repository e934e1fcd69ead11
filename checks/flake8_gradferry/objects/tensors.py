"""Whose tensor a value is: torch's, TensorFlow's or Keras', NumPy's."""

from __future__ import annotations

import ast

from ..layout.axes import applied
from ..source.infer import Origin, lineage, origins
from ..source.walk import FUNCTIONS, File, remembered_or

# torch functions that return no tensor.
_NO_TENSOR = (
    "torch.load",
    "torch.device",
    "torch.no_grad",
    "torch.jit.",
    "torch.hub.",
    "torch.utils.",
)


@remembered_or(None)
def whose(file: File, node: ast.AST) -> str | None:
    """`torch`, `tensorflow` (with Keras) or `numpy`, where every way to the value agrees."""
    found = {_whose(origin) for origin in origins(file, node)}
    return found.pop() if len(found) == 1 else None


def _whose(origin: Origin) -> str | None:
    file, node = origin.file, origin.node
    match node:
        case ast.Call(func=func):
            return _made_by(file, node, func)
        case ast.arg() if not origin.path:
            return _parameter(file, node)
        case ast.BinOp(left=left, right=right):
            found = {whose(file, left), whose(file, right)} - {None}
            return found.pop() if len(found) == 1 else None
        case ast.Subscript(value=value) | ast.Attribute(value=value, attr="data" | "grad" | "T"):
            return whose(file, value)
        case ast.For(iter=loader) | ast.comprehension(iter=loader):
            makers = {found.callee for found in origins(file, loader)}
            return "torch" if makers == {"torch.utils.data.DataLoader"} else None
    return None


def _made_by(file: File, call: ast.Call, func: ast.expr) -> str | None:
    name = file.qualified(func)
    if name is not None:
        if name.startswith(_NO_TENSOR):
            return None
        last = name.rpartition(".")[2]
        root = name.partition(".")[0]
        if root == "torch":
            return "torch" if last.islower() else None
        if root == "tensorflow" or name.startswith(("keras.ops.", "keras.backend.")):
            return (
                "tensorflow" if last.islower() and not name.startswith("tensorflow.io.") else None
            )
        return "numpy" if root == "numpy" else None
    if isinstance(func, ast.Attribute):
        if func.attr == "numpy":
            return "numpy"
        if (held := whose(file, func.value)) is not None:
            return held
    layer = applied(file, call)
    if layer is None:
        return None
    if layer.cls is not None:
        assert isinstance(layer.cls.node, ast.ClassDef)
        family = lineage(layer.cls.file, layer.cls.node)
        return (
            "torch" if family.is_torch_module else "tensorflow" if family.is_keras_layer else None
        )
    return {"torch": "torch", "keras": "tensorflow"}.get(layer.name.partition(".")[0])


def _parameter(file: File, parameter: ast.arg) -> str | None:
    """The input of a forward pass is a tensor of the class's framework."""
    function = file.enclosing(parameter, *FUNCTIONS, ast.Lambda)
    if not isinstance(function, FUNCTIONS) or (cls := file.owner(function)) is None:
        return None
    positional = function.args.args
    if len(positional) < 2 or parameter is not positional[1]:
        return None
    if function.name == "forward" and lineage(file, cls).is_torch_module:
        return "torch"
    return "tensorflow" if function.name == "call" and lineage(file, cls).is_keras_layer else None
