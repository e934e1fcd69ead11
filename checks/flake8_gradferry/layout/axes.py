"""The axes of a value: which one a number is the size of, and where the leading ones come from.

A small symbolic reader, honest about its limits: a value is traced back through what keeps its
leading axes where they are (elementwise functions, dropout, linear layers, an embedding), and the
trail ends in anything else (`permute`, `reshape`, a layer nobody can see).
"""

from __future__ import annotations

import ast
from typing import NamedTuple

from ..model.models import Layer, layers
from ..model.modes import argument
from ..source.infer import Origin, origins, reaching
from ..source.walk import File, remembered, remembered_or

_ELEMENTWISE_METHODS = frozenset(
    (
        "astype bfloat16 clamp clone contiguous copy cpu cuda detach double float half long numpy "
        "relu relu_ requires_grad_ sigmoid tanh to type type_as"
    ).split()
)
# They give back their first argument with the axes it has.
_ELEMENTWISE = frozenset(
    (
        *(f"torch.{name}" for name in "abs as_tensor from_numpy relu sigmoid tanh tensor".split()),
        "torch.Tensor",
        "torch.FloatTensor",
        "torch.LongTensor",
        "torch.autograd.Variable",
        *(
            f"torch.nn.functional.{name}"
            for name in (
                "alpha_dropout dropout elu gelu layer_norm leaky_relu linear log_softmax mish "
                "normalize relu relu6 selu sigmoid silu softmax softplus tanh"
            ).split()
        ),
        *(f"numpy.{name}" for name in "array asarray ascontiguousarray float32 clip".split()),
        *(
            f"tensorflow.{name}"
            for name in "cast constant convert_to_tensor identity nn.relu nn.tanh tanh".split()
        ),
    )
)
# Layers that keep every axis but the last; an embedding adds one at the end.
_KEEPING = frozenset(
    (
        *(
            f"torch.nn.{name}"
            for name in (
                "AlphaDropout CELU Dropout ELU Embedding GELU Hardswish Hardtanh Identity "
                "LayerNorm LeakyReLU Linear LogSoftmax Mish PReLU RMSNorm RReLU ReLU ReLU6 SELU "
                "SiLU Sigmoid Softmax Softplus Tanh"
            ).split()
        ),
        *(
            f"keras.layers.{name}"
            for name in (
                "Activation Dense Dropout ELU Embedding LayerNormalization LeakyReLU PReLU ReLU "
                "Softmax SpatialDropout1D"
            ).split()
        ),
    )
)
# Layers that work on each element by itself.
POINTWISE = frozenset(
    name
    for name in _KEEPING
    if name.rpartition(".")[2] not in ("Dense", "Embedding", "Linear", "LayerNorm")
)
TORCH_RECURRENT = frozenset(f"torch.nn.{name}" for name in ("GRU", "LSTM", "RNN"))
# They give back (output, ...), the output with the leading axes of the first input.
_IN_A_TUPLE = TORCH_RECURRENT | {"torch.nn.MultiheadAttention"}
_SEQUENCE_LAYERS = frozenset(
    f"torch.nn.{name}" for name in "TransformerEncoder TransformerEncoderLayer".split()
)
_DEPTH = 40


class Axis(NamedTuple):
    """The size of one axis of a value: `x.shape[1]`."""

    of: ast.expr
    place: int
    rank: int | None = None  # where the shape was unpacked into as many names


def applied(file: File, call: ast.Call) -> Layer | None:
    """The one layer that a call runs, where that is certain."""
    found = layers(file, call.func)
    return found.layers[0] if found.complete and len(found.layers) == 1 else None


# -- leading axes ----------------------------------------------------------------------------------


@remembered
def leading(file: File, node: ast.AST) -> list[Origin]:
    """The values from which `node` has its leading axes; recurrent layers end the trail."""
    return _leading(file, node, through_sequences=False, depth=0)


@remembered
def leading_input(file: File, node: ast.AST) -> list[Origin]:
    """`leading`, on through recurrent and attention layers, which keep batch and time as well."""
    return _leading(file, node, through_sequences=True, depth=0)


