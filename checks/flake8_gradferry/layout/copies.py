"""Weights carried from one framework's layer to the other's: what is copied, and how turned.

An array is followed from where it is assigned back to the layer that it was read from; anything
done to it but conversions and one transposition ends the trail.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from ..model.additions import put_into
from ..model.models import Layer, layers
from ..source.bindings import reaching
from ..source.callframes import Path
from ..source.infer import lineage, self_assignments
from ..source.walk import File, remembered
from .axes import applications, applied, integer, leading, pointwise

_TRANSPOSES = frozenset(
    "numpy.transpose torch.transpose torch.permute tensorflow.transpose torch.t".split()
)
# Layers behind which there is no image any more, or not in the order of its framework.
_OTHER_SHAPES = frozenset("Dense Linear Flatten Reshape Permute Lambda ?".split())
_STEPS = 8
# What a layer is, where only its name says so.
_DENSE_NAME = re.compile(r"(^|_)(fc|dense|linear|proj|classifier)\d*($|_)", re.IGNORECASE)
_CONV_NAME = re.compile(r"(^|_)conv(2d)?_?\d*$", re.IGNORECASE)


class Array(NamedTuple):
    """An array of weights: `part` of the layer that `owner` names, `order` is how it was turned."""

    file: File
    framework: str
    owner: ast.expr | None  # None: known by a key alone
    name: str  # the layer's own name
    part: str  # `weight`, `bias`, `kernel`, `weight_ih_l0`, ...
    order: tuple[int, ...] | None = None  # None: as it was; (): reversed


class Copy(NamedTuple):
    """Arrays put into a layer's weights, in the layer's order; None is no array that is known."""

    call: ast.AST
    framework: str  # of the layer that they are put into
    target: ast.expr
    arrays: list[Array | None]


# -- what is copied --------------------------------------------------------------------------------


@remembered
def array(file: File, node: ast.expr) -> Array | None:
    """The weights that an expression holds, where they come from one layer."""
    order: tuple[int, ...] | None = None
    current: tuple[File, ast.AST] = file, node
    for _ in range(_STEPS):
        found = leading(*current)
        if len(found) != 1:
            return None
        at, end, path = found[0]
        match path:
            case (str(key),):
                return _torch_entry(at, key, order)
            case (_, *_):
                return _keras_array(at, end, path, order)
        turned = _turned(at, end)
        if turned is None:
            if (wrapped := _wrapped(at, end)) is not None:
                current = at, wrapped
                continue
            known = _torch_array(at, end, order)
            return known or _keras_array(at, end, path, order)
        inner, places = turned
        if order is not None or places is None:
            return None
        order, current = places, (at, inner)
    return None


def _wrapped(file: File, node: ast.AST) -> ast.expr | None:
    match node:
        case ast.Call(func=func, args=[inner, *_]) if file.qualified(func) == "torch.nn.Parameter":
            return inner
    return None


def _turned(file: File, node: ast.AST) -> tuple[ast.expr, tuple[int, ...] | None] | None:
    """What a transposition turns, and the new order; () reverses, None cannot be seen."""
    match node:
        case ast.Attribute(value=inner, attr="T"):
            return inner, ()
        case ast.Call(func=func, args=[inner, *places]) if file.qualified(func) in _TRANSPOSES:
            return inner, _places(places)
        case ast.Call(func=ast.Attribute(value=inner, attr="t" | "transpose" | "permute")):
            return inner, _places(node.args)
    return None


def _places(given: list[ast.expr]) -> tuple[int, ...] | None:
    match given:
        case [ast.Tuple(elts=inner)] | [ast.List(elts=inner)]:
            given = inner
    numbers = [integer(item) for item in given]
    known = tuple(number for number in numbers if number is not None)
    if len(known) < len(numbers):
        return None
    return () if set(known) == {0, 1} else known


def _torch_array(file: File, node: ast.AST, order: tuple[int, ...] | None) -> Array | None:
    match node:
        case ast.Attribute(value=owner, attr=part) if re.match(r"(weight|bias)($|_[ih]h_l)", part):
            name = (file.dotted(owner) or "").rpartition(".")[2]
            return Array(file, "torch", owner, name, part, order)
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return _torch_entry(file, key, order)
        case ast.Subscript(slice=ast.JoinedStr(values=[*_, ast.Constant(value=str(key))])):
            return _torch_entry(file, key, order)
    return None


def _torch_entry(file: File, key: str, order: tuple[int, ...] | None) -> Array | None:
    """What a state dict holds under `features.0.weight`."""
    *names, part = key.split(".")
    if not names or not re.match(r"(weight|bias)($|_[ih]h_l)", part):
        return None
    return Array(file, "torch", None, names[-1], part, order)


def _keras_array(
    file: File, node: ast.AST, path: Path, order: tuple[int, ...] | None
) -> Array | None:
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr="get_weights"), args=[]):
            pass
        case ast.Attribute(value=owner, attr="weights" | "trainable_weights"):
            pass
        case ast.Attribute(value=owner, attr="kernel" | "bias" as part) if not path:
            return Array(file, "keras", owner, _last(file, owner), part, order)
        case _:
            return None
    match path:
        case (0 | 1 as place,):
            part = ("kernel", "bias")[place]
            return Array(file, "keras", owner, _last(file, owner), part, order)
    return None


def _last(file: File, node: ast.expr) -> str:
    match node:
        case ast.Call(func=ast.Attribute(attr="get_layer"), args=[ast.Constant(value=str(name))]):
            return name
    return (file.dotted(node) or "").rpartition(".")[2]


# -- where it is put -------------------------------------------------------------------------------


@remembered
def weight_copies(file: File) -> list[Copy]:
    """Every place in a file at which a layer or module is given weights."""
    readers = {"set_weights": set_weights, "assign": assigned_kernel, "copy_": copied_into}
    found = [
        read(file, call)
        for method, read in readers.items()
        for call in file.calls_by_name.get(method, ())
    ]
    return [*filter(None, found), *_weight_assignments(file)]


def set_weights(file: File, call: ast.Call) -> Copy | None:
    """`layer.set_weights([...])`."""
    match call:
        case ast.Call(func=ast.Attribute(value=target), args=[given]):
            listed = _listed(file, given)
            if listed is not None:
                return Copy(call, "keras", target, [array(file, item) for item in listed.elts])
    return None


def _listed(file: File, node: ast.expr) -> ast.List | None:
    """A list as it stands there, or under a name that is used for nothing else."""
    if isinstance(node, ast.Name):
        bound = reaching(file, node)
        uses = [n for n in file.body_of(node)[ast.Name] if n.id == node.id]
        if len(bound) == 1 and len(uses) == 2 and bound[0].value and not bound[0].path:
            node = bound[0].value
    return node if isinstance(node, ast.List) else None


def assigned_kernel(file: File, call: ast.Call) -> Copy | None:
    """`layer.kernel.assign(...)`."""
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(value=target, attr="kernel")), args=[given]
        ):
            return Copy(call, "keras", target, [array(file, given)])
    return None


def copied_into(file: File, call: ast.Call) -> Copy | None:
    """`module.weight.data.copy_(...)`."""
    match call:
        case ast.Call(func=ast.Attribute(value=place), args=[given]):
            target = _weight_of(place)
            if target is not None:
                return Copy(call, "torch", target, [array(file, given)])
    return None


def _weight_assignments(file: File) -> Iterator[Copy]:
    """`module.weight.data = ...`, `module.weight = nn.Parameter(...)`."""
    for assign in file.index[ast.Assign]:
        match assign.targets:
            case [ast.Attribute() as place] if (target := _weight_of(place)) is not None:
                yield Copy(assign, "torch", target, [array(file, assign.value)])


def _weight_of(place: ast.expr) -> ast.expr | None:
    match place:
        case ast.Attribute(value=ast.Attribute(value=target, attr="weight"), attr="data"):
            return target
        case ast.Attribute(value=target, attr="weight"):
            return target
    return None


# -- between which layers --------------------------------------------------------------------------


def layer_named(file: File, node: ast.expr) -> Layer | None:
    """The layer that an expression names, also where its model is a parameter: then the one
    attribute of that name in the file's classes."""
    found = layers(file, node)
    if found.complete and len(found.layers) == 1:
        return found.layers[0]
    match node:
        case ast.Call(func=ast.Attribute(attr="get_layer"), args=[ast.Constant(value=str(name))]):
            return _layer_called(file, node, name)
        case ast.Attribute(attr=name):
            candidates = [
                layer
                for cls in file.index[ast.ClassDef]
                if lineage(file, cls).is_keras_layer or lineage(file, cls).is_torch_module
                for value, path in self_assignments(file, cls).get(name, ())
                if not path
                for layer in layers(file, value).layers
            ]
            return candidates[0] if len(candidates) == 1 else None
    return None


