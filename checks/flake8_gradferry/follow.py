"""Walks a function's statements in the order in which they run, into the helpers it can see.

The one place that knows how an event is spelt; `flow.py` holds what rules ask.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .events import Event, Kind
from .infer import argument_for, attribute_values, function_of, lineage
from .project import Symbol
from .things import Role, Thing, role
from .walk import FUNCTIONS, File, Function, children

_DEPTH = 6
_CALLS = 300  # helpers followed in one flow

# `optimizer.zero_grad` by its other names: Paddle's, Chainer's, and of people's own helpers.
_CLEARS = re.compile(
    r"(zero|reset|clear|clean|flush|null|none)\w*grad|cleargrads|grads?_(zero|reset)", re.I
)
# Receivers whose `backward(loss)` does more than backpropagation.
_ENGINES = re.compile(
    r"accelerat|fabric|engine|deepspeed|booster|strategy|optim|scaler|trainer", re.I
)
_LOSS = re.compile(r"loss|err|cost|obj|^l$|^e$", re.I)
# Names of methods that may train or change the object they belong to.
_DEEDS = re.compile(r"train|step|update|optimi|reset|clear|zero|fit|learn|backward|epoch|run", re.I)
_HARMLESS_ROOTS = frozenset(
    (
        "torch torchvision torchaudio torchmetrics torchtext numpy scipy matplotlib pandas tqdm "
        "sklearn cv2 PIL wandb tensorboardX tensorboard einops seaborn mlflow"
    ).split()
) | frozenset(sys.stdlib_module_names)
_HARMLESS_METHODS = frozenset(
    (
        "parameters named_parameters state_dict load_state_dict modules named_modules children "
        "named_children named_buffers buffers to cuda cpu float half double append extend item "
        "size keys values items get add_scalar add_scalars add_graph watch requires_grad_ "
        "share_memory register_forward_hook add_param_group"
    ).split()
)
_BUILTINS = frozenset(dir(builtins))


class _Frame(NamedTuple):
    """A function being walked: how its names read in the root's terms."""

    file: File
    function: ast.AST  # a function, lambda, or the module
    names: dict[str, Thing]  # parameters, as the caller passed them
    prefix: str  # what its own names start with, "" in the root
    outer: _Frame | None  # the function around it, where that is being walked too


class _Where(NamedTuple):
    """Where a statement stands on the way from the root."""

    frame: _Frame
    loops: tuple[ast.AST, ...] = ()
    branches: tuple[tuple[ast.AST, str], ...] = ()
    contexts: tuple[str, ...] = ()
    depth: int = 0
    at: ast.AST | None = None  # the call in the root's file that led into another one


def trace(file: File, root: ast.AST) -> list[Event]:
    """The events of a module's or function's body, in the order of one turn."""
    tracer = _Tracer(file)
    frame = _Frame(file, root, {}, "", None)
    tracer.block(getattr(root, "body", []), _Where(frame))
    return tracer.events


