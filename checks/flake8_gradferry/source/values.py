"""Values followed to the expressions that made them, through names, attributes and calls.

The one engine behind `origins.origins`, which asks for an expression whoever calls the function
around it, and behind `outputs` and `losses`, which ask inside one call: there a parameter means
what *this* call passed, and `self` the object whose method runs, so that `Net(activation=None)` in
one file and the class in another are read together. A trail that is lost ends where it was lost.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from . import origins
from .bindings import reaching
from .branches import Branches, loops_run
from .callframes import (
    End,
    Frame,
    Path,
    Value,
    class_of,
    constant_index,
    family,
    is_none,
    made_by,
    self_at,
)
from .functions import (
    above,
    argument_for,
    attribute_values,
    default_of,
    is_opaque,
    is_self,
    property_values,
    returns,
    super_call,
)
from .names import framework
from .project import COMPILERS, STUBS, Symbol, resolve, symbol_of
from .walk import FUNCTIONS, Binding, File, position

# Methods that return the module, optimizer or loss they are called on.
SELF_RETURNING = frozenset(
    (
        "to cuda cpu float double half bfloat16 train eval requires_grad_ share_memory apply "
        "to_empty type xpu compile_"
    ).split()
)
# Calls that hand back their first argument in another coat.
WRAPPERS = COMPILERS | frozenset(
    (
        "torch.nn.DataParallel",
        "torch.nn.parallel.DataParallel",
        "torch.nn.parallel.DistributedDataParallel",
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
    )
)
_STEPS = 2000
_NESTING = 50
_TAKEN = 6  # `x = x[0]` round a loop


class Trace:
    """One question; it carries the guard against going round in circles."""

    def __init__(self) -> None:
        self._active: set[tuple[ast.AST, Frame | None, Path]] = set()
        self._making: set[tuple[ast.AST, Frame | None]] = set()
        # The same call is one and the same frame, so that what was asked inside it is recognised.
        self._entered: dict[Value, tuple[Symbol, Frame] | None] = {}
        self._inits: dict[tuple[Value, ast.AST], Frame] = {}
        self._steps = 0
        self._branches = Branches(self.ends)

    @property
    def exhausted(self) -> bool:
        """Whether the question turned out too long to answer."""
        return self._steps > _STEPS

    # -- names, attributes, parameters -------------------------------------------------------------

    def ends(self, value: Value, path: Path = ()) -> Iterator[End]:
        """The expressions in which the value may have been made, calls not entered."""
        key = (value.node, value.frame, path)
        self._steps += 1
        if key in self._active:
            return  # round a loop: nothing new
        if self.exhausted or len(self._active) > _NESTING or len(path) > _TAKEN:
            yield End(value, path)
            return
        self._active.add(key)
        try:
            yield from self._step(value, path)
        finally:
            self._active.discard(key)

    def _step(self, value: Value, path: Path) -> Iterator[End]:
        node = value.node
        match node:
            case ast.Name():
                yield from self._name(value, node, path)
            case ast.arg():
                yield from self._parameter(value, node, path)
            case ast.Attribute():
                yield from self._attribute(value, node, path)
            case ast.IfExp():
                holds = (
                    self._branches.hold(value.at(node.test)) if value.frame is not None else None
                )
                branches = [node.body] * (holds is not False) + [node.orelse] * (holds is not True)
                yield from self._each(value, branches, path)
            case ast.BoolOp():
                yield from self._each(value, node.values, path)
            case ast.NamedExpr() | ast.Await():
                yield from self.ends(value.at(node.value), path)
            case ast.Tuple() | ast.List() if path and isinstance(path[0], int):
                position = path[0]
                starred = any(isinstance(item, ast.Starred) for item in node.elts)
                grows = isinstance(node, ast.List) and position < 0
                if starred or grows or not -len(node.elts) <= position < len(node.elts):
                    yield End(value, path)
                else:
                    yield from self.ends(value.at(node.elts[position]), path[1:])
            case ast.Dict() if path:
                for key, item in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == path[0]:
                        yield from self.ends(value.at(item), path[1:])
                        return
                yield End(value, path)
            case ast.Call(args=[held]) if path and made_by(value) == "torch.nn.ModuleDict":
                yield from self.ends(value.at(held), path)
            case ast.Subscript(slice=index):
                taken = constant_index(index)
                if taken is None:
                    yield End(value, path)
                else:
                    yield from self.ends(value.at(node.value), (taken, *path))
            case _:
                yield End(value, path)

    def _each(self, value: Value, nodes: list[ast.expr], path: Path) -> Iterator[End]:
        yield from _but_none([end for node in nodes for end in self.ends(value.at(node), path)])

    def _name(self, value: Value, node: ast.Name, path: Path) -> Iterator[End]:
        bindings = loops_run(value.file, node, reaching(value.file, node))
        bindings = self._branches.before(value, node, bindings)
        found = [end for binding in bindings for end in self._bound(value, node, binding, path)]
        yield from _but_none(found) if bindings else [End(value, path)]

    def _bound(self, value: Value, node: ast.Name, binding: Binding, path: Path) -> Iterator[End]:
        if binding.kind == "assign" and binding.value is not None:
            yield from self.ends(value.at(binding.value), (*binding.path, *path))
        elif binding.kind == "import":
            found = resolve(value.file, value.file.imports[node.id])
            if found is not None and isinstance(found.node, ast.expr):
                yield from self.ends(Value(found.file, found.node), path)
            else:
                yield End(value, path)
        elif binding.kind == "parameter":
            yield from self.ends(value.at(binding.node), path)
        elif binding.kind in ("for", "augment", "def", "class"):
            yield End(value.at(binding.node), (*binding.path, *path))
        elif isinstance(binding.node, (ast.With, ast.AsyncWith)):
            # What a context manager enters as is not the manager.
            item = next(i for i in binding.node.items if i.context_expr is binding.value)
            yield End(value.at(item), (*binding.path, *path))
        else:
            yield End(value, path)

    def _parameter(self, value: Value, node: ast.arg, path: Path) -> Iterator[End]:
        file, function = value.file, value.file.enclosing(node, *FUNCTIONS, ast.Lambda)
        frame = value.frame
        while frame is not None and frame.function is not function:
            frame = frame.call.frame if frame.call else None
        if isinstance(function, FUNCTIONS) and is_self(file, node):
            yield End(frame.owner if frame and frame.owner else Value(file, node), path)
            return
        # In `__init__` of an object nobody knows, every construction in the file may be meant.
        anywhere = frame is None and value.frame is None
        anywhere |= frame is not None and frame.call is None and _is_any(frame)
        calls: list[Value] = []
        if anywhere and isinstance(function, FUNCTIONS):
            calls = [Value(file, call) for call in origins.calls_of(file, function)]
        elif frame is not None and frame.call is not None:
            calls = [frame.call]
        default = default_of(function, node)
        if default is not None and is_none(default) and class_of(value.at(node)) is not None:
            default = None  # `net: Net = None`: what it is when it is given
        if not calls and anywhere and default is not None:
            # Nobody in sight calls it: what it does unasked is what there is to see.
            yield from self.ends(Value(file, default), path)
        elif not calls:
            yield End(value, path)
        for call in calls:
            assert isinstance(call.node, ast.Call)
            assert function is not None
            argument = argument_for(Symbol(file, function), call.node, node)
            starred = any(isinstance(item, ast.Starred) for item in call.node.args)
            starred |= any(item.arg is None for item in call.node.keywords)
            if argument is not None:
                yield from self.ends(call.at(argument), path)
            elif default is None or starred:
                yield End(value, path)
            else:
                yield from self.ends(Value(file, default), path)

    def _attribute(self, value: Value, node: ast.Attribute, path: Path) -> Iterator[End]:
        file = value.file
        if (name := file.qualified(node)) is not None:
            found = symbol_of(file, node)
            if found is not None and isinstance(found.node, ast.expr):
                yield from self.ends(Value(found.file, found.node), path)
                return
            if found is not None or framework(name):
                yield End(value, path)
                return
        owners = list(self.objects(value.at(node.value)))
        held: list[End] = []
        for owner in owners:
            assigned = self._held(owner, node.attr)
            if not assigned:
                yield End(value, path)
                return
            held += assigned
        found_ends = [e for h in held for e in self.ends(h.value, (*h.path, *path))]
        yield from _but_none(found_ends)

    def _held(self, owner: End, name: str) -> list[End]:
        """What `owner.name` was set to."""
        cls = class_of(owner.value) if not owner.path else None
        if cls is None:
            return []
        found = []
        for file, node, path in (*attribute_values(cls, name), *property_values(cls, name)):
            function = file.function(node)
            frame = Frame(function, None, owner.value) if function is not None else None
            if function is not None and function.name == "__init__":
                frame = self.init_frame(owner.value, Symbol(file, function))
            found.append(End(Value(file, node, frame), path))
        return found

    def init_frame(self, instance: Value, init: Symbol) -> Frame:
        """The call of `__init__`, the class's own or the inherited one, that made an instance."""
        key = instance, init.node
        if key not in self._inits:
            self._inits[key] = self._find_init(instance, init)
        return self._inits[key]

    @staticmethod
    def _find_init(instance: Value, init: Symbol) -> Frame:
        call = instance if isinstance(instance.node, ast.Call) else None
        cls = class_of(instance)
        assert cls is not None
        for symbol in family(cls).classes:
            assert isinstance(symbol.node, ast.ClassDef)
            own = symbol.file.methods(symbol.node).get("__init__")
            if own is init.node:
                break
            if own is not None:
                # On the way up: what this class hands to `super().__init__`.
                frame = Frame(own, call, instance)
                passed = super_call(symbol.file, own)
                call = Value(symbol.file, passed, frame) if passed is not None else None
        return Frame(init.node, call, instance)

    # -- objects -----------------------------------------------------------------------------------

    def objects(self, value: Value, path: Path = ()) -> list[End]:
        """The calls that may have made an object, factories and wrappers seen through."""
        found: list[End] = []
        for end in list(self.ends(value, path)):
            key = end.value.node, end.value.frame
            if not isinstance(end.value.node, ast.Call) or len(self._making) > _NESTING:
                found.append(end)
            elif key not in self._making:
                self._making.add(key)
                found += self._made(end, end.value.node)
                self._making.discard(key)
        return found

    def _made(self, end: End, call: ast.Call) -> list[End]:
        file, func = end.value.file, call.func
        name = file.qualified(func)
        if name in WRAPPERS and call.args:
            return self.objects(end.value.at(call.args[0]), end.path)
        if isinstance(func, ast.Attribute) and func.attr in SELF_RETURNING and not name:
            return self.objects(end.value.at(func.value), end.path)
        if (prepared := _prepared(call, end.path)) is not None:
            return self.objects(end.value.at(prepared), end.path[1:])
        if (entered := self.entered(end.value)) is None:
            return [end]
        return [o for v in self.returned(entered) for o in self.objects(v, end.path)]

    def entered(self, call: Value) -> tuple[Symbol, Frame] | None:
        """The project's function that a call runs, as that call; not classes nor objects."""
        if call not in self._entered:
            entered = None if self.exhausted else self._enter(call)
            self._entered[call] = None if entered and entered[1].too_deep else entered
        return self._entered[call]

    def _enter(self, call: Value) -> tuple[Symbol, Frame] | None:
        assert isinstance(call.node, ast.Call)
        func = call.node.func
        file = call.file
        if isinstance(func, ast.Attribute) and file.qualified(func) is None:
            match func.value:
                case ast.Call(func=ast.Name(id="super")):
                    found = above(file, func)
                    owner = self_at(call)
                    return (found, Frame(found.node, call, owner)) if found else None
            if (by_class := self._enter_named(call)) is not None:
                return by_class
            owners = list(self.objects(call.at(func.value)))
            if len(owners) != 1 or (cls := class_of(owners[0].value)) is None or owners[0].path:
                return None
            method = family(cls).method(func.attr)
            if method is None or is_opaque(method):
                return None
            return method, Frame(method.node, call, owners[0].value)
        return self._enter_named(call)

    @staticmethod
    def _enter_named(call: Value) -> tuple[Symbol, Frame] | None:
        """A function by its name, a static or class method by its class: `Net.from_scratch()`."""
        assert isinstance(call.node, ast.Call)
        found = symbol_of(call.file, call.node.func)
        if found is None or not isinstance(found.node, FUNCTIONS) or is_opaque(found):
            return None
        if found.file.path.parent == STUBS:
            return None
        if found.file.owner(found.node) is not None:
            decorators = {File.dotted(decorator) for decorator in found.node.decorator_list}
            if decorators.isdisjoint(("staticmethod", "classmethod")):
                return None
        return found, Frame(found.node, call)

    def returned(self, entered: tuple[Symbol, Frame]) -> list[Value]:
        """What the function returns, inside its call."""
        symbol, frame = entered
        found = []
        for node in sorted(returns(symbol.file, symbol.node), key=position):
            value = Value(symbol.file, node, frame)
            runs = self._branches.run(value, node)
            if runs is not False and not is_none(node):
                found.append(value)
            if runs:
                break
        return found