def _layer_called(file: File, node: ast.expr, name: str) -> Layer | None:
    """The one layer that the function around a node, or else the file, makes with `name=`."""
    function = file.function(node)
    for calls in (file.inside(function)[ast.Call] if function else [], file.index[ast.Call]):
        made = [
            call
            for call in calls
            for keyword in call.keywords
            if keyword.arg == "name"
            and isinstance(keyword.value, ast.Constant)
            and keyword.value.value == name
        ]
        if made:
            found = layers(file, made[0]).layers
            return found[0] if len(made) == len(found) == 1 else None
    return None


def kind_of(file: File, copy: Copy, source: Array) -> str | None:
    """`Dense` or `Conv`, for layers whose weights the frameworks lay out differently."""
    for at, node in ((file, copy.target), (source.file, source.owner)):
        layer = layer_named(at, node) if node is not None else None
        if layer is not None and layer.name:
            return _kind(layer.name.rpartition(".")[2])
    for name in (_last(file, copy.target), source.name):
        if _DENSE_NAME.search(name):
            return "Dense"
        if _CONV_NAME.search(name):
            return "Conv"
    return None


def _kind(layer: str) -> str | None:
    if layer in ("Linear", "Dense"):
        return "Dense"
    if layer.startswith("Conv") and "LSTM" not in layer:
        return "Conv"
    return layer if layer in ("LSTM", "GRU") else "other"


