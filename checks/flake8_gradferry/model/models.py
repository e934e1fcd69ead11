"""What a model is made of: the layers that an expression or a class holds, in order.

A model is looked at one level at a time: `layers` says what an expression may be, `members` what
one of those layers holds, and so on down. Literals, `.add()`, `.append()`, attributes, functional
graphs, factories and classes from other files are followed; `Found.complete` is False as soon as
something in reach could not be seen.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..source.flags import never_runs
from ..source.infer import Lineage, Origin, lineage, origins, returns, self_assignments
from ..source.names import framework
from ..source.project import STUBS, Symbol, resolve, symbol_of
from ..source.walk import FUNCTIONS, File, remembered_or
from .additions import put_into
from .layer_names import (
    CONTAINERS,
    OPAQUE,
    PARAMETRIC,
    PASS_THROUGH,
    WEIGHT_SWITCHES,
    WEIGHTED,
    WRAPPERS,
    is_layer_class,
    is_zoo,
)


class Layer(NamedTuple):
    """A layer or model: what makes it, or the parameter annotated with its class."""

    file: File
    node: ast.Call | ast.arg
    name: str = ""  # canonical name of the framework's class or zoo function, else ""
    cls: Symbol | None = None  # the project's class

    @property
    def call(self) -> ast.Call:
        """The call that makes it; for a parameter one that passes nothing."""
        if isinstance(self.node, ast.Call):
            return self.node
        return ast.Call(func=ast.Name(self.node.arg), args=[], keywords=[])


class Found(NamedTuple):
    """The layers that were seen, in order, and whether that is all there is to see."""

    layers: tuple[Layer, ...] = ()
    complete: bool = True


NOTHING = Found()
UNSEEN = Found(complete=False)


def _join(parts: Iterable[Found]) -> Found:
    every = list(parts)
    layers = dict.fromkeys(layer for part in every for layer in part.layers)
    return Found(tuple(layers), all(part.complete for part in every))


# -- expressions -----------------------------------------------------------------------------------


@remembered_or(NOTHING)  # what is asked again while it is worked out holds itself
def layers(file: File, node: ast.AST) -> Found:
    """The layers or models that `node` may be or, where it is a collection, may hold.

    An expression that is no layer at all (a number, a tensor, a function) gives nothing and is
    complete.
    """
    return _join(_layers_at(origin) for origin in origins(file, node))


def _layers_at(origin: Origin) -> Found:
    file, node = origin.file, origin.node
    match node:
        case ast.Call():
            made = _made(file, node)
            if any(layer.node is node for layer in made.layers):
                return made  # what is put into it later is among its members
            return _join([made, *_put(file, node)])
        case ast.List() | ast.Tuple() | ast.Set():
            return _join([*(layers(file, item) for item in node.elts), *_put(file, node)])
        case ast.Dict():
            return _join([*(layers(file, item) for item in node.values), *_put(file, node)])
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            return _join([layers(file, node.elt), *_put(file, node)])
        case ast.DictComp():
            return _join([layers(file, node.value), *_put(file, node)])
        case ast.BinOp(op=ast.Add() | ast.Mult()):
            return _join([layers(file, node.left), layers(file, node.right)])
        case ast.Starred() | ast.Subscript():
            return layers(file, node.value)
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            return layers(file, node.iter)
        case ast.Attribute(attr="module"):  # what DataParallel wraps
            return layers(file, node.value)
        case ast.Name() | ast.Attribute() if file.qualified(node) is not None:
            return _named(file, node)
        case ast.arg() if (cls := origin.cls) is not None:
            return _instance(file, node, cls)
        case ast.Name() | ast.Attribute() | ast.arg() | ast.With() | ast.AsyncWith():
            return UNSEEN
        case _:
            return NOTHING


def _named(file: File, node: ast.AST) -> Found:
    """A class, function or module that is named, not called, holds no layer."""
    name = file.qualified(node) or ""
    return NOTHING if framework(name) or symbol_of(file, node) is not None else UNSEEN


def _made(file: File, call: ast.Call) -> Found:
    """The layer that a call makes, or those that it hands through."""
    return _join(_made_by(file, call, made) for made in makers(file, call.func))


def _made_by(file: File, call: ast.Call, maker: str | Symbol | None) -> Found:
    if maker is None:
        return UNSEEN
    if isinstance(maker, Symbol):
        return _instance(file, call, maker)
    if maker in PASS_THROUGH:
        return _join(layers(file, argument) for argument in _arguments(call))
    match maker, call.args:
        case "torch.hub.load", [ast.Constant(value=str(hub)), ast.Constant(value=str(entry)), *_]:
            if hub.partition(":")[0] == "pytorch/vision":
                maker = f"torchvision.models.{entry}"
    if maker in OPAQUE:
        return UNSEEN
    if is_zoo(maker) or is_layer_class(maker):
        return Found((Layer(file, call, name=maker),))
    if framework(maker) or maker.partition(".")[0] in ("numpy", "math", *dir(builtins)):
        return NOTHING
    return UNSEEN


def _instance(file: File, node: ast.Call | ast.arg, cls: Symbol) -> Found:
    """An instance of a project's class: a layer, unless the class is surely something else."""
    family = class_lineage(cls)
    if family.is_torch_module or family.is_keras_layer or not family.complete:
        return Found((Layer(file, node, cls=cls),))
    return NOTHING


