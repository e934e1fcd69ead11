"""Planted mistakes of class definitions: XFR102-105, 107-109, 114, 115, 117, 123."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from model import bases_of, keras_classes, method_of
from source import Mutant, Source, dotted, imports, keyword, method_call, walk

_TORCH_LAYERS = "Linear Conv1d Conv2d ConvTranspose2d BatchNorm1d BatchNorm2d LayerNorm LSTM GRU"
_KERAS_LAYERS = "Dense Conv1D Conv2D Conv2DTranspose BatchNormalization LayerNormalization LSTM GRU"


def _torch_classes(source: Source) -> Iterator[ast.ClassDef]:
    if imports(source, "torch"):
        for cls in source.nodes:
            if isinstance(cls, ast.ClassDef) and "Module" in bases_of(source, cls):
                yield cls


def _renamed(source: Source, cls: ast.ClassDef, code: str, old: str, new: str) -> Iterator[Mutant]:
    method = method_of(cls, old)
    if method is None or method_of(cls, new) or f".{new}(" in source.text:
        return
    start = source.text.index(old, source.offset(method.lineno, method.col_offset))
    direct = {dotted(base).rpartition(".")[2] for base in cls.bases}
    variant = "direct" if direct & {"Module", "Model", "Layer"} else "inherited"
    yield Mutant(code, variant, source, method.lineno, ((start, start + len(old), new),))


def forward_for_call(source: Source) -> Iterator[Mutant]:
    """XFR102: `call` of a Keras class is called `forward`."""
    for cls, _ in keras_classes(source):
        yield from _renamed(source, cls, "XFR102", "call", "forward")


def call_for_forward(source: Source) -> Iterator[Mutant]:
    """XFR103: `forward` of a torch module is called `call`."""
    for cls in _torch_classes(source):
        yield from _renamed(source, cls, "XFR103", "forward", "call")


def _without_super(source: Source, cls: ast.ClassDef, code: str) -> Iterator[Mutant]:
    init = method_of(cls, "__init__")
    for statement in init.body if init is not None else ():
        if method_call(statement, "__init__"):
            yield Mutant(code, "dropped", source, cls.lineno, (source.drop(statement),))


def torch_without_super(source: Source) -> Iterator[Mutant]:
    """XFR104: `super().__init__()` is left out."""
    for cls in _torch_classes(source):
        yield from _without_super(source, cls, "XFR104")


def keras_without_super(source: Source) -> Iterator[Mutant]:
    """XFR105: the same in Keras."""
    for cls, _ in keras_classes(source):
        yield from _without_super(source, cls, "XFR105")


def modules_in_dict(source: Source) -> Iterator[Mutant]:
    """XFR107: nn.ModuleDict({...}) becomes {...}, nn.ParameterList([...]) becomes [...]."""
    for call in source.nodes if imports(source, "torch") else ():
        if not isinstance(call, ast.Call) or not isinstance(source.parents[call], ast.Assign):
            continue
        name = dotted(call.func).rpartition(".")[2]
        if not dotted(source.parents[call].targets[0]).startswith("self.") or call.keywords:
            continue
        if name == "ModuleDict" and not call.args:
            yield Mutant("XFR107", "empty", source, call.lineno, (source.replace(call, "{}"),))
        elif name in ("ModuleDict", "ParameterList") and isinstance(
            call.args[0] if call.args else None, (ast.Dict, ast.DictComp, ast.List, ast.ListComp)
        ):
            new = source.written(call.args[0])
            variant = f"{name}, {type(call.args[0]).__name__}"
            yield Mutant("XFR107", variant, source, call.lineno, (source.replace(call, new),))


def _made_where_applied(
    source: Source, cls: ast.ClassDef, code: str, method: str, layers: str
) -> Iterator[Mutant]:
    """A layer that `__init__` makes is made where the forward pass applies it."""
    init, forward = method_of(cls, "__init__"), method_of(cls, method)
    if init is None or forward is None:
        return
    made: dict[str, ast.Call] = {}
    for statement in init.body:
        match statement:
            case ast.Assign(targets=[ast.Attribute() as target], value=ast.Call() as call):
                if dotted(call.func).rpartition(".")[2] in layers.split():
                    made[dotted(target)] = call
    for call in walk(forward, ast.Call):
        layer = made.get(dotted(call.func))
        if layer is not None:
            new = " ".join(source.written(layer).split())
            edit = source.replace(call.func, new)
            yield Mutant(code, dotted(layer.func), source, call.lineno, (edit,))
            return


def layer_in_call(source: Source) -> Iterator[Mutant]:
    """XFR108: a Keras layer is made in `call`."""
    for cls, _ in keras_classes(source):
        yield from _made_where_applied(source, cls, "XFR108", "call", _KERAS_LAYERS)


def module_in_forward(source: Source) -> Iterator[Mutant]:
    """XFR109: a torch layer is made in `forward`."""
    for cls in _torch_classes(source):
        yield from _made_where_applied(source, cls, "XFR109", "forward", _TORCH_LAYERS)


def _parameters(source: Source) -> Iterator[ast.Call]:
    """`self.w = nn.Parameter(torch....(...))`."""
    for cls in _torch_classes(source):
        for statement in walk(cls, ast.Assign):
            match statement:
                case ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(id="self"))],
                    value=ast.Call(args=[ast.Call() as inner], keywords=[]) as call,
                ):
                    name, made = dotted(call.func).rpartition(".")[2], dotted(inner.func)
                    if name == "Parameter" and made.startswith("torch."):
                        yield call


def plain_weight(source: Source) -> Iterator[Mutant]:
    """XFR114: nn.Parameter(torch.zeros(...)) becomes torch.zeros(..., requires_grad=True)."""
    for call in _parameters(source):
        inner = source.written(call.args[0]).rstrip()
        made = dotted(call.args[0].func).rpartition(".")[2]
        if made in ("zeros", "ones", "rand", "randn", "empty") and not inner.endswith(",)"):
            new = inner[:-1].rstrip() + ", requires_grad=True)"
            yield Mutant("XFR114", made, source, call.lineno, (source.replace(call, new),))


def computed_parameter(source: Source) -> Iterator[Mutant]:
    """XFR115: nn.Parameter(...) becomes nn.Parameter(...).cuda()."""
    for call in _parameters(source):
        new = source.written(call) + ".cuda()"
        yield Mutant("XFR115", "cuda", source, call.lineno, (source.replace(call, new),))


def name_first(source: Source) -> Iterator[Mutant]:
    """XFR117: add_weight(name="w", shape=...) becomes add_weight("w", shape=...)."""
    for cls, _ in keras_classes(source):
        for call in walk(cls, ast.Call):
            if dotted(call.func) != "self.add_weight" or call.args:
                continue
            name = keyword(call, "name")
            if name is not None and name is call.keywords[0]:
                edit = source.replace(name, source.written(name.value))
                yield Mutant("XFR117", "keyword", source, call.lineno, (edit,))


def no_kwargs(source: Source) -> Iterator[Mutant]:
    """XFR123: `__init__` of a layer with get_config does not take **kwargs."""
    for cls, _ in keras_classes(source):
        init = method_of(cls, "__init__")
        if init is None or method_of(cls, "get_config") is None or init.args.kwarg is None:
            continue
        uses = [n for n in walk(init, ast.keyword) if n.arg is None]
        if len(uses) != 1 or dotted(uses[0].value) != init.args.kwarg.arg:
            continue
        start, end = source.span(init.args.kwarg)
        comma = source.text.rindex(",", 0, start)  # `self` stands before it
        gap = "\n" * source.text.count("\n", comma, end)
        edits = ((comma, end, gap), source.drop_argument(uses[0]))
        yield Mutant("XFR123", "dropped", source, init.lineno, edits)
