"""Walks a function's statements in the order in which they run, into the helpers it can see.

`frames.py` knows what names stand for on the way, `spelling.py` which call is which event.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..source.infer import function_of
from ..source.project import Symbol
from ..source.walk import FUNCTIONS, File, children, remembered
from .events import Event, Kind
from .frames import Frame, Where, callee_of, frame_of, is_closure, owner, thing
from .spelling import (
    CLEARS,
    Spelt,
    gets_hold_of,
    grad_owner,
    of_assignment,
    of_call,
    of_unseen_call,
)

_DEPTH = 6
_CALLS = 300  # helpers followed in one flow
_LITERAL = 64  # longer literals are data, not code


def trace(file: File, root: ast.AST) -> tuple[list[Event], set[ast.AST]]:
    """The events of a module's or function's body, in order, and the functions followed."""
    tracer = _Tracer(file, root)
    tracer.block(getattr(root, "body", []), Where(Frame(file, file, root, {}, "", None)))
    return tracer.events, tracer.entered


@dataclass
class _Tracer:
    file: File
    root: ast.AST
    events: list[Event] = field(default_factory=list)
    entered: set[ast.AST] = field(default_factory=set)
    _active: list[ast.AST] = field(default_factory=list)
    _calls: int = 0
    _cut_short: int = 0  # how often a function was not entered that might have been
    _assigned: dict[str, int] = field(default_factory=dict)  # name -> how many events came before

    # -- statements ----------------------------------------------------------------------------

    def block(self, body: Sequence[ast.stmt], where: Where) -> None:
        for statement in body:
            self._statement(statement, where)
            if isinstance(statement, ast.If):
                # After `if x: continue` the rest of the block is the other arm.
                for arm, other in (("body", "orelse"), ("orelse", "body")):
                    if _leaves(getattr(statement, arm)):
                        where = where.arm(statement, other)

    def _statement(self, node: ast.stmt, where: Where) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                pass  # runs when it is called
            case ast.If(test=test) if _is_main_guard(test):
                self.block(node.body, where)
            case ast.If():
                self._expression(node.test, where)
                self.block(node.body, where.arm(node, "body"))
                self.block(node.orelse, where.arm(node, "orelse"))
            case ast.For() | ast.AsyncFor():
                self._expression(node.iter, where)
                inner = where._replace(loops=(*where.loops, node))
                self._bound(node.target, node, inner)
                self.block(node.body, inner)
                self.block(node.orelse, where)
            case ast.While():
                inner = where._replace(loops=(*where.loops, node))
                self._expression(node.test, inner)
                self.block(node.body, inner)
                self.block(node.orelse, where)
            case ast.With() | ast.AsyncWith():
                self._with(node, where)
            case ast.Try():
                self.block(node.body, where)
                for handler in node.handlers:
                    self.block(handler.body, where.arm(node, f"handler {handler.lineno}"))
                self.block(node.orelse, where)
                self.block(node.finalbody, where)
            case ast.Match():
                self._expression(node.subject, where)
                for case in node.cases:
                    self.block(case.body, where.arm(node, f"case {case.pattern.lineno}"))
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self._assign(node, where)
            case ast.Delete():
                for target in node.targets:
                    if (whose := grad_owner(target)) is not None:
                        self._add(Spelt(Kind.ZERO, owner(whose, where)), node, where)
            case ast.Return() | ast.Raise() | ast.Break():
                for child in children(node):
                    self._expression(child, where)
                kept = len(where.loops) - 1 if isinstance(node, ast.Break) else where.outside
                if where.loops[kept:] or where.depth == 0:
                    self._add(None, node, where, leaves=where.loops[kept:])
            case _:
                for child in children(node):
                    self._expression(child, where)

    def _with(self, node: ast.With | ast.AsyncWith, where: Where) -> None:
        names = []
        for item in node.items:
            self._expression(item.context_expr, where)
            call = item.context_expr
            func = call.func if isinstance(call, ast.Call) else call
            names.append(where.file.qualified(func) or where.file.dotted(func) or "")
            if item.optional_vars is not None:
                self._bound(item.optional_vars, node, where)
        self.block(node.body, where._replace(contexts=(*where.contexts, *names)))

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, where: Where) -> None:
        if node.value is None:
            return
        self._expression(node.value, where)
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            for item in _single(target):
                self._assigned[thing(item, where).key] = len(self.events)
                if (found := of_assignment(item, node, where)) is not None:
                    self._add(found, node, where)

    def _bound(self, target: ast.expr, node: ast.AST, where: Where) -> None:
        """A loop's or `with`'s target is another object in each turn."""
        for item in _single(target):
            self._add(Spelt(Kind.CREATE, thing(item, where)), node, where)

    # -- expressions ---------------------------------------------------------------------------

    def _expression(self, node: ast.AST, where: Where) -> None:
        if node not in _holds_call(where.file):
            return
        match node:
            case ast.Lambda() | ast.Constant() | ast.Name():
                pass
            case ast.List(elts=items) | ast.Tuple(elts=items) if len(items) > _LITERAL:
                pass
            case ast.Call():
                self._call(node, where)
            case ast.IfExp():
                self._expression(node.test, where)
                self._expression(node.body, where.arm(node, "body"))
                self._expression(node.orelse, where.arm(node, "orelse"))
            case ast.BoolOp():
                self._expression(node.values[0], where)
                for value in node.values[1:]:
                    self._expression(value, where.arm(node, "rest"))
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                inner = where._replace(loops=(*where.loops, node))
                for generator in node.generators:
                    self._expression(generator.iter, where)
                for child in children(node):
                    if not isinstance(child, ast.comprehension):
                        self._expression(child, inner)
            case _:
                for child in children(node):
                    self._expression(child, where)

    def _call(self, call: ast.Call, where: Where) -> None:
        if isinstance(call.func, ast.Attribute):
            self._expression(call.func.value, where)
        elif not isinstance(call.func, ast.Name):
            self._expression(call.func, where)
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            self._expression(argument, where)
            for closure in _closure(argument, where):
                if isinstance(closure, Symbol):
                    self._enter(closure, call, where)
                else:
                    self._expression(closure, where)
        spelt = of_call(call, where)
        if spelt is not None and (spelt.kind is not Kind.STEP or spelt.through is not None):
            self._add(spelt, call, where)
            return
        before = len(self.events)
        callee = callee_of(call.func, where)
        if callee is not None:
            self._enter(callee, call, where)
        inside = {event.kind for event in self.events[before:]}
        if spelt is not None:
            # A class that wraps an optimizer steps inside; one that is an optimizer does not.
            if Kind.STEP not in inside:
                self._add(spelt, call, where)
            return
        hidden = callee is None or (CLEARS.search(_name(callee)) and Kind.ZERO not in inside)
        if hidden and (unseen := of_unseen_call(call, where)) is not None:
            self._add(unseen, call, where)

    def _enter(self, callee: Symbol, call: ast.Call, where: Where) -> None:
        function = callee.node
        silent = _silent(callee.file)
        if function in silent:
            return
        if function is self.root or function in self._active:
            self._cut_short += 1
            return
        assert isinstance(function, FUNCTIONS)
        self._calls += 1
        if where.depth >= _DEPTH or self._calls > _CALLS:
            self._cut_short += 1
            involved = tuple(gets_hold_of(call, where))
            self._add(Spelt(Kind.OPAQUE, thing(call.func, where), None, involved), call, where)
            return
        inner = where._replace(
            frame=frame_of(callee, call, where),
            depth=where.depth + 1,
            outside=len(where.loops),
            at=where.at or (call if callee.file is not self.file else None),
        )
        before, cut_short = len(self.events), self._cut_short
        self._active.append(function)
        self.block(function.body, inner)
        self._active.pop()
        self.entered.add(function)
        if self._cut_short == cut_short and all(map(_stays_inside, self.events[before:])):
            del self.events[before:]
            silent.add(function)

    # -- events --------------------------------------------------------------------------------

    def _add(
        self,
        spelt: Spelt | None,
        node: ast.AST,
        where: Where,
        leaves: tuple[ast.AST, ...] = (),
    ) -> None:
        kind, what = (spelt.kind, spelt.thing) if spelt else (Kind.LEAVE, None)
        event = Event(
            order=len(self.events),
            kind=kind,
            node=node,
            file=where.file,
            at=where.at or node,
            thing=what,
            loops=where.loops,
            branches=where.branches,
            contexts=where.contexts,
            depth=where.depth,
            involved=spelt.involved if spelt else (),
            through=spelt.through if spelt else None,
            made=self._assigned.get(what.key) if what and kind is Kind.BACKWARD else None,
            leaves=leaves,
        )
        self.events.append(event)


def _stays_inside(event: Event) -> bool:
    """Whether an event of a helper means nothing to who called it: a local name got a value."""
    return event.kind is Kind.LEAVE or (event.kind is Kind.CREATE and "():" in event.key)


@remembered
def _holds_call(file: File) -> set[ast.AST]:
    """The nodes of a file at or below which a call stands: nothing else can be an event."""
    found: set[ast.AST] = set()
    for call in file.index[ast.Call]:
        node: ast.AST | None = call
        while node is not None and node not in found:
            found.add(node)
            node = file.parent(node)
    return found


@remembered
def _silent(file: File) -> set[ast.AST]:
    """The functions of a file that were followed once and held no event; followers fill it."""
    return set()


def _closure(argument: ast.expr, where: Where) -> Iterator[Symbol | ast.expr]:
    """What a function given as an argument runs: its body, or the lambda's expression."""
    if isinstance(argument, ast.Lambda):
        yield argument.body
    elif isinstance(argument, ast.Name) and is_closure(argument, where):
        found = function_of(where.file, argument)
        if found is not None and not found.file.owner(found.node):
            yield found


def _single(target: ast.expr) -> Iterator[ast.expr]:
    """The names, attributes and items that an assignment's target binds."""
    match target:
        case ast.Tuple(elts=items) | ast.List(elts=items):
            for item in items:
                yield from _single(item)
        case ast.Starred(value=value):
            yield from _single(value)
        case _:
            yield target


def _leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether control never runs on behind these statements."""
    match body[-1] if body else None:
        case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
            return True
        case ast.If(body=first, orelse=second):
            return _leaves(first) and _leaves(second)
        case ast.Expr(value=ast.Call(func=func)):
            return getattr(func, "attr", getattr(func, "id", "")) in ("exit", "quit", "_exit")
    return False


def _is_main_guard(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__"


def _name(callee: Symbol) -> str:
    return getattr(callee.node, "name", "")