@dataclass
class _Tracer:
    file: File
    events: list[Event] = field(default_factory=list)
    _active: list[ast.AST] = field(default_factory=list)
    _calls: int = 0
    _assigned: dict[str, int] = field(default_factory=dict)  # name -> how many events came before

    # -- statements ----------------------------------------------------------------------------

    def block(self, body: Sequence[ast.stmt], where: _Where) -> None:
        for statement in body:
            self._statement(statement, where)
            if isinstance(statement, ast.If):
                # After `if x: continue` the rest of the block is the other arm.
                for arm, other in (("body", "orelse"), ("orelse", "body")):
                    if _leaves(getattr(statement, arm)):
                        where = _arm(where, statement, other)

    def _statement(self, node: ast.stmt, where: _Where) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                pass  # runs when it is called
            case ast.If():
                self._if(node, where)
            case ast.For() | ast.AsyncFor():
                self._expression(node.iter, where)
                inner = where._replace(loops=(*where.loops, node))
                self._created(node.target, None, node, inner)
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
                    self.block(handler.body, _arm(where, node, f"handler{handler.lineno}"))
                self.block(node.orelse, where)
                self.block(node.finalbody, where)
            case ast.Match():
                self._expression(node.subject, where)
                for position, case in enumerate(node.cases):
                    self.block(case.body, _arm(where, node, f"case{position}"))
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self._assign(node, where)
            case ast.Delete():
                for target in node.targets:
                    if isinstance(target, ast.Attribute) and target.attr == "grad":
                        self._add(Kind.ZERO, node, where, self._owner(target.value, where))
            case ast.Return() | ast.Raise() | ast.Break():
                for child in children(node):
                    self._expression(child, where)
                if isinstance(node, ast.Break) or where.depth == 0:
                    self._add(Kind.LEAVE, node, where, None)
            case _:
                for child in children(node):
                    self._expression(child, where)

    def _if(self, node: ast.If, where: _Where) -> None:
        if _is_main_guard(node.test):
            self.block(node.body, where)
            return
        self._expression(node.test, where)
        self.block(node.body, _arm(where, node, "body"))
        self.block(node.orelse, _arm(where, node, "orelse"))

    def _with(self, node: ast.With | ast.AsyncWith, where: _Where) -> None:
        names = []
        for item in node.items:
            self._expression(item.context_expr, where)
            call = item.context_expr
            func = call.func if isinstance(call, ast.Call) else call
            names.append(where.frame.file.qualified(func) or where.frame.file.dotted(func) or "")
            if item.optional_vars is not None:
                self._created(item.optional_vars, None, node, where)
        self.block(node.body, where._replace(contexts=(*where.contexts, *names)))

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, where: _Where) -> None:
        if node.value is None:
            return
        self._expression(node.value, where)
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            for item in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
                if (owner := _grad_owner(item)) is not None:
                    kind = Kind.ZERO if _is_nothing(node) else Kind.WRITE
                    self._add(kind, node, where, self._owner(owner, where))
                else:
                    self._assigned[self._thing(item, where).key] = len(self.events)
                    self._created(item, node.value, node, where)

    def _created(
        self, target: ast.expr, value: ast.expr | None, node: ast.AST, where: _Where
    ) -> None:
        """A name gets a new object: a loop's or `with`'s target, a class called, an optimizer."""
        called = ""
        if isinstance(value, ast.Call):
            called = where.frame.file.dotted(value.func) or ""
        elif isinstance(value, ast.Constant | ast.BinOp | ast.Compare):
            return
        for item in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
            if isinstance(item, ast.Name | ast.Attribute | ast.Subscript):
                thing = self._thing(item, where)
                is_new = value is None or called.rpartition(".")[2][:1].isupper()
                if is_new or role(thing) in (Role.OPTIMIZER, Role.MODEL):
                    self._add(Kind.CREATE, node, where, thing)

    # -- expressions ---------------------------------------------------------------------------

    def _expression(self, node: ast.AST, where: _Where) -> None:
        match node:
            case ast.Lambda() | ast.Constant() | ast.Name():
                pass
            case ast.Call():
                self._call(node, where)
            case ast.IfExp():
                self._expression(node.test, where)
                self._expression(node.body, _arm(where, node, "body"))
                self._expression(node.orelse, _arm(where, node, "orelse"))
            case ast.BoolOp():
                self._expression(node.values[0], where)
                for value in node.values[1:]:
                    self._expression(value, _arm(where, node, "rest"))
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

    def _call(self, call: ast.Call, where: _Where) -> None:
        func = call.func
        if isinstance(func, ast.Attribute):
            self._expression(func.value, where)
        elif not isinstance(func, ast.Name):
            self._expression(func, where)
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            self._expression(argument, where)
            if isinstance(argument, ast.Lambda):
                self._expression(argument.body, where)
        for closure in self._closures(call, where):
            self._enter(closure, call, where)
        name = where.frame.file.qualified(func)
        if name is not None and self._library_call(name, call, where):
            return
        if isinstance(func, ast.Attribute) and self._method(func, call, where):
            return
        self._other_call(call, name, where)

    def _library_call(self, name: str, call: ast.Call, where: _Where) -> bool:
        """A function of torch or a library around it, by its full name."""
        first = call.args[0] if call.args else None
        last = name.rpartition(".")[2]
        if last.startswith("clip_grad_") and first is not None:
            self._add(Kind.CLIP, call, where, self._owner(first, where))
        elif name in ("torch.autograd.backward", "torch.autograd.backward.backward"):
            loss = (
                first.elts[0] if isinstance(first, ast.List | ast.Tuple) and first.elts else first
            )
            self._add(Kind.BACKWARD, call, where, self._thing(loss or call, where))
        elif last in ("optimizer_step",) and first is not None:  # torch_xla
            self._add(Kind.STEP, call, where, self._thing(first, where))
        else:
            return name.partition(".")[0] in _HARMLESS_ROOTS
        return True

    def _method(self, func: ast.Attribute, call: ast.Call, where: _Where) -> bool:
        """A method whose name is one of the verbs of a training loop; False where it is not."""
        receiver = func.value
        match func.attr:
            case "backward":
                return self._backward(receiver, call, where)
            case "step":
                return self._step(receiver, call, where)
            case "zero_grad" if not _is_super(receiver):
                self._add(Kind.ZERO, call, where, self._thing(receiver, where))
            case "zero_" | "fill_" if (owner := _grad_owner(receiver)) is not None:
                self._add(Kind.ZERO, call, where, self._owner(owner, where))
            case _ if func.attr.endswith("_") and (owner := _grad_owner(receiver)) is not None:
                self._add(Kind.WRITE, call, where, self._owner(owner, where))
            case "train" | "eval":
                return self._mode(func, call, where)
            case "unscale_" if call.args:
                through = self._thing(receiver, where)
                self._add(Kind.UNSCALE, call, where, self._thing(call.args[0], where), through)
            case "update" if role(thing := self._thing(receiver, where)) is Role.SCALER:
                self._add(Kind.UPDATE, call, where, thing)
            case "clip_grad_norm_" | "clip_grad_value_":
                target = call.args[0] if call.args else receiver
                self._add(Kind.CLIP, call, where, self._owner(target, where))
            case "manual_backward" if call.args:
                through = self._thing(receiver, where)
                self._add(Kind.BACKWARD, call, where, self._thing(call.args[0], where), through)
            case _:
                return False
        return True

    def _backward(self, receiver: ast.expr, call: ast.Call, where: _Where) -> bool:
        file = where.frame.file
        if _is_super(receiver) or file.dotted(receiver) in ("self", "cls"):
            return False
        thing = self._thing(receiver, where)
        first = call.args[0] if call.args else None
        if first is not None and (
            _ENGINES.search(thing.name) or _LOSS.search(file.dotted(first) or "")
        ):
            self._add(Kind.BACKWARD, call, where, self._thing(first, where), thing)
            return True
        if not _LOSS.search(thing.name) and _defines_backward(file):
            return False
        self._add(Kind.BACKWARD, call, where, thing)
        return True

    def _step(self, receiver: ast.expr, call: ast.Call, where: _Where) -> bool:
        if _is_super(receiver):
            return False
        thing = self._thing(receiver, where)
        what = role(thing)
        first = call.args[0] if call.args else None
        if first is not None and what is not Role.OPTIMIZER:
            stepped = self._thing(first, where)
            if what is Role.SCALER or role(stepped) is Role.OPTIMIZER:
                self._add(Kind.STEP, call, where, stepped, thing)
                return True
        if what is Role.SCHEDULER:
            self._add(Kind.SCHEDULE, call, where, thing)
            return True
        callee = function_of(where.frame.file, call.func)
        before = len(self.events)
        if callee is not None:
            self._enter(callee, call, where)
        if any(event.kind is Kind.STEP for event in self.events[before:]):
            return True
        if what is Role.OPTIMIZER and (first is None or self._is_closure(first, where)):
            self._add(Kind.STEP, call, where, thing)
            return True
        return callee is not None

    def _mode(self, func: ast.Attribute, call: ast.Call, where: _Where) -> bool:
        if _is_super(func.value) or len(call.args) + len(call.keywords) > 1:
            return False
        thing = self._thing(func.value, where)
        callee = function_of(where.frame.file, func)
        if callee is not None:
            owner = callee.file.owner(callee.node)
            if owner is None or not lineage(callee.file, owner).is_torch_module:
                return False
        argument = next(iter([*call.args, *(k.value for k in call.keywords)]), None)
        kind = Kind.TRAIN if func.attr == "train" else Kind.EVAL
        if argument is not None and func.attr == "eval":
            return False
        if isinstance(argument, ast.Constant) and argument.value in (False, 0):
            kind = Kind.EVAL
        self._add(kind, call, where, thing)
        return True

    def _other_call(self, call: ast.Call, name: str | None, where: _Where) -> None:
        func = call.func
        callee = self._callee(func, name, where)
        before = len(self.events)
        if callee is not None:
            self._enter(callee, call, where)
        last = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        if _CLEARS.search(last) and all(e.kind is not Kind.ZERO for e in self.events[before:]):
            receiver = func.value if isinstance(func, ast.Attribute) else func
            self._add(Kind.ZERO, call, where, self._thing(receiver, where)._replace(key=""))
            return
        if callee is not None:
            return
        if isinstance(func, ast.Name) and func.id in _BUILTINS and name is None:
            return
        thing = self._thing(func, where)
        if self._is_model(func, thing, where):
            self._add(Kind.FORWARD, call, where, thing)
            return
        if isinstance(func, ast.Attribute):
            owner = self._thing(func.value, where)
            if last in ("forward", "__call__", "module") and role(owner) is Role.MODEL:
                self._add(Kind.FORWARD, call, where, owner)
                return
            if last in _HARMLESS_METHODS:
                return
        involved = tuple(self._involved(call, name, where))
        if involved:
            self._add(Kind.OPAQUE, call, where, thing, involved=involved)

    # -- helpers -------------------------------------------------------------------------------

    def _callee(self, func: ast.expr, name: str | None, where: _Where) -> Symbol | None:
        if isinstance(func, ast.Attribute) and func.attr in _HARMLESS_METHODS:
            return None
        file = where.frame.file
        found = function_of(file, func)
        if found is None and name is None and isinstance(func, ast.Attribute):
            found = _only_method(file, func)
        return found

    def _enter(self, callee: Symbol | Function, call: ast.Call, where: _Where) -> None:
        symbol = callee if isinstance(callee, Symbol) else Symbol(where.frame.file, callee)
        function = symbol.node
        if function in self._active:
            return
        self._calls += 1
        if where.depth >= _DEPTH or self._calls > _CALLS:
            involved = tuple(self._involved(call, None, where))
            self._add(Kind.OPAQUE, call, where, self._thing(call.func, where), involved=involved)
            return
        assert isinstance(function, FUNCTIONS)
        frame = self._frame(symbol, call, where)
        at = where.at or (call if symbol.file is not self.file else None)
        inner = where._replace(frame=frame, depth=where.depth + 1, at=at)
        self._active.append(function)
        self.block(function.body, inner)
        self._active.pop()

    def _frame(self, callee: Symbol, call: ast.Call, where: _Where) -> _Frame:
        file, function = callee.file, callee.node
        assert isinstance(function, FUNCTIONS)
        names: dict[str, Thing] = {}
        parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        is_method = file.owner(function) is not None
        for position, parameter in enumerate(parameters):
            argument = argument_for(callee, call, parameter)
            if position == 0 and is_method and parameter.arg in ("self", "cls"):
                argument = call.func.value if isinstance(call.func, ast.Attribute) else None
                if argument is not None and _is_super(argument):
                    names[parameter.arg] = self._named("self", where)
                    continue
            if argument is not None:
                names[parameter.arg] = self._thing(argument, where)
        outer: _Frame | None = where.frame
        around = file.function(function)
        while outer is not None and outer.function is not around:
            outer = outer.outer
        return _Frame(file, function, names, f"{function.name}():", outer)

    def _closures(self, call: ast.Call, where: _Where) -> Iterator[Symbol]:
        """Functions defined in the function being walked that the call is given."""
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            if isinstance(argument, ast.Name) and self._is_closure(argument, where):
                found = function_of(where.frame.file, argument)
                if found is not None and not found.file.owner(found.node):
                    yield found

    @staticmethod
    def _is_closure(node: ast.expr, where: _Where) -> bool:
        if isinstance(node, ast.Lambda):
            return True
        if not isinstance(node, ast.Name):
            return isinstance(node, ast.Attribute) and "closure" in node.attr
        scope = where.frame.file.scope(node).find(node.id)
        bindings = scope.bindings[node.id] if scope else []
        return "closure" in node.id or any(binding.kind == "def" for binding in bindings)

    def _is_model(self, func: ast.expr, thing: Thing, where: _Where) -> bool:
        """Whether what is called is a model, not a method or part of one."""
        if isinstance(func, ast.Call) or role(thing) is not Role.MODEL:
            return False
        if not isinstance(func, ast.Attribute):
            return True
        return role(self._thing(func.value, where)) is not Role.MODEL

    def _involved(self, call: ast.Call, name: str | None, where: _Where) -> Iterator[Thing]:
        """The models, optimizers, losses and holders of such that a call gets hold of."""
        func, file = call.func, where.frame.file
        if name is not None and name.partition(".")[0] in _HARMLESS_ROOTS:
            return
        if isinstance(func, ast.Attribute):
            if _is_super(func.value):
                yield self._named("self", where)
            elif file.dotted(func.value) in ("self", "cls"):
                if self._is_hidden_method(func, file):
                    yield self._thing(func.value, where)
            elif _DEEDS.search(func.attr) and (thing := self._thing(func.value, where)).key:
                yield thing
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            items: list[ast.expr] = [argument]
            while items:
                item = items.pop(0)
                match item:
                    case ast.Starred() | ast.Await():
                        items.append(item.value)
                    case ast.Tuple() | ast.List() | ast.Set():
                        items += item.elts
                    case ast.Dict():
                        items += item.values
                    case ast.Call(func=ast.Attribute(value=owner, attr="parameters")):
                        items.append(owner)
                    case ast.Name() | ast.Attribute() | ast.Subscript():
                        thing = self._thing(item, where)
                        matters = role(thing) in (Role.MODEL, Role.OPTIMIZER)
                        if matters or file.dotted(item) == "self" or _LOSS.search(thing.name):
                            yield thing

    @staticmethod
    def _is_hidden_method(func: ast.Attribute, file: File) -> bool:
        """Whether `self.x` may be a method of a base class that cannot be seen."""
        cls = file.method_class(func)
        if cls is None or lineage(file, cls).complete:
            return False
        return not attribute_values(Symbol(file, cls), func.attr)

    # -- objects -------------------------------------------------------------------------------

    def _named(self, name: str, where: _Where) -> Thing:
        node = ast.Name(name, ast.Load())
        return self._lookup(node, where.frame) or Thing(name, where.frame.file, node)

    def _thing(self, node: ast.expr, where: _Where) -> Thing:
        frame = where.frame
        match node:
            case ast.Name():
                found = self._lookup(node, frame)
                return found or Thing(self._own_key(node.id, frame), frame.file, node)
            case ast.Attribute():
                inner = self._thing(node.value, where).key
                return Thing(f"{inner}.{node.attr}" if inner else "", frame.file, node)
            case ast.Subscript(slice=ast.Constant(value=index)):
                inner = self._thing(node.value, where).key
                return Thing(f"{inner}[{index!r}]" if inner else "", frame.file, node)
            case ast.Call(func=ast.Attribute(attr="scale"), args=[argument]):
                return self._thing(argument, where)
            case ast.Call(func=ast.Attribute(attr="train" | "eval" | "to" | "cuda", value=value)):
                return self._thing(value, where)
            case _:
                return Thing("", frame.file, node)

    @staticmethod
    def _lookup(node: ast.Name, frame: _Frame) -> Thing | None:
        """The caller's object that a parameter stands for."""
        inner: _Frame | None = frame
        while inner is not None:
            if node.id in inner.names:
                return inner.names[node.id]
            if node.id in inner.file.scope_of(inner.function).bindings:
                return None
            inner = inner.outer
        return None

    def _own_key(self, name: str, frame: _Frame) -> str:
        inner: _Frame | None = frame
        while inner is not None:
            if isinstance(inner.function, FUNCTIONS):
                scope = inner.file.scope_of(inner.function)
                if name in scope.bindings and name not in scope.elsewhere:
                    return inner.prefix + name
            inner = inner.outer
        return name if frame.file is self.file else f"{frame.file.path.stem}:{name}"

    def _owner(self, node: ast.expr, where: _Where) -> Thing:
        """The object whose parameters `p` of `for p in model.parameters()` runs through."""
        if isinstance(node, ast.Name):
            scope = where.frame.file.scope(node).find(node.id)
            for binding in scope.bindings[node.id] if scope else []:
                if binding.kind == "for" and binding.value is not None:
                    node = binding.value
                    break
        calls = where.frame.file.inside(node)[ast.Call]
        for call in calls:
            match call.func:
                case ast.Attribute(attr="parameters" | "named_parameters", value=owner):
                    return self._thing(owner, where)
        if isinstance(node, ast.Attribute | ast.Name) and not calls:
            return self._thing(node, where)._replace(key="")
        return Thing("", where.frame.file, node)

    def _add(
        self,
        kind: Kind,
        node: ast.AST,
        where: _Where,
        thing: Thing | None,
        through: Thing | None = None,
        involved: tuple[Thing, ...] = (),
    ) -> None:
        made = self._assigned.get(thing.key) if thing and kind is Kind.BACKWARD else None
        event = Event(
            order=len(self.events),
            kind=kind,
            node=node,
            file=where.frame.file,
            at=where.at or node,
            thing=thing,
            loops=where.loops,
            branches=where.branches,
            contexts=where.contexts,
            depth=where.depth,
            involved=involved,
            through=through,
            made=made,
        )
        self.events.append(event)


