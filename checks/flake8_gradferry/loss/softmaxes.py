"""torch's softmaxes, the dimension they are over, and how many dimensions a tensor has."""

from __future__ import annotations

import ast

from ..layout.axes import applications, applied, pointwise
from ..source.infer import Origin
from ..source.walk import File, remembered_or

FUNCTIONS = tuple(f"torch.nn.functional.{name}" for name in ("softmax", "log_softmax", "softmin"))
MODULES = tuple(f"torch.nn.{name}" for name in ("Softmax", "LogSoftmax", "Softmin"))

_PRODUCTS = frozenset(("torch.bmm", "torch.baddbmm"))
_LAYERS = {
    "torch.nn.Conv1d": 3,
    "torch.nn.Conv2d": 4,
    "torch.nn.Conv3d": 5,
    "torch.nn.ConvTranspose2d": 4,
    "torch.nn.Embedding": 3,
}


def gives_dim(call: ast.Call, position: int) -> bool:
    """Whether `dim` is given, or may be: `*args`, `**options`; `axis` is another framework's."""
    return (
        len(call.args) > position
        or any(keyword.arg in ("dim", "axis", None) for keyword in call.keywords)
        or any(isinstance(item, ast.Starred) for item in call.args)
    )


def runs_of(file: File, made: ast.Call) -> list[ast.Call]:
    """The calls in the file that run a module which holds no other."""
    return [run for run in applications(file, made) if run.args]


@remembered_or(None)
def rank(file: File, node: ast.expr) -> int | None:
    """The number of dimensions of a torch tensor, where every way to it agrees."""
    found = {_rank(origin) for origin in pointwise(file, node)}
    return found.pop() if len(found) == 1 else None


def _rank(origin: Origin) -> int | None:
    file, call = origin.file, origin.node
    if isinstance(call, ast.BinOp):  # scores / scale + mask
        sides = {rank(file, call.left), rank(file, call.right)} - {None}
        return sides.pop() if len(sides) == 1 else None
    if not isinstance(call, ast.Call) or origin.path:
        return None
    name = file.qualified(call.func)
    if name in _PRODUCTS:
        return 3
    if name == "torch.einsum" and call.args and isinstance(call.args[0], ast.Constant):
        _, arrow, out = str(call.args[0].value).replace(" ", "").partition("->")
        return len(out) if arrow and out.isalpha() else None
    if name in ("torch.randn", "torch.rand", "torch.zeros", "torch.ones"):
        sizes = [item for item in call.args if not isinstance(item, ast.Starred)]
        return len(sizes) if len(sizes) == len(call.args) > 1 else None
    if name in ("torch.matmul", "torch.Tensor.matmul") and len(call.args) == 2:
        return rank(file, call.args[0])
    if isinstance(call.func, ast.Attribute) and name is None:
        match call.func.attr:
            case "view" | "reshape" if len(call.args) > 1:
                starred = any(isinstance(item, ast.Starred) for item in call.args)
                return None if starred else len(call.args)
            case "transpose" | "contiguous" | "masked_fill" | "permute":
                if call.func.attr == "permute" and len(call.args) > 1:
                    return len(call.args)
                return rank(file, call.func.value)
            case "bmm" | "baddbmm":
                return 3
            case "matmul":
                return rank(file, call.func.value)
    layer = applied(file, call)
    return _LAYERS.get(layer.name) if layer is not None else None