def makers(file: File, func: ast.expr, depth: int = 0) -> list[str | Symbol | None]:
    """What a call of `func` may run: dotted names, or classes of the project; None is unseen.

    Classes passed as arguments (`norm=nn.BatchNorm2d`) are followed; an empty list means that
    `func` is a layer that is applied, or a function that returns no layer.
    """
    if (zoo := zoo_of(file, func)) is not None:
        return [zoo]
    name = file.qualified(func)
    if name is not None and framework(name):
        found = resolve(file, name)
        return [found.name if found is not None and found.name else name]
    symbol = symbol_of(file, func)
    if symbol is not None and isinstance(symbol.node, ast.ClassDef):
        if symbol.file.path.parent == STUBS:
            return [f"{symbol.file.path.stem}.{symbol.node.name}"]
        return [symbol]
    if symbol is not None and isinstance(symbol.node, FUNCTIONS):
        # `origins` went into the function already, unless it returns nothing.
        return [] if not returns(symbol.file, symbol.node) else [None]
    if name is not None:
        return [name]
    if isinstance(func, ast.Name) and file.scope(func).find(func.id) is None:
        return [func.id]
    if depth > 4:
        return [None]
    return [maker for origin in origins(file, func) for maker in _makers_at(origin, func, depth)]


def zoo_of(file: File, func: ast.expr) -> str | None:
    """The dotted name of the zoo's function that `func` is; `torchvision.models.*` stands for one
    that is chosen when the program runs: `models.__dict__[arch]`, `getattr(models, arch)`."""
    match func:
        case ast.Subscript(value=table) | ast.Call(func=ast.Name(id="getattr"), args=[table, _]):
            name = (file.qualified(table) or "").removesuffix(".__dict__") + ".any"
        case _:
            name = file.qualified(func) or ""
    return name if is_zoo(name) else None


def _makers_at(origin: Origin, func: ast.expr, depth: int) -> list[str | Symbol | None]:
    file, node = origin.file, origin.node
    match node:
        case ast.ClassDef():
            return [Symbol(file, node)]
        case ast.Call():
            if file.qualified(node.func) == "functools.partial" and node.args:
                return makers(file, node.args[0], depth + 1)
            applied = layers(file, node)
            return [] if applied.layers and applied.complete else [None]
        case ast.Name() | ast.Attribute() if node is not func:
            return makers(file, node, depth + 1)
        case ast.Constant():  # `norm_layer=None`
            return []
        case _:
            return [None]


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _put(file: File, made: ast.expr) -> Iterator[Found]:
    """What `.add()`, `.append()`, `+=`, ... put into the collection that an expression makes."""
    for value in put_into(file, made):
        if not never_runs(file, value):
            yield layers(file, value)