def _arm(where: _Where, node: ast.AST, arm: str) -> _Where:
    return where._replace(branches=(*where.branches, (node, arm)))


def _leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether control never runs on behind these statements."""
    if not body:
        return False
    match body[-1]:
        case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
            return True
        case ast.If(body=first, orelse=second):
            return _leaves(first) and _leaves(second)
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(attr="exit") | ast.Name(id="exit" | "quit"))
        ):
            return True
    return False


def _is_main_guard(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__"


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super"


def _grad_owner(node: ast.expr) -> ast.expr | None:
    """`p` of `p.grad`, `p.grad.data` or `p.grad[...]`."""
    while True:
        match node:
            case ast.Attribute(attr="grad", value=owner):
                return owner
            case ast.Attribute(attr="data", value=inner) | ast.Subscript(value=inner):
                node = inner
            case ast.Call(func=ast.Attribute(attr="detach" | "detach_", value=inner)):
                node = inner
            case _:
                return None


def _is_nothing(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> bool:
    """Whether an assignment leaves None or zeros: `p.grad = None`, `p.grad *= 0`."""
    if isinstance(node, ast.AugAssign) and not isinstance(node.op, ast.Mult):
        return False
    match node.value:
        case ast.Constant(value=None | 0 | 0.0):
            return True
        case ast.Call(func=ast.Attribute(attr="zeros_like" | "zeros" | "new_zeros")):
            return True
        case ast.BinOp(op=ast.Mult(), right=ast.Constant(value=0 | 0.0)):
            return True
    return False


def _defines_backward(file: File) -> bool:
    """Whether a class of the file has a `backward` of its own that is not autograd's."""
    return any(
        "backward" in file.methods(cls)
        and not lineage(file, cls).derives("torch.autograd.Function")
        for cls in file.index[ast.ClassDef]
    )


def _only_method(file: File, func: ast.Attribute) -> Symbol | None:
    """The method of that name, where one class of the file has it and its object is unseen."""
    by_name: dict[str, list[Function]] | None = file.__dict__.get("_methods_by_name")
    if by_name is None:
        by_name = {}
        for cls in file.index[ast.ClassDef]:
            for name, method in file.methods(cls).items():
                by_name.setdefault(name, []).append(method)
        file.__dict__["_methods_by_name"] = by_name
    found = by_name.get(func.attr, [])
    return Symbol(file, found[0]) if len(found) == 1 else None
