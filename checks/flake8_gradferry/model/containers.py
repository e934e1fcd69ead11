"""What a torch module keeps in plain lists and dicts, where torch does not find it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from ..source.infer import Lineage, lineage, reaching, self_assignments
from ..source.walk import File, remembered
from .additions import put_into
from .models import has_parameters, layers
from .modes import layer_dependent

_REGISTERS = frozenset(
    "ModuleList ModuleDict ParameterList ParameterDict Sequential add_module register_module "
    "register_parameter setattr __setattr__".split()
)
# A class that does this handles its hidden parameters itself.
_OWN_BUSINESS = ("parameters", "named_parameters", "_apply", "state_dict")
_PARAMETERS = ("torch.nn.Parameter", "torch.nn.ParameterList", "torch.nn.ParameterDict")
_DICTS = frozenset(("dict", "OrderedDict", "collections.OrderedDict"))


class Lost(NamedTuple):
    """An attribute whose list or dict (`made`) holds modules, or parameters, that torch misses."""

    name: str
    made: ast.expr
    modules: bool  # else parameters


@remembered
def lost(file: File, cls: ast.ClassDef) -> tuple[Lost, ...]:
    """The plain containers of a torch module that hold what is registered nowhere."""
    family = lineage(file, cls)
    if not family.is_torch_module or not (kept := list(_containers(file, cls))):
        return ()
    if registers_itself(family):
        return ()
    registered = _registered_names(file, cls)
    if "self" in registered:  # `setattr(self, ...)`: names that cannot be read here
        return ()
    known = registered | _attribute_names(file, cls)
    found: list[Lost] = []
    for name, made in kept:
        if {f"self.{name}", _local_name(file, made)} & registered or _hands_out(file, cls, name):
            continue
        inside = [thing for item in items(file, made) for thing in _things(file, item, known)]
        if any(_is_module(file, thing) for thing in inside):
            found.append(Lost(name, made, modules=True))
        elif any(_is_parameter(file, thing) for thing in inside):
            found.append(Lost(name, made, modules=False))
    return tuple(found)


def registers_itself(family: Lineage) -> bool:
    """Whether a class says itself what its parameters are, or handles hidden ones."""
    return any(
        family.method(name) is not None
        or any(name in self_assignments(at.file, at.node) for at in family.classes)
        for name in _OWN_BUSINESS
    )


def _containers(file: File, cls: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """The attributes that the class makes lists, tuples or dicts, with what makes them."""
    for name, values in self_assignments(file, cls).items():
        for value, path in values:
            if path and isinstance(value, (ast.Tuple, ast.List)) and path[0] < len(value.elts):
                value = value.elts[path[0]]
            made = _local_value(file, value) if isinstance(value, ast.Name) else value
            if makes_list(made) or makes_dict(made):
                yield name, made
                break


def _local_value(file: File, name: ast.Name) -> ast.expr:
    """The list or dict that a local name stands for, or the name itself."""
    values = [binding.value for binding in reaching(file, name) if binding.value is not None]
    return values[0] if len(values) == 1 else name


def makes_list(node: ast.expr) -> bool:
    """Whether an expression makes a list or tuple, as far as its form says."""
    match node:
        case ast.List() | ast.ListComp() | ast.Tuple():
            return True
        case ast.Call(func=ast.Name(id="list" | "tuple")):
            return True
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return makes_list(left) or makes_list(right)
        case ast.BinOp(op=ast.Mult(), left=left):
            return makes_list(left)
    return False


def makes_dict(node: ast.expr) -> bool:
    """Whether an expression makes a dict, as far as its form says."""
    match node:
        case ast.Dict() | ast.DictComp():
            return True
        case ast.Call(func=func):
            return File.dotted(func) in _DICTS
    return False


def items(file: File, made: ast.expr) -> list[ast.expr]:
    """The expressions that stand in a list or dict, or are put into it later."""
    found: list[ast.expr] = []
    match made:
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            found += elts
        case ast.Dict(values=values):
            found += values
        case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt) | ast.DictComp(value=elt):
            found.append(elt)
        case ast.Call(args=[ast.GeneratorExp(elt=elt)]):
            found.append(elt)
        case ast.Call(keywords=keywords) if makes_dict(made):
            found += (keyword.value for keyword in keywords)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            found += [*items(file, left), *items(file, right)]
        case ast.BinOp(op=ast.Mult(), left=left):
            found += items(file, left)
    later = put_into(file, made)
    return [*found, *(inner for item in later for inner in (items(file, item) or [item]))]


def _registered_names(file: File, cls: ast.ClassDef) -> set[str]:
    """The dotted names that the class registers: handed to a container or added."""
    found: set[str] = set()
    inside = file.inside(cls)
    for call in inside[ast.Call]:
        callee = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if callee in _REGISTERS:
            found |= {file.dotted(item) or "" for given in call.args for item in _named_in(given)}
            if callee.endswith("_module") and isinstance(call.func, ast.Attribute):
                found.add(file.dotted(call.func.value) or "")
    return found - {""}


def _hands_out(file: File, cls: ast.ClassDef, name: str) -> bool:
    """Whether one of several is chosen by key and kept: `self.net = self.nets[kind]`."""
    for taken in file.inside(cls)[ast.Subscript]:
        if file.dotted(taken.value) != f"self.{name}":
            continue
        match file.parent(taken):
            case ast.Return() | ast.Assign(targets=[ast.Attribute()]):
                return True
            case ast.Assign(targets=[ast.Name(id=chosen)]):
                function = file.function(taken) or cls
                inside = file.inside(function)
                values: list[ast.expr | None] = [back.value for back in inside[ast.Return]]
                values += (assign.value for assign in inside[ast.Assign])
                if any(isinstance(value, ast.Name) and value.id == chosen for value in values):
                    return True
    return False


def _attribute_names(file: File, cls: ast.ClassDef) -> set[str]:
    """The local names whose value the class also keeps as an attribute."""
    values = [value for found in self_assignments(file, cls).values() for value, _ in found]
    return {value.id for value in values if isinstance(value, ast.Name)}


def _named_in(given: ast.expr) -> list[ast.expr]:
    match given:
        case ast.Starred(value=value) | ast.Subscript(value=value):
            return _named_in(value)
        case ast.Call(func=ast.Attribute(attr="values" | "items", value=value)):
            return [value]
        case ast.Call(args=arguments):  # `ModuleList(list(self.hidden))`
            return arguments
        case ast.BinOp(left=left, right=right):
            return [*_named_in(left), *_named_in(right)]
    return [given]


def _local_name(file: File, made: ast.expr) -> str:
    """The local name that a container is first bound to."""
    match file.parent(made):
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def _things(file: File, item: ast.expr, known: set[str]) -> list[ast.Call]:
    """The calls that make an item, where the item is known by the container alone."""
    if not isinstance(item, ast.Name):
        return [item] if isinstance(item, ast.Call) else []
    if item.id in known:
        return []
    bindings = reaching(file, item)
    if any(binding.kind != "assign" or binding.path for binding in bindings):
        return []
    return [binding.value for binding in bindings if isinstance(binding.value, ast.Call)]


def _is_module(file: File, call: ast.Call) -> bool:
    """Whether a call makes a module that would be missed."""
    return not _is_frozen(call) and any(
        has_parameters(layer) or layer_dependent(layer) for layer in layers(file, call).layers
    )


def _is_frozen(call: ast.Call) -> bool:
    """`Net().eval()`, `Net().requires_grad_(False)`: hidden from the optimizer on purpose."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("eval", "requires_grad_")


def _is_parameter(file: File, call: ast.Call) -> bool:
    return file.qualified(call.func) in _PARAMETERS and not any(
        keyword.arg == "requires_grad" for keyword in call.keywords
    )