def constant(value: Value) -> object:
    """The one constant that an expression stands for, or Ellipsis."""
    found = {
        end.value.node.value if isinstance(end.value.node, ast.Constant) else ...
        for end in Trace().ends(value)
    }
    return found.pop() if len(found) == 1 else ...


def _prepared(call: ast.Call, path: Path) -> ast.expr | None:
    """What Accelerate's `prepare` or Fabric's `setup` gives back: its arguments, one by one."""
    match call.func:
        case ast.Attribute(attr="prepare" | "setup" | "setup_module", value=holder):
            who = (File.dotted(holder) or "").rpartition(".")[2].lower()
            if not any(word in who for word in ("accelerator", "fabric")):
                return None
            place = path[0] if path else 0
            if isinstance(place, int) and place < len(call.args) and (path or len(call.args) == 1):
                return call.args[place]
    return None


def _is_any(frame: Frame) -> bool:
    """Whether the frame is the `__init__` of some instance of a class, no one can say which."""
    made_by_init = getattr(frame.function, "name", "") == "__init__"
    return made_by_init and frame.owner is not None and isinstance(frame.owner.node, ast.arg)


def _but_none(found: list[End]) -> list[End]:
    """The ends other than None, if there are any: `criterion or CrossEntropyLoss()`."""
    return [end for end in found if not is_none(end.value.node)] or found
