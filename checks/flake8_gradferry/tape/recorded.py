"""Whether what a tape is asked for still leads, recorded, to the weights it is asked by.

The target of `tape.gradient(target, sources)` is followed back to the sources. A trail that gets
there by way of something that no tape records (an operation outside the block, numpy, an integer)
is broken: its gradient is None. Where something on the way cannot be seen, there is no answer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from ..source.infer import origins, reaching
from ..source.walk import File, remembered
from .tape_blocks import Taken, taken, weight_holders
from .tape_trails import Tracer
from .trails import At, Break, Contact, Why

__all__ = ["Lost", "Why", "bound_to", "lost", "shown"]


class Lost(NamedTuple):
    """A model, or variable, that a gradient is asked for and that its target does not lead to."""

    taken: Taken
    weights: str  # as written
    at: Break
    term: bool  # only one of several terms of the target


@remembered
def lost(file: File, call: ast.Call) -> list[Lost]:
    """What a `tape.gradient(...)` call asks for in vain, as far as it is certain."""
    asked = taken(file, call)
    if asked is None or "stop_recording" in file.calls_by_name:
        return []
    found: list[Lost] = []
    for contact in _contacts(asked):
        whole = Tracer(asked, contact).trail(At(file, asked.target))
        if whole.open:
            found += _lost_terms(asked, contact)
        elif whole.breaks:
            found.append(Lost(asked, contact.shown, _first(asked, whole.breaks), term=False))
    return found


def _lost_terms(asked: Taken, contact: Contact) -> Iterator[Lost]:
    for term in _terms(asked.file, asked.target, asked):
        trail = Tracer(asked, contact).trail(At(asked.file, term))
        if trail.breaks and not trail.open:
            yield Lost(asked, contact.shown, _first(asked, trail.breaks), term=True)


def _first(asked: Taken, breaks: tuple[Break, ...]) -> Break:
    """The break to name: one in the block, else what ran outside it, else values made before."""

    def rank(at: Break) -> int:
        inside = at.file is asked.file and asked.holds(at.node)
        return 0 if inside else 1 if at.why is Why.OUTSIDE else 2

    return min(reversed(breaks), key=rank)  # of several the one nearest to the target


def _terms(file: File, node: ast.expr, asked: Taken, depth: int = 0) -> list[ast.expr]:
    """The terms of a sum, by way of names that are bound once in the block."""
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
            return [*_terms(file, left, asked, depth), *_terms(file, right, asked, depth)]
        case ast.Call(func=func, args=[ast.expr() as summed]) if (
            file.qualified(func) == "tensorflow.add_n" or file.dotted(func) == "sum"
        ):
            return _terms(file, summed, asked, depth)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [term for item in items for term in _terms(file, item, asked, depth)]
        case ast.Name() if depth < 8:
            bindings = reaching(file, node)
            if any(b.kind not in ("assign", "augment") or b.path for b in bindings):
                return [node]
            values = [b.value for b in bindings if b.value is not None]
            if len([b for b in bindings if b.kind == "assign"]) == 1 and all(
                map(asked.holds, values)
            ):
                return [t for value in values for t in _terms(file, value, asked, depth + 1)]
    return [node]


def _contacts(asked: Taken) -> list[Contact]:
    file = asked.file
    models = list(weight_holders(file, [asked.sources]))
    if models:
        shown = [(file.dotted(model), model) for model in models]
        if any(name is None for name, _ in shown):
            return []
        return [Contact(name or "", model) for name, model in shown]
    names: set[str] = set()
    queue: list[ast.expr] = [asked.sources]
    for node in queue:  # grows while it is read
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                queue += items
            case _ if name := file.dotted(node):
                names.add(name)
                ends = [end for end in origins(file, node) if end.file is file]
                for end in ends:
                    if isinstance(end.node, (ast.List, ast.Tuple)) and not end.path:
                        queue += end.node.elts
            case _:
                return []
    return [Contact(file.dotted(asked.sources) or "the variables", None, frozenset(names))]


# -- messages --------------------------------------------------------------------------------------


def shown(at: Break) -> str:
    """What is to be named in a message: `model(...)`, `np.mean(...)`, `loss`."""
    node = at.node
    if isinstance(node, ast.Call):
        name = at.file.dotted(node.func)
        if name is None and isinstance(node.func, ast.Attribute):
            name = "." + node.func.attr
        return f"{name or 'this'}(...)"
    return bound_to(at.file, node) or ("a comparison" if isinstance(node, ast.Compare) else "this")


def bound_to(file: File, node: ast.expr) -> str | None:
    """The name that the statement around an expression gives a value to."""
    match file.statement(node):
        case ast.Assign(targets=[ast.Tuple(elts=[target])] | [target]):
            return file.dotted(target)
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            return file.dotted(target)
    return None