# -- one level down --------------------------------------------------------------------------------


@remembered_or(NOTHING)
def members(layer: Layer) -> Found:
    """The layers that a layer holds directly: arguments, attributes, graph, what is added later."""
    file, call = layer.file, layer.call
    if layer.name in CONTAINERS:
        return _join(steps(layer))
    if layer.name in WRAPPERS:
        return layers(file, call.args[0]) if call.args else _keyword_layers(file, call)
    if layer.name == "keras.Model":
        return _join(applied.run for applied in graph_of(layer))
    if layer.cls is None:
        return NOTHING
    parts = [held(layer.cls), *_put(file, call)]
    family = class_lineage(layer.cls)
    if family.is_keras_model and family.method("call") is None:
        # `class Net(keras.Model)` with a train_step of its own, made of inputs and outputs.
        parts += (applied.run for applied in graph_of(layer))
    return _join(parts)


def _keyword_layers(file: File, call: ast.Call) -> Found:
    return _join(layers(file, keyword.value) for keyword in call.keywords)


def steps(layer: Layer) -> list[Found]:
    """What a sequential container runs, one entry a position, in order.

    A position with several layers may hold any of them, or (`*layers`) all of them.
    """
    file, call = layer.file, layer.call
    added = (item for item in put_into(file, call) if not never_runs(file, item))
    return [layers(file, item) for item in [*_arguments(call), *added]]


def within(layer: Layer) -> Iterator[Layer]:
    """A layer and everything that is seen in it, each once, outermost first."""
    queue = [layer]
    for found in queue:  # grows while it is read
        yield found
        queue += (inner for inner in members(found).layers if inner not in queue)


def has_parameters(layer: Layer) -> bool:
    """Whether a layer is seen to have weights to train, its own or in what it holds."""
    return any(_own_parameters(found) for found in within(layer))


def _own_parameters(layer: Layer) -> bool:
    if layer.cls is not None:
        return any(
            at.file.qualified(call.func) == "torch.nn.Parameter"
            or (isinstance(call.func, ast.Attribute) and call.func.attr == "add_weight")
            for at in class_lineage(layer.cls).classes
            for call in at.file.inside(at.node)[ast.Call]
        )
    given = {k.arg: getattr(k.value, "value", True) for k in layer.call.keywords}
    off = {name for name, value in given.items() if value is False}
    if any(names <= off for names in WEIGHT_SWITCHES):
        return False
    if layer.name.startswith("torch.nn.InstanceNorm"):
        return "affine" in given
    return layer.name.startswith(PARAMETRIC) or layer.name in WEIGHTED


class Applied(NamedTuple):
    """A call in a functional graph, and the layers that it runs."""

    file: File
    call: ast.Call
    run: Found


def graph_of(layer: Layer) -> list[Applied]:
    """The calls between the outputs and the inputs of a functional Keras model, last first."""
    outputs = [k.value for k in layer.call.keywords if k.arg in ("outputs", "output")]
    if not outputs and len(layer.call.args) > 1:
        outputs = [layer.call.args[1]]
    return graph(layer.file, outputs)


def graph(file: File, outputs: Iterable[ast.expr]) -> list[Applied]:
    """The calls whose results lead to these tensors, last first."""
    found: list[Applied] = []
    seen: set[ast.AST] = set()
    queue: list[tuple[File, ast.AST]] = [(file, node) for node in outputs]
    for at, expression in queue:  # grows while it is read
        for origin in origins(at, expression):
            node = origin.node
            if node in seen:
                continue
            seen.add(node)
            if isinstance(node, ast.Call):
                if never_runs(origin.file, node):
                    continue
                found.append(Applied(origin.file, node, _run_by(origin.file, node)))
                queue += ((origin.file, argument) for argument in _arguments(node))
            elif isinstance(node, (ast.Attribute, ast.Subscript)):
                queue.append((origin.file, node.value))
            elif not isinstance(node, (ast.Name, ast.arg)):
                below = (item for item in ast.iter_child_nodes(node) if isinstance(item, ast.expr))
                queue += ((origin.file, item) for item in below)
    return found