def _leading(file: File, node: ast.AST, *, through_sequences: bool, depth: int) -> list[Origin]:
    found: list[Origin] = []
    for origin in origins(file, node):
        below = _kept_from(origin, through_sequences) if depth < _DEPTH else None
        if below is None:
            found.append(origin)
        else:
            found += _leading(
                origin.file, below, through_sequences=through_sequences, depth=depth + 1
            )
    return list(dict.fromkeys(found))


def _kept_from(origin: Origin, through_sequences: bool) -> ast.expr | None:
    """The expression that has the same leading axes, one step back."""
    file, node = origin.file, origin.node
    if not isinstance(node, ast.Call):
        return None if origin.path else elementwise_operand(file, node)
    if origin.path:
        if through_sequences and origin.path == (0,):
            layer = applied(file, node)
            if layer is not None and layer.name in _IN_A_TUPLE and node.args:
                return node.args[0]
        return None
    if (same := elementwise_operand(file, node)) is not None:
        return same
    layer = applied(file, node) if node.args else None
    if layer is None:
        return None
    keeps = layer.name in _KEEPING or (through_sequences and layer.name in _SEQUENCE_LAYERS)
    return node.args[0] if keeps else None


def elementwise_operand(file: File, node: ast.AST) -> ast.expr | None:
    """The value that an expression is computed from element by element, one step back."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr=method)) if (
            method in _ELEMENTWISE_METHODS and file.qualified(node.func) is None
        ):
            return inner
        case ast.Call(func=func, args=[first, *_]) if file.qualified(func) in _ELEMENTWISE:
            return first
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), left=left, right=right):
            if isinstance(right, ast.Constant):
                return left
            return right if isinstance(left, ast.Constant) else None
        case ast.Attribute(value=inner, attr="data"):
            return inner
    return None


# -- sizes -----------------------------------------------------------------------------------------


@remembered_or(None)
def axis(file: File, node: ast.expr) -> Axis | None:
    """The axis whose size an expression is: `x.size(1)`, `x.shape[1]`, or a name unpacked from
    `x.shape`."""
    match node:
        case ast.Subscript(value=shape, slice=index) if (at := integer(index)) is not None:
            of = shape_of(file, shape)
            return Axis(of, at) if of is not None else None
        case ast.Call(func=ast.Attribute(value=of, attr="size"), args=[index], keywords=[]):
            at = integer(index)
            return Axis(of, at) if at is not None else None
        case ast.Call(func=ast.Name(id="len"), args=[of], keywords=[]):
            return Axis(of, 0)
        case ast.Call(func=ast.Name(id="int"), args=[inner]):
            return axis(file, inner)
        case ast.Name():
            return _named_axis(file, node)
    return None


def _named_axis(file: File, node: ast.Name) -> Axis | None:
    bindings = reaching(file, node)
    if len(bindings) != 1 or bindings[0].kind != "assign" or bindings[0].value is None:
        return None
    value, path = bindings[0].value, bindings[0].path
    if not path:
        return axis(file, value)
    of = shape_of(file, value)
    if of is None:
        if isinstance(value, ast.Tuple) and len(path) == 1 and path[0] < len(value.elts):
            return axis(file, value.elts[path[0]])
        return _sliced_axis(file, value, path)
    return Axis(of, path[0], _names_unpacked(bindings[0].node)) if len(path) == 1 else None


def _sliced_axis(file: File, value: ast.expr, path: tuple[int, ...]) -> Axis | None:
    """`b, t = x.shape[:2]`."""
    match value:
        case ast.Subscript(value=shape, slice=ast.Slice(lower=None, step=None)):
            of = shape_of(file, shape)
            return Axis(of, path[0]) if of is not None and len(path) == 1 else None
    return None


def _names_unpacked(node: ast.AST) -> int | None:
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=names) | ast.List(elts=names)]):
            return len(names)
    return None


@remembered_or(None)
def shape_of(file: File, node: ast.expr) -> ast.expr | None:
    """The value whose whole shape an expression is."""
    match node:
        case ast.Name():
            bindings = reaching(file, node)
            if len(bindings) == 1 and bindings[0].value is not None and not bindings[0].path:
                return shape_of(file, bindings[0].value)
        case ast.Attribute(value=of, attr="shape") if file.qualified(node) is None:
            return of
        case ast.Call(func=ast.Attribute(value=of, attr="size" | "get_shape"), args=[]):
            return of
        case ast.Call(func=ast.Attribute(value=inner, attr="as_list"), args=[]):
            return shape_of(file, inner)
        case ast.Call(func=func, args=[of]) if (file.qualified(func) or "") in (
            "tensorflow.shape",
            "keras.ops.shape",
            "keras.backend.shape",
            "keras.backend.int_shape",
            "numpy.shape",
        ):
            return of
    return None


def integer(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
    return None


def same_value(file: File, one: ast.expr, other: ast.expr) -> bool:
    """Whether two names surely hold the same value, elementwise changes on the way left out."""
    one, other = _bare(file, one), _bare(file, other)
    if isinstance(one, ast.Name) and isinstance(other, ast.Name) and one.id == other.id:
        mine, theirs = reaching(file, one), reaching(file, other)
        return bool(mine) and mine == theirs
    return False


def _bare(file: File, node: ast.expr) -> ast.expr:
    while (inner := elementwise_operand(file, node)) is not None:
        node = inner
    return node


# -- applications ----------------------------------------------------------------------------------


@remembered
def applications(file: File, maker: ast.Call) -> list[ast.Call]:
    """The calls in the file that run the layer which `maker` makes, found by its name."""
    found: list[ast.Call] = []
    match file.parent(maker):
        case ast.Call(func=func) as call if func is maker:  # `LSTM(8)(x)`
            return [call]
    for name in _names_given(file, maker):
        for call in file.calls_by_name.get(name, ()):
            layer = applied(file, call)
            if layer is not None and layer.node is maker:
                found.append(call)
    return found


def _names_given(file: File, maker: ast.expr) -> list[str]:
    match file.parent(maker):
        case ast.Assign(targets=targets):
            pass
        case ast.AnnAssign(target=target):
            targets = [target]
        case _:
            return []
    return [(file.dotted(target) or "").rpartition(".")[2] for target in targets]


def readers(file: File, node: ast.expr) -> list[tuple[ast.expr, ast.AST]]:
    """Where a value is read: each expression that holds it, and what stands around that.

    Through the names it is given (where nothing else may be bound to them) and elementwise calls.
    """
    found: list[tuple[ast.expr, ast.AST]] = []
    queue = [node]
    for held in queue:  # grows while it is read
        around = file.parent(held)
        if isinstance(around, ast.Attribute) and around.value is held:
            call = file.parent(around)
            if isinstance(call, ast.Call) and elementwise_operand(file, call) is held:
                queue.append(call)
                continue
        if isinstance(around, ast.Call | ast.BinOp) and _computed_from(file, around) is held:
            queue.append(around)
        match around:
            case ast.Assign(targets=[ast.Name() as name]):
                queue += (use for use in _uses(file, name, around) if use not in queue)
            case ast.AST():
                found.append((held, around))
    return found


@remembered_or([])
def pointwise(file: File, node: ast.AST) -> list[Origin]:
    """The values from which `node` is computed element by element; other layers end the trail."""
    found: list[Origin] = []
    for origin in origins(file, node):
        below = None if origin.path else _computed_from(origin.file, origin.node)
        found += [origin] if below is None else pointwise(origin.file, below)
    return list(dict.fromkeys(found))


def _computed_from(file: File, node: ast.AST) -> ast.expr | None:
    """The operand of an elementwise function or layer."""
    if isinstance(node, ast.Call) and file.qualified(node.func) is None and node.args:
        layer = applied(file, node)
        if layer is not None:
            return node.args[0] if layer.name in POINTWISE else None
    return elementwise_operand(file, node)


def _uses(file: File, name: ast.Name, assign: ast.Assign) -> list[ast.expr]:
    inside = file.inside(file.function(assign) or file.tree, nested=False)
    return [
        use
        for use in inside[ast.Name]
        if use.id == name.id
        and isinstance(use.ctx, ast.Load)
        and [binding.node for binding in reaching(file, use)] == [assign]
    ]


def flag(call: ast.Call, keyword: str, position: int | None = None) -> bool | None:
    """Whether a call sets a switch; None where `*args` or `**options` may set it."""
    given = argument(call, keyword, position)
    if given is None:
        hidden = any(isinstance(item, ast.Starred) for item in call.args)
        hidden |= any(item.arg is None for item in call.keywords)
        return None if hidden else False
    return given.value is True if isinstance(given, ast.Constant) else None
