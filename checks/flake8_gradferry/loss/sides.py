"""Which side of a loss an expression belongs on: what the model said, or what it should have said.

What the value is counts first: the result of a model or activation against a batch from a loader
or a tensor of ones. A name (`logits`, `y_true`) is a second witness, and one that contradicts
what is seen makes both worthless.
"""

from __future__ import annotations

import ast
import re
from enum import Enum
from typing import NamedTuple

from ..source.callframes import End, Value, class_of, family, is_none, made_by
from ..source.values import Trace
from .activations import Effect, Kind, of_function, of_method
from .outputs import agreed, value_outputs

_OUTPUT_WORDS = re.compile(
    r"pred(?:s|icted|iction|ictions)?(?![a-z])|logits?(?![a-z])|outputs?(?![a-z])|y_?hats?(?![a-z])"
    r"|recon|(?:^|_)outs?(?:$|_|\d)",
    re.I,
)
_TARGET_WORDS = re.compile(
    r"^y\d*$|^ys$|^yb$|^yy$|^y_(?!.*(?:pred|prob|score|logit|hat|out))|ytrue|batch_y|label|lbl"
    r"|target|tgt|(?:^|_)gts?(?:$|_)|truth|^true_|_true$|one_?hot",
    re.I,
)
_MODELS = re.compile(
    r"(?:^|_)(?:model|net|network|generator|discriminator|critic|classifier|encoder|decoder|actor"
    r"|policy|resnet|unet|vgg|bert|student)(?:$|_|\d)|net$|Net$|^net[GD]|model$|^[GD]$|^self$"
)
_LOADERS = re.compile(r"load|data|(?:^|_)ds(?:$|_)|batch|train|valid|test|^dl$|_dl$|_iter$", re.I)
_BATCHES = re.compile(r"batch|^data$|sample|example", re.I)
_MADE_LABELS = frozenset(
    f"{prefix}.{word}"
    for prefix in ("torch", "tensorflow", "keras.ops", "numpy", "keras.utils", "keras.backend")
    for word in "ones zeros ones_like zeros_like full full_like to_categorical one_hot eye".split()
) | {"torch.nn.functional.one_hot", "keras.utils.np_utils.to_categorical"}
_NESTING = 8  # values made from values
_STEPS = ("train_step", "test_step", "training_step", "validation_step")
_DETACHING = ("detach", "detach_", "numpy", "data", "item")


class Side(Enum):
    """What a value is to a loss."""

    OUTPUT = "output"
    TARGET = "target"


class Said(NamedTuple):
    """What can be said of one argument."""

    side: Side | None
    seen: bool = False  # not by its name alone


def side(value: Value, depth: int = 0) -> Said:
    """Which side of a loss a value belongs on."""
    named = _by_name(value.node)
    ends = [end for end in Trace().ends(value) if not is_none(end.value.node)]
    seen = {_by_origin(end, depth + 1) for end in ends} if depth < _NESTING else {None}
    if len(seen) != 1 or (found := seen.pop()) is None:
        return Said(named)
    if named not in (None, found) or _is_detached(value.node):
        return Said(None)
    return Said(found, seen=True)


def _by_name(node: ast.AST) -> Side | None:
    word = _word(node)
    output = _OUTPUT_WORDS.search(word) is not None
    target = _TARGET_WORDS.search(word) is not None
    if output == target:
        return None
    return Side.OUTPUT if output else Side.TARGET


def _word(node: ast.AST) -> str:
    """The name that stands in an expression: `labels` in `labels.float().view(-1)`."""
    match core(node):
        case ast.Name(id=word) | ast.Subscript(slice=ast.Constant(value=str(word))):
            return word
        case ast.Attribute(attr=word):
            return word
    return ""


def core(node: ast.AST) -> ast.AST:
    """What is left of an expression without casts, reshapes and selections."""
    match node:
        case ast.Subscript(slice=ast.Constant(value=str())):
            return node
        case ast.Subscript(value=inner):
            return core(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr=method)):
            if isinstance(of_method(method), Effect) or method == "long":
                return core(inner)
            if method in ("cast", "squeeze", "reshape") and isinstance(node, ast.Call):
                return core(node.args[0]) if node.args else node
    return node


def _is_detached(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="data"):
            return True
        case ast.Call(func=ast.Attribute(attr=method)):
            return method in _DETACHING or method == "stop_gradient"
    return False


def _by_origin(end: End, depth: int) -> Side | None:
    value, path = end
    match value.node:
        case ast.Call() as call:
            return _of_call(value, call, depth)
        case ast.For(iter=source) if path:
            return Side.TARGET if _is_loader(value.at(source)) else None
        case ast.arg(arg=word) if _BATCHES.search(word):
            # A part of a batch, or the whole one that `fit` hands to a model of its own.
            whole = not path and getattr(value.file.function(value.node), "name", "") in _STEPS
            return Side.TARGET if whole or (path and isinstance(path[-1], int)) else None
        case ast.Subscript(value=inner) | ast.Attribute(value=inner, attr="T" | "mT"):
            return side(value.at(inner), depth).side
    return None


def _is_loader(source: Value) -> bool:
    """Whether a loop runs over data, by the name of what it runs over."""
    nodes = [source.node, *(end.value.node for end in Trace().ends(source) if not end.path)]
    return any(isinstance(n, ast.expr) and _LOADERS.search(_loader(n)) for n in nodes)


def _loader(source: ast.expr) -> str:
    """What a loop runs over: `loader` of `enumerate(tqdm(loader))`."""
    match source:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return word
        case ast.Call(func=ast.Attribute(value=inner, attr="take" | "batch" | "shuffle")):
            return _loader(inner)
        case ast.Call(func=ast.Name(id="zip")):
            return ""
        case ast.Call(args=[inner, *_]):
            return _loader(inner)
        case ast.Call(func=ast.Attribute(value=inner)):
            return _loader(inner)
    return ""


def _of_call(value: Value, call: ast.Call, depth: int) -> Side | None:
    name = made_by(value) or value.file.qualified(call.func) or ""
    if name in _MADE_LABELS:
        return Side.TARGET
    effect = of_function(name)
    if isinstance(effect, Effect) or name == "torch.autograd.Variable":
        return side(value.at(call.args[0]), depth).side if call.args else None
    if isinstance(effect, Kind):
        return Side.OUTPUT
    func = call.func
    match func:
        case ast.Attribute(value=inner, attr=method) if not name:
            if isinstance(of_method(method), Effect) or method == "long":
                return side(value.at(inner), depth).side
            if method in ("fill_", "new_ones", "new_zeros", "new_full"):
                return Side.TARGET
            if method in ("predict", "forward", "call") and _is_model(value.at(inner)):
                return Side.OUTPUT
    if not name and _is_model(value.at(func)):
        return Side.OUTPUT
    kinds = [kind for kind in Kind if kind is not Kind.UNKNOWN]
    return Side.OUTPUT if agreed(value_outputs(value), *kinds) else None


def _is_model(value: Value) -> bool:
    """Whether an expression is a model or layer: by what made it, else by its name."""
    word = _word(value.node)
    if word and _MODELS.search(word):
        return True
    ends = Trace().objects(value)
    return bool(ends) and all(_makes_model(end) for end in ends)


def _makes_model(end: End) -> bool:
    cls = class_of(end.value) if not end.path else None
    if cls is not None:
        line = family(cls)
        return line.is_torch_module or line.is_keras_layer
    prefix = made_by(end.value).rpartition(".")[0]
    return isinstance(end.value.node, ast.Call) and prefix in ("torch.nn", "keras.layers", "keras")
