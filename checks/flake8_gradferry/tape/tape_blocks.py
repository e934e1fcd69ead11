"""Which block a gradient call's tape recorded in, and whose weights the call asks for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from ..model.modes import argument
from ..source.infer import origins, reaching
from ..source.walk import FUNCTIONS, Binding, File, remembered
from .tapes import GRADIENT_METHODS, VARIABLES, makes_tape, wraps_tape


class Taken(NamedTuple):
    """One `tape.gradient(target, sources)` and the one block in which its tape recorded."""

    file: File
    call: ast.Call
    tape: ast.Call  # tf.GradientTape(...)
    block: ast.With
    target: ast.expr
    sources: ast.expr

    @property
    def name(self) -> str:
        """The tape as it is called here."""
        assert isinstance(self.call.func, ast.Attribute)
        return self.file.dotted(self.call.func.value) or "tape"

    def holds(self, node: ast.AST) -> bool:
        """Whether a node of the file stands in the block."""
        return self.block in self.file.ancestors(node)


@remembered
def taken(file: File, call: ast.Call) -> Taken | None:
    """What is known of a `tape.gradient(...)` call; None where its tape cannot be seen."""
    match call.func:
        case ast.Attribute(value=ast.Name() as tape, attr=method) if method in GRADIENT_METHODS:
            recorded = _recording(file, tape)
            target, sources = argument(call, "target", 0), argument(call, "sources", 1)
            if recorded is not None and target is not None and sources is not None:
                return Taken(file, call, *recorded, target, sources)
    return None


def all_taken(file: File) -> list[Taken]:
    """Every gradient call of the file whose tape can be seen."""
    calls = [call for method in GRADIENT_METHODS for call in file.calls_by_name.get(method, ())]
    return [found for call in calls if (found := taken(file, call)) is not None]


def _recording(file: File, tape: ast.Name) -> tuple[ast.Call, ast.With] | None:
    """The `tf.GradientTape()` that a name holds, and the only block in which it records."""
    bindings = reaching(file, tape)
    if len(bindings) != 1:
        return None
    (binding,) = bindings
    match binding.node, binding.value:
        case ast.With() as block, ast.Call() as made if makes_tape(file, made):
            return made, block
        case ast.Assign(), made if (wrapped := wraps_tape(made)) is not None:
            return _recording(file, wrapped)
        case ast.Assign(), ast.Call() as made if makes_tape(file, made) and not binding.path:
            blocks = [
                block
                for block in file.inside(file.function(tape) or file.tree)[ast.With]
                for item in block.items
                if isinstance(item.context_expr, ast.Name)
                and item.context_expr.id == tape.id
                and any(
                    entered.node is binding.node for entered in reaching(file, item.context_expr)
                )
            ]
            return (made, blocks[0]) if len(blocks) == 1 else None
    return None


# -- blocks ----------------------------------------------------------------------------------------


def tape_names(file: File, block: ast.With) -> set[str]:
    """The names under which a block knows the tapes that it makes."""
    return {
        item.optional_vars.id
        for item in block.items
        if isinstance(item.optional_vars, ast.Name) and makes_tape(file, item.context_expr)
    }


def innermost_tape(file: File, node: ast.AST) -> ast.With | None:
    """The innermost block of the same function in which a tape records `node`."""
    for above in file.ancestors(node):
        if isinstance(above, ast.With) and tape_names(file, above):
            return above
        if isinstance(above, (*FUNCTIONS, ast.Lambda)):
            return None
    return None


# -- whose weights ---------------------------------------------------------------------------------


def trained_models(file: File, block: ast.With, tapes: set[str]) -> Iterator[ast.expr]:
    """The models by whose weights the block's tapes are asked for gradients, as written."""
    function = file.function(block)
    inside = file.inside(function, nested=False) if function else file.index
    for call in inside[ast.Call]:
        match call.func:
            case ast.Attribute(attr="gradient", value=ast.Name(id=tape) as name) if tape in tapes:
                if any(binding.node is block for binding in reaching(file, name)):
                    sources = argument(call, "sources", 1)
                    yield from weight_holders(file, [sources] if sources else [])


def weight_holders(file: File, sources: list[ast.expr]) -> Iterator[ast.expr]:
    """`model` for `model.trainable_variables`, in sums and lists too."""
    queue, seen = [*sources], set[ast.AST]()
    for source in queue:  # grows while it is read
        for origin in origins(file, source):
            if origin.file is not file or origin.node in seen:
                continue
            seen.add(origin.node)
            match origin.node:
                case ast.Attribute(attr=attr, value=model) if attr in VARIABLES:
                    yield model
                case ast.BinOp(left=left, right=right):
                    queue += (left, right)
                case ast.List(elts=items) | ast.Tuple(elts=items):
                    queue += items


def same_model(file: File, model: ast.expr, run: ast.expr) -> bool:
    """Whether `run` is the model, or a part of it (`self.encoder` of `self`)."""
    whole, name = file.dotted(model), file.dotted(run)
    if whole is None or name is None:
        return False
    if name == whole or name.startswith(f"{whole}."):
        return True
    # Two calls of one factory end in the same expression; only what no function makes is one model.
    made = {
        origin.node
        for origin in origins(file, model)
        if origin.call is not None and origin.file.function(origin.node) is None
    }
    return any(origin.node in made for origin in origins(file, run))


# -- what is watched -------------------------------------------------------------------------------


def sources_of(asked: Taken) -> list[ast.expr]:
    """What the gradient is asked for, one by one."""
    match asked.sources:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return items
    return [asked.sources]


@remembered
def watched(asked: Taken) -> list[ast.expr] | None:
    """What `tape.watch()` is given, one by one; None where more may be watched than can be seen."""
    file = asked.file
    found: list[ast.expr] = []
    function = file.function(asked.block)
    names = {asked.name}
    for item in asked.block.items:
        if item.context_expr is asked.tape and isinstance(item.optional_vars, ast.Name):
            names.add(item.optional_vars.id)  # another one, where the tape was wrapped
    for name in file.inside(function or file.tree)[ast.Name]:
        if name.id not in names or not isinstance(name.ctx, ast.Load):
            continue
        match file.parent(name):
            case ast.Attribute(attr="watch") as watch:
                match file.parent(watch):
                    case ast.Call(args=[ast.List(elts=items) | ast.Tuple(elts=items)]):
                        found += items
                    case ast.Call(args=[value]):
                        found.append(value)
                    case _:
                        return None
            case ast.Attribute() | ast.withitem():
                pass
            case ast.Delete():
                pass
            case above if wraps_tape(above) is name:
                pass
            case _:
                return None  # handed on
    if any(file.dotted(value) is None for value in found):
        return None
    if any(binding.kind == "for" for value in found for binding in _bound(file, value)):
        return None
    return found


def _bound(file: File, value: ast.expr) -> list[Binding]:
    return reaching(file, value) if isinstance(value, ast.Name) else []