def _run_by(file: File, call: ast.Call) -> Found:
    """The layers that a call in a graph applies, or whose output it stands for."""
    made = layers(file, call)
    if made.layers:  # `resnet.output`, `resnet.get_layer("conv5").output`
        return made
    match call.func:
        case ast.Attribute(attr="get_layer", value=value):
            return layers(file, value)
    return layers(file, call.func)


# -- classes ---------------------------------------------------------------------------------------


def class_lineage(symbol: Symbol) -> Lineage:
    assert isinstance(symbol.node, ast.ClassDef)
    return lineage(symbol.file, symbol.node)


def forward(symbol: Symbol) -> Symbol | None:
    """The forward pass that an instance of the class runs: `forward`, or Keras' `call`."""
    family = class_lineage(symbol)
    return family.method("call" if family.is_keras_layer else "forward")


def held(symbol: Symbol) -> Found:
    """Every layer that an instance of the project's class holds, its own and inherited ones."""
    family = class_lineage(symbol)
    found = _join(attributes(symbol).values())
    return Found(found.layers, found.complete and family.complete)


@remembered_or(MappingProxyType({}))
def attributes(symbol: Symbol) -> Mapping[str, Found]:
    """Attribute name -> its layers, for attributes that hold some or may; "*" has no name.

    An attribute whose value cannot be seen counts only if the class calls it or loops over it.
    """
    found: dict[str, list[Found]] = {}
    for at in class_lineage(symbol).classes:
        for name, part in _own_attributes(at):
            found.setdefault(name, []).append(part)
    joined = {name: _join(parts) for name, parts in found.items()}
    return {name: part for name, part in joined.items() if part.layers or not part.complete}


def _own_attributes(symbol: Symbol) -> Iterator[tuple[str, Found]]:
    file, cls = symbol.file, symbol.node
    used = _used_as_layers(file, cls)
    for name, values in self_assignments(file, cls).items():
        found = _join(layers(file, value) for value, _ in values if not never_runs(file, value))
        if name not in used:
            found = found._replace(complete=True)
        yield name, found
    for call in file.inside(cls)[ast.Call]:
        match call:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Name(id="self"), attr="add_module" | "register_module" | "add"
                ),
                args=[*_, value],
            ):
                yield "*", layers(file, value)
            case ast.Call(func=ast.Name(id="setattr"), args=[ast.Name(id="self"), _, value]):
                yield "*", layers(file, value)._replace(complete=True)
            case ast.Call(
                func=ast.Attribute(attr="__init__", value=ast.Call(func=ast.Name(id="super")))
            ):
                yield "*", _given_to_base(file, call)


def _given_to_base(file: File, call: ast.Call) -> Found:
    """What `super().__init__(...)` hands over: the steps of a Sequential, a functional graph."""
    outputs = [keyword.value for keyword in call.keywords if keyword.arg == "outputs"]
    graphed = [applied.run for applied in graph(file, outputs)]
    given = _join(layers(file, argument) for argument in call.args)
    return _join([given._replace(complete=True), *graphed])


def _used_as_layers(file: File, cls: ast.AST) -> set[str]:
    """The attributes that the class calls, or loops over."""
    inside = file.inside(cls)
    used: list[ast.expr] = [call.func for call in inside[ast.Call]]
    used += [loop.iter for loop in inside[ast.For]]
    used += [loop.iter for loop in inside[ast.comprehension]]
    names: set[str] = set()
    for node in used:
        while isinstance(node, ast.Subscript):
            node = node.value
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                names.add(name)
            case ast.Call(args=[*items]):  # zip(self.convs, self.norms)
                names |= {
                    item.attr
                    for item in items
                    if isinstance(item, ast.Attribute) and file.dotted(item.value) == "self"
                }
    return names