def follows_flatten(layer: Layer) -> bool:
    """Whether a dense layer reads images that were flattened."""
    file, maker = layer.file, layer.call
    for call in applications(file, maker):
        if call.args and _flat_image(file, call.args[0]):
            return True
    for call in file.index[ast.Call]:
        name = file.qualified(call.func)
        if name in ("keras.Sequential", "torch.nn.Sequential"):
            given = call.args
            match given:
                case [ast.List(elts=elements)]:
                    given = elements
            row = [layers(file, item).layers for item in [*given, *put_into(file, call)]]
            names = [found[0].name.rpartition(".")[2] if len(found) == 1 else "?" for found in row]
            places = [at for at, found in enumerate(row) if [one.node for one in found] == [maker]]
            if places and "Flatten" in names[: places[0]]:
                return _is_image_layer(names[: names.index("Flatten")])
    return False


def _is_image_layer(names: list[str]) -> bool:
    """Whether the last of these layers that changes the shape gives images."""
    for name in reversed(names):
        if name.startswith(("Conv", "MaxPool", "AvgPool", "AveragePool")):
            return name.rstrip("dD")[-1:] != "1" and "1D" not in name
        if name in _OTHER_SHAPES or name.startswith("Global"):
            return False
    return False


def _flat_image(file: File, node: ast.expr) -> bool:
    found = pointwise(file, node)
    return bool(found) and all(
        not origin.path and _flattens_image(origin.file, origin.node) for origin in found
    )


def _flattens_image(file: File, node: ast.AST) -> bool:
    match node:
        case ast.Call(func=func, args=args):
            pass
        case _:
            return False
    image: ast.expr | None = None
    layer = applied(file, node) if args else None
    method = func.attr if isinstance(func, ast.Attribute) else ""
    if layer is not None:
        image = args[0] if layer.name.endswith(".Flatten") else None
    elif file.qualified(func) == "torch.flatten" and len(args) > 1:
        image = args[0]
    elif isinstance(func, ast.Attribute) and file.qualified(func) is None and args:
        rest_is_flat = method in ("view", "reshape") and integer(args[-1]) == -1
        image = func.value if method == "flatten" or rest_is_flat else None
    return image is not None and _is_image(file, image)


def _is_image(file: File, node: ast.expr) -> bool:
    """Whether a value comes straight out of a convolution or pooling of images."""
    for origin in pointwise(file, node):
        if not isinstance(origin.node, ast.Call) or origin.path:
            return False
        layer = applied(origin.file, origin.node)
        if layer is None or not _is_image_layer([layer.name.rpartition(".")[2]]):
            return False
    return True
