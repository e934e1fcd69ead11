"""On which paths through a function a tape is asked for gradients more often than it can answer.

A function body is run symbolically: which name holds which tape, and where each tape was used up.
Branches are followed apart, a loop's body twice, `return`, `break` and `continue` end a path. Two
uses under different conditions may exclude each other, so only pairs of which at least one is
unconditional (seen from the other) count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from ..source.infer import argument_for, function_of
from ..source.project import Symbol
from ..source.walk import FUNCTIONS, File, Function, remembered
from .tapes import GRADIENT_METHODS, is_persistent, makes_tape, wraps_tape

_DEPTH = 3  # helpers within helpers
_RAISES = ("raises", "suppress")


class Reuse(NamedTuple):
    """A call that needs a tape which an earlier call on the same path has used up."""

    call: ast.Call
    tape: str  # its name where it is called


class _Use(NamedTuple):
    call: ast.Call
    under: tuple[object, ...]  # the conditions around it, outermost first


@dataclass
class _State:
    """What holds at one point of a path; a tape is known by the call that makes it."""

    tapes: dict[str, ast.AST] = field(default_factory=dict)
    uses: dict[ast.AST, frozenset[_Use]] = field(default_factory=dict)

    def copy(self) -> _State:
        return _State(dict(self.tapes), dict(self.uses))

    def bind(self, target: ast.AST | None, tape: ast.AST | None) -> None:
        """Let a target hold a tape, or something that is none."""
        match target:
            case ast.Name(id=name) if tape is not None:
                self.tapes[name] = tape
            case ast.Name(id=name):
                self.tapes.pop(name, None)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                for item in items:
                    self.bind(item, None)
            case ast.Starred(value=inner):
                self.bind(inner, None)


def _join(states: Iterable[_State | None]) -> _State | None:
    """What may hold where several paths meet; a name that holds different tapes holds none."""
    joined: _State | None = None
    for state in states:
        if state is None:
            continue
        if joined is None:
            joined = state.copy()
            continue
        for name, tape in state.tapes.items():
            if joined.tapes.setdefault(name, tape) is not tape:
                del joined.tapes[name]
        for tape, uses in state.uses.items():
            joined.uses[tape] = joined.uses.get(tape, frozenset()) | uses
    return joined


@remembered
def reuses(file: File, root: ast.AST) -> list[Reuse]:
    """Every use of a used-up tape in a function (or module) that makes tapes."""
    if not isinstance(root, (*FUNCTIONS, ast.Module)):
        return []
    paths = _Paths(file, root)
    paths.run(_State())
    return list(paths.found.values())


class _Paths:
    def __init__(self, file: File, root: ast.AST, depth: int = 0) -> None:
        self.file = file
        self.root = root
        self.depth = depth
        self.found: dict[ast.Call, Reuse] = {}
        self.exits: list[_State] = []
        self._under: tuple[object, ...] = ()
        self._guards = 0  # how many blocks around here catch what a used-up tape raises
        self._made_under_guards: dict[ast.AST, int] = {}
        self._loops: list[tuple[list[_State], list[_State]]] = []  # states at break, continue
        self._calls: dict[ast.AST, list[ast.Call]] = {}
        for call in file.inside(root, nested=False)[ast.Call]:
            self._calls.setdefault(file.statement(call), []).append(call)
        for calls in self._calls.values():  # arguments run before the call they stand in
            calls.sort(key=lambda c: (c.end_lineno or 0, c.end_col_offset or 0))

    def run(self, state: _State) -> None:
        assert isinstance(self.root, (*FUNCTIONS, ast.Module))
        end = self._block(self.root.body, state)
        if end is not None:
            self.exits.append(end)

    # -- statements ----------------------------------------------------------------------------

    def _block(self, statements: Sequence[ast.stmt], state: _State | None) -> _State | None:
        for statement in statements:
            if state is None:
                break
            state = self._statement(statement, state)
        return state

    def _branch(
        self, statements: Sequence[ast.stmt], state: _State, *condition: object
    ) -> _State | None:
        outside = self._under
        self._under = (*outside, condition)
        try:
            return self._block(statements, state.copy())
        finally:
            self._under = outside

    def _statement(self, node: ast.stmt, state: _State) -> _State | None:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            return state
        for call in self._calls.get(node, ()):
            self._call(call, state)
        match node:
            case ast.Assign():
                for target in node.targets:
                    self._assign(target, node.value, state)
            case ast.AnnAssign() if node.value is not None:
                self._assign(node.target, node.value, state)
            case ast.Delete():
                for target in node.targets:
                    state.bind(target, None)
            case ast.If():
                return _join(
                    (
                        self._branch(node.body, state, node, True),
                        self._branch(node.orelse, state, node, False),
                    )
                )
            case ast.Match():
                ends = [self._branch(case.body, state, case) for case in node.cases]
                return _join([*ends, state])
            case ast.For() | ast.AsyncFor() | ast.While():
                return self._loop(node, state)
            case ast.With() | ast.AsyncWith():
                return self._with(node, state)
            case ast.Try():
                return self._try(node, state)
            case ast.Return():
                self.exits.append(state)
                return None
            case ast.Raise():
                return None
            case ast.Break() | ast.Continue():
                if self._loops:
                    self._loops[-1][isinstance(node, ast.Continue)].append(state)
                return None
        return state

    def _assign(self, target: ast.expr, value: ast.expr, state: _State) -> None:
        match target, value:
            case (ast.Tuple(elts=targets), ast.Tuple(elts=values)) if len(targets) == len(values):
                for each, its in zip(targets, values, strict=True):
                    self._assign(each, its, state)
            case _, ast.Name(id=name):
                state.bind(target, state.tapes.get(name))
            case _:
                state.bind(target, self._make(value, state))

    def _make(self, node: ast.expr, state: _State) -> ast.AST | None:
        """A new tape, if that is what an expression makes and it is surely not persistent, or
        the one that it wraps."""
        if (wrapped := wraps_tape(node)) is not None:
            return state.tapes.get(wrapped.id)
        if not (isinstance(node, ast.Call) and makes_tape(self.file, node)):
            return None
        if is_persistent(node) is not False:
            return None
        state.uses.pop(node, None)
        self._made_under_guards[node] = self._guards
        return node

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, before: _State) -> _State | None:
        ends: list[_State | None] = []
        state: _State | None = before.copy()
        for _ in range(2):
            if state is None:
                break
            breaks: list[_State] = []
            continues: list[_State] = []
            self._loops.append((breaks, continues))
            if not isinstance(node, ast.While):
                state.bind(node.target, None)
            state = _join([self._block(node.body, state), *continues])
            self._loops.pop()
            ends += [*breaks, state]
            state = self._next_turn(state)
        endless = isinstance(node, ast.While) and (
            isinstance(node.test, ast.Constant) and bool(node.test.value)
        )
        return self._block(node.orelse, _join(ends if endless else [*ends, before]))

    def _next_turn(self, state: _State | None) -> _State | None:
        """The state as the next turn sees it: what was true in one turn may be false in it."""
        if state is None:
            return None
        known = len(self._under)
        state = state.copy()
        for tape, uses in state.uses.items():
            state.uses[tape] = frozenset(
                use if len(use.under) <= known else _Use(use.call, (*use.under[:known], use))
                for use in uses
            )
        return state

    def _with(self, node: ast.With | ast.AsyncWith, state: _State) -> _State | None:
        guards = 0
        for item in node.items:
            manager = item.context_expr
            tape = self._make(manager, state)
            if isinstance(manager, ast.Name) and manager.id in state.tapes:
                tape = state.tapes[manager.id]
                state.uses.pop(tape, None)  # entering a tape again makes it new
            state.bind(item.optional_vars, tape)
            if isinstance(manager, ast.Call):
                name = (File.dotted(manager.func) or "").rpartition(".")[2]
                guards += name in _RAISES or name.startswith("assertRaises")
        self._guards += guards
        end = self._block(node.body, state)
        self._guards -= guards
        return end

    def _try(self, node: ast.Try, before: _State) -> _State | None:
        self._guards += bool(node.handlers)
        end = self._block(node.body, before.copy())
        self._guards -= bool(node.handlers)
        ends = [self._block(node.orelse, end)]
        ends += [self._branch(handler.body, before, handler) for handler in node.handlers]
        return self._block(node.finalbody, _join(ends))

    # -- calls ---------------------------------------------------------------------------------

    def _call(self, call: ast.Call, state: _State) -> None:
        match call.func:
            case ast.Attribute(value=ast.Name(id=name), attr=method) if name in state.tapes:
                if method in GRADIENT_METHODS:
                    self._use(name, call, state)
                elif method == "reset":
                    state.uses.pop(state.tapes[name], None)
                return
            case ast.Attribute(attr="minimize"):
                for keyword in call.keywords:
                    match keyword:
                        case ast.keyword(arg="tape", value=ast.Name(id=name)):
                            if name in state.tapes:
                                self._use(name, call, state)
                return
        if state.tapes and self.depth < _DEPTH:
            for name in self._used_by_helper(call, state):
                self._use(name, call, state)

    def _use(self, name: str, call: ast.Call, state: _State) -> None:
        tape = state.tapes[name]
        if self._guards > self._made_under_guards.get(tape, 0):
            return
        inner, repeated = self._around(call)
        use = _Use(call, (*self._under, *inner))
        earlier = state.uses.get(tape, frozenset())
        if repeated or any(_both_run(use, other) for other in earlier):
            self.found.setdefault(call, Reuse(call, name))
        state.uses[tape] = earlier | {use}

    def _around(self, call: ast.Call) -> tuple[list[object], bool]:
        """The conditions around a call in its statement, and whether it runs again and again."""
        conditions: list[object] = []
        repeated = False
        child: ast.AST = call
        for above in self.file.ancestors(call):
            if isinstance(above, ast.stmt):
                break
            match above:
                case ast.IfExp() if child is not above.test:
                    conditions.append((above, child is above.body))
                case ast.BoolOp() if child is not above.values[0]:
                    conditions.append((above, True))
                case ast.comprehension():
                    repeated |= child is not above.iter
                case ast.ListComp() | ast.SetComp() | ast.DictComp():
                    repeated |= child is not above.generators[0]
                case ast.GeneratorExp():
                    repeated |= child is not above.generators[0] and not self._stops_early(above)
            child = above
        return conditions[::-1], repeated

    def _stops_early(self, generator: ast.GeneratorExp) -> bool:
        match self.file.parent(generator):
            case ast.Call(func=ast.Name(id="next" | "any" | "all")):
                return True
        return False

    def _used_by_helper(self, call: ast.Call, state: _State) -> Iterator[str]:
        """The tapes that a function of the project surely uses up, twice if it does so itself."""
        nodes = [*call.args, *(keyword.value for keyword in call.keywords)]
        handed = [n for n in nodes if isinstance(n, ast.Name) and n.id in state.tapes]
        closure = isinstance(call.func, ast.Name) and call.func.id in self._local_functions
        if not handed and not closure:
            return
        callee = function_of(self.file, call.func)
        if callee is None or callee.node is self.root:
            return
        assert isinstance(callee.node, FUNCTIONS)
        parameters = {
            argument: parameter.arg
            for parameter in [*callee.node.args.args, *callee.node.args.kwonlyargs]
            if (argument := argument_for(callee, call, parameter)) in handed
        }
        inside = {argument.id: name for argument, name in parameters.items()}
        if closure:
            own = callee.file.scope_of(callee.node).bindings
            inside |= {name: name for name in state.tapes if name not in own}
        for outer, inner in inside.items():
            yield from [outer] * self._times_used(callee, inner)

    @cached_property
    def _local_functions(self) -> set[str]:
        inside = self.file.inside(self.root, nested=False)
        functions: list[Function] = [*inside[ast.FunctionDef], *inside[ast.AsyncFunctionDef]]
        return {node.name for node in functions}

    def _times_used(self, callee: Symbol, name: str) -> int:
        """How often a call of a function surely uses up what `name` holds in it (2: too often)."""
        tape = callee.node
        paths = _Paths(callee.file, callee.node, self.depth + 1)
        paths.run(_State({name: tape}))
        if any(found.tape == name for found in paths.found.values()):
            return 2
        uses = [end.uses.get(tape, frozenset()) for end in paths.exits]
        return int(bool(uses) and all(any(not use.under for use in seen) for seen in uses))


def _both_run(use: _Use, earlier: _Use) -> bool:
    """Whether one of two uses surely runs on every path on which the other does."""
    shared = 0
    for mine, theirs in zip(use.under, earlier.under, strict=False):
        if mine != theirs:
            break
        shared += 1
    return len(use.under) == shared or len(earlier.under) == shared
