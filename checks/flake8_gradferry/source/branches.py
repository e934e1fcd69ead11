"""The branches that one call takes: `if probabilities:` read with what the call passed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from ..loss.activations import of_function
from .callframes import End, Value, class_of, is_none, made_by
from .walk import LOOPS, Binding, File, position, remembered


class Branches:
    """Which statements run; `ends` is asked what a flag may hold."""

    def __init__(self, ends: Callable[[Value], Iterable[End]]) -> None:
        self._ends = ends

    def before(self, value: Value, name: ast.Name, bindings: list[Binding]) -> list[Binding]:
        """The bindings left when `if probabilities:` is read with what this call passed."""
        if value.frame is None or len(bindings) < 2:
            return bindings
        kept: list[Binding] = []
        for binding in bindings:
            runs = self.run(value, binding.node)
            if runs and binding.kind == "assign" and position(binding.node) < position(name):
                kept.clear()
            if runs is not False:
                kept.append(binding)
        return kept or bindings

    def run(self, value: Value, node: ast.AST) -> bool | None:
        """Whether a statement runs in the call that `value` is evaluated in."""
        assert value.frame is not None
        runs: bool | None = True
        child = node
        for above in value.file.ancestors(node):
            if above is value.frame.function:
                return runs
            if isinstance(above, ast.If):
                holds = self.hold(value.at(above.test))
                if holds is None:
                    runs = None
                elif holds is (child in above.orelse):
                    return False
            elif isinstance(above, (*LOOPS, ast.Try)):
                runs = None
            child = above
        return None  # not a statement of this function

    def hold(self, test: Value) -> bool | None:
        """The truth of a test on flags, or on layers that may be None."""
        match test.node:
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                holds = self.hold(test.at(inner))
                return None if holds is None else not holds
            case ast.Compare(
                left=left,
                ops=[ast.Is() | ast.IsNot() as op],
                comparators=[ast.Constant(value=None)],
            ):
                truths = {is_none(e.value.node) for e in self._ends(test.at(left)) if _seen(e)}
                lost = any(not _seen(e) for e in self._ends(test.at(left)))
                if lost or len(truths) != 1:
                    return None
                return truths.pop() is isinstance(op, ast.Is)
            case ast.Name() | ast.Attribute() if not _switched(test):
                found = list(self._ends(test))
                truths = {_truth(end) for end in found if _seen(end)}
                if len(truths) == 1 and all(_seen(end) for end in found):
                    return truths.pop()
        return None


def _switched(test: Value) -> bool:
    """Whether somebody sets the flag on an object from outside: `net.probabilities = True`."""
    flag = test.node.attr if isinstance(test.node, ast.Attribute) else None
    files = {test.file}
    frame = test.frame
    while frame is not None and frame.call is not None:
        files.add(frame.call.file)
        frame = frame.call.frame
    return flag is not None and any(flag in _set_outside(file) for file in files)


@remembered
def _set_outside(file: File) -> frozenset[str]:
    return frozenset(
        node.attr
        for node in file.index[ast.Attribute]
        if isinstance(node.ctx, ast.Store)
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    )


def _seen(end: End) -> bool:
    """Whether it is certain what the value is: a constant, a layer, an activation."""
    if end.path:
        return False
    match end.value.node:
        case ast.Constant() | ast.Lambda() | ast.FunctionDef():
            return True
        case ast.Call():
            name = made_by(end.value).rpartition(".")[2]
            return class_of(end.value) is not None or name[:1].isupper()
    return of_function(made_by(end.value)) is not None


def _truth(end: End) -> bool:
    node = end.value.node
    return bool(node.value) if isinstance(node, ast.Constant) else True


def loops_run(file: File, name: ast.Name, bindings: list[Binding]) -> list[Binding]:
    """The bindings that are left if every `for` loop before `name` has run at least once."""
    for last in range(len(bindings) - 1, 0, -1):
        loop = file.parent(bindings[last].node)
        if bindings[last].kind != "assign":
            continue
        if isinstance(loop, ast.For) and loop not in file.ancestors(name):
            within = [b for b in bindings if loop in file.ancestors(b.node)]
            later = [b for b in bindings[last + 1 :] if b not in within]
            return within + later
    return bindings
