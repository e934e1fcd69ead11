"""The terms of a torch loss that hold gradients and nothing else that leads to the weights."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import NamedTuple

from ..source.infer import function_of, reaching, returns
from ..source.walk import FUNCTIONS, File, remembered

GRAD = "torch.autograd.grad"
_STEPS = 300
# Methods after which a tensor is no longer one, or no longer in the graph.
_LEAVING = frozenset("detach item numpy tolist size dim numel".split())


class _Holds(NamedTuple):
    """The calls of `torch.autograd.grad` in a value, and whether it holds more than these."""

    grads: frozenset[ast.Call] = frozenset()
    more: bool = False


@remembered
def grads_alone(file: File, value: ast.expr) -> frozenset[ast.Call]:
    """The `torch.autograd.grad` calls of the file that make up a term of a sum by themselves."""
    reader = _Reader(file)
    found: set[ast.Call] = set()
    for term in reader.terms(value):
        held = reader.held(term)
        if not held.more:
            found |= held.grads
    return frozenset(found)


class _Reader:
    def __init__(self, file: File) -> None:
        self.file = file
        self._active: set[ast.AST] = set()
        self._steps = 0

    def terms(self, node: ast.AST, depth: int = 0) -> list[ast.AST]:
        """The summands of a value, through names, scale factors and functions of the file."""
        if depth > 12:
            return [node]
        match node:
            case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
                return [*self.terms(left, depth + 1), *self.terms(right, depth + 1)]
            case (
                ast.BinOp(op=ast.Mult(), left=ast.Constant(), right=scaled)
                | ast.BinOp(op=ast.Mult() | ast.Div(), left=scaled, right=ast.Constant())
            ):
                return self.terms(scaled, depth + 1)
            case ast.UnaryOp(operand=operand):
                return self.terms(operand, depth + 1)
            case ast.Name():
                values = [
                    binding.value
                    for binding in reaching(self.file, node)
                    if binding.kind in ("assign", "augment") and not binding.path
                ]
                found = [t for v in values if v is not None for t in self.terms(v, depth + 1)]
                return found or [node]
            case ast.Call(func=func):
                returned = self._returned(func)
                found = [term for value in returned for term in self.terms(value, depth + 1)]
                return found or [node]
        return [node]

    def _returned(self, func: ast.expr) -> list[ast.expr]:
        callee = function_of(self.file, func)
        if callee is None or callee.file is not self.file or not isinstance(callee.node, FUNCTIONS):
            return []
        return returns(self.file, callee.node)

    def _all(self, nodes: Iterable[ast.AST]) -> _Holds:
        every = [self.held(node) for node in nodes]
        return _Holds(
            frozenset().union(*(held.grads for held in every)), any(held.more for held in every)
        )

    def held(self, node: ast.AST) -> _Holds:
        self._steps += 1
        if node in self._active:
            return _Holds()
        if self._steps > _STEPS:
            return _Holds(more=True)
        self._active.add(node)
        try:
            return self._held(node)
        finally:
            self._active.discard(node)

    def _held(self, node: ast.AST) -> _Holds:
        match node:
            case ast.Constant():
                return _Holds()
            case ast.Name():
                return self._name(node)
            case ast.BinOp(left=left, right=right):
                return self._all([left, right])
            case ast.UnaryOp(operand=value) | ast.Subscript(value=value) | ast.Starred(value=value):
                return self.held(value)
            case ast.IfExp(body=body, orelse=orelse):
                return self._all([body, orelse])
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return self._all(items)
            case ast.ListComp(elt=item) | ast.GeneratorExp(elt=item):
                return self.held(item)
            case ast.Attribute(value=ast.Name(id="self" | "args" | "opt" | "cfg" | "config")):
                return _Holds()  # a setting
            case ast.Attribute(attr="shape" | "ndim" | "device" | "dtype"):
                return _Holds()
            case ast.Call():
                return self._call(node)
        return _Holds(more=True)

    def _name(self, node: ast.Name) -> _Holds:
        bindings = reaching(self.file, node)
        values = [b.value for b in bindings if b.kind in ("assign", "augment", "for") and b.value]
        if len(values) != len(bindings):
            known = all(b.kind == "parameter" for b in bindings if b.value not in values)
            return self._all(values) if known else _Holds(more=True)
        return self._all(values)

    def _call(self, call: ast.Call) -> _Holds:
        name = self.file.qualified(call.func) or ""
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        if name == GRAD:
            return _Holds(frozenset((call,)), any(k.arg == "create_graph" for k in call.keywords))
        if name.startswith("torch."):
            made = name.rpartition(".")[2]
            return self._all(arguments) if made[:1].islower() else _Holds(more=True)
        if isinstance(call.func, ast.Name) and call.func.id in ("sum", "zip", "list", "abs", "len"):
            return self._all(arguments)
        match call.func:
            case ast.Attribute(attr=attr) if attr in _LEAVING:
                return _Holds()
            case ast.Attribute(value=ast.Name(id="self")):
                pass
            case ast.Attribute(value=receiver) if not name:
                return self._all([receiver, *arguments])
        returned = self._returned(call.func)
        return self._all(returned) if returned else _Holds(more=True)
