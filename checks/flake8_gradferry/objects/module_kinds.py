"""Of which framework a module or layer is, as far as its source says for sure.

Sources: torchvision, timm and segmentation_models_pytorch make torch modules, keras.applications
Keras models; transformers' classes are torch modules but for those named `TF...` and `Flax...`.
"""

from __future__ import annotations

import ast
import re

from ..loop.things import imports_torch
from ..model.models import layers, zoo_of
from ..source.callframes import Path
from ..source.infer import Origin, origins
from ..source.walk import File, remembered, remembered_or

TORCH, KERAS = "torch", "keras"

_TORCH_ZOOS = ("torchvision.models.", "timm.", "segmentation_models_pytorch.")
_PRETRAINED = re.compile(r"transformers\.(?:\w+\.)*(TF|Flax)?(?!TF|Flax)\w*(?:Model|For[A-Z]\w*)$")
# The attributes of the zoos' models that are modules, not parameters.
_PARTS = re.compile(
    r"features|classifier|fc|heads?|avgpool|layer\d|(?:conv|bn|norm|block)\d*|stem|conv_stem|blocks"
    r"|backbone|encoder|decoder|aux_classifier|AuxLogits|embeddings?|patch_embed|pooler|layers?"
    r"|bert|roberta|distilbert|transformer|model|base_model|vision_model|text_model|lm_head"
    r"|segmentation_head|visual|trunk|fc\d|roi_heads|rpn"
)
# Frameworks whose modules have torch's methods.
_LIKE_TORCH = frozenset("jittor megengine mindspore mxnet oneflow paddle tensorlayerx".split())
_ALL_PARTS = frozenset(("children", "modules"))
_NAMED_PARTS = frozenset(("named_children", "named_modules"))
_SAME_ITEMS = frozenset(("list", "tuple", "reversed", "sorted"))


@remembered_or(None)
def module_kind(file: File, node: ast.AST) -> str | None:
    """`TORCH` or `KERAS` if whatever `node` may be is a module or layer of that framework."""
    kinds = {_kind_at(origin) for origin in origins(file, node)}
    return kinds.pop() if len(kinds) == 1 else None


def _kind_at(origin: Origin) -> str | None:
    file, node, path = origin
    match node:
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            return _item_kind(file, node.iter, path)
        case ast.Attribute(value=whole, attr=name):
            if (name == "layers" and module_kind(file, whole) == KERAS) or (
                _PARTS.fullmatch(name) and is_zoo_part(file, whole)
            ):
                return module_kind(file, whole)
            return module_kind(file, whole) if name == "module" else None
        case ast.Subscript(value=whole):
            return module_kind(file, whole)
        case ast.Call(func=ast.Attribute(attr="get_layer", value=whole)):
            return KERAS if module_kind(file, whole) == KERAS else None
        case ast.Call(func=ast.Attribute(attr="get_submodule", value=whole)):
            return TORCH if module_kind(file, whole) == TORCH else None
        case ast.Call() if (zoo := zoo_kind(file, node)) is not None:
            return zoo
        case ast.arg() | ast.Call() if not path and (kind := _of_types(origin.types)):
            return kind
    kinds = {_of_types(Origin(layer.file, layer.node).types) for layer in layers(file, node).layers}
    return kinds.pop() if len(kinds) == 1 and layers(file, node).complete else None


def _of_types(types: frozenset[str]) -> str | None:
    if "torch.nn.Module" in types:
        return TORCH
    return KERAS if "keras.layers.Layer" in types else None


def zoo_kind(file: File, call: ast.Call) -> str | None:
    """Of which framework the model is that a call takes from a model zoo."""
    name = zoo_of(file, call.func) or ""
    if name.startswith(_TORCH_ZOOS):
        return TORCH
    if name.startswith("keras.applications."):
        return KERAS
    if isinstance(call.func, ast.Attribute) and call.func.attr == "from_pretrained":
        found = _PRETRAINED.match(file.qualified(call.func.value) or "")
        if found is not None and found[1] != "Flax":
            return KERAS if found[1] else TORCH
    return None


def is_zoo_part(file: File, node: ast.expr) -> bool:
    """Whether an expression is a zoo's model or one of its modules by name."""
    for file_, made, _ in origins(file, node):
        match made:
            case ast.Call() if zoo_kind(file_, made) is not None:
                continue
            case ast.Attribute(value=whole, attr=name) if _PARTS.fullmatch(name):
                if is_zoo_part(file_, whole):
                    continue
            case ast.Subscript(value=whole) if is_zoo_part(file_, whole):
                continue
        return False
    return True


@remembered
def is_torch_file(file: File) -> bool:
    """Whether `modules()`, `parameters()` and the like can only be torch's in this file."""
    roots = {target.partition(".")[0] for target in file.imports.values()}
    return imports_torch(file) and roots.isdisjoint(_LIKE_TORCH)


def is_torch_parameter(file: File, node: ast.AST) -> bool:
    """Whether an expression is surely a parameter of a torch module."""
    return all(_is_parameter_at(origin) for origin in origins(file, node))


def _is_parameter_at(origin: Origin) -> bool:
    match origin.node:
        case ast.For(iter=items) | ast.comprehension(iter=items):
            return _yields_parameters(origin.file, items, origin.path)
        case ast.Attribute(attr="weight" | "bias", value=module):
            return module_kind(origin.file, module) == TORCH
    return not origin.path and origin.callee == "torch.nn.Parameter"


def _yields_parameters(file: File, items: ast.expr, path: Path) -> bool:
    match items:
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner]) if path[:1] == (1,):
            return _yields_parameters(file, inner, path[1:])
        case ast.Call(func=ast.Name(id=name), args=[inner]) if name in _SAME_ITEMS:
            return _yields_parameters(file, inner, path)
        case ast.Subscript(value=inner, slice=ast.Slice()):
            return _yields_parameters(file, inner, path)
        case ast.Call(func=ast.Attribute(attr="parameters")) if not path:
            return is_torch_file(file)
        case ast.Call(func=ast.Attribute(attr="named_parameters")) if path == (1,):
            return is_torch_file(file)
    return False


def _item_kind(file: File, iterated: ast.expr, path: Path) -> str | None:
    """The kind of what a loop over `iterated` yields, at `path` of it."""
    match iterated:
        case ast.Call(func=ast.Name(id="enumerate"), args=[items]) if path[:1] == (1,):
            return _item_kind(file, items, path[1:])
        case ast.Call(func=ast.Name(id=name), args=[items]) if name in _SAME_ITEMS:
            return _item_kind(file, items, path)
        case ast.Subscript(value=items, slice=ast.Slice()):
            return _item_kind(file, items, path)
        case ast.Call(func=ast.Attribute(attr=method), args=[]):
            wanted = _ALL_PARTS if path == () else _NAMED_PARTS if path == (1,) else ()
            return TORCH if method in wanted and is_torch_file(file) else None
        case ast.Tuple(elts=items) | ast.List(elts=items) if not path and items:
            kinds = {module_kind(file, item) for item in items}
            return kinds.pop() if len(kinds) == 1 else None
    return module_kind(file, iterated) if not path else None
