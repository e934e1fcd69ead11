"""How the events of a training loop are written: which call or assignment is which event."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

from ..source.infer import attribute_values, lineage
from ..source.project import Symbol
from ..source.walk import File
from .events import Kind
from .frames import (
    BUILTINS,
    HARMLESS_METHODS,
    LIBRARIES,
    Where,
    callee_of,
    is_closure,
    is_of_tensor,
    is_super,
    owner,
    self_of,
    thing,
)
from .graph import ENGINES
from .things import Role, Thing, is_scaler, role, role_by_name

# `zero_grad` under other names: Paddle's, Chainer's, and those of people's own helpers.
CLEARS = re.compile(
    r"(zero|reset|clear|clean|flush|null|none)\w*grad|grads?_(zero|reset|clear)", re.IGNORECASE
)
_LOSS = re.compile(r"loss|err|cost|obj|^l$|^e$", re.IGNORECASE)
# Names of methods that may train or change the object they belong to.
_DEEDS = re.compile(
    r"train|step|update|optimi|reset|clear|zero|fit|learn|backward|epoch|run", re.IGNORECASE
)
_HARMLESS_ROOTS = LIBRARIES | frozenset(sys.stdlib_module_names)


class Spelt(NamedTuple):
    """An event as a call or assignment spells it."""

    kind: Kind
    thing: Thing
    through: Thing | None = None
    involved: tuple[Thing, ...] = ()


def is_harmless(name: str | None) -> bool:
    """Whether a full dotted name is that of a library that leaves training to the user."""
    return name is not None and name.partition(".")[0] in _HARMLESS_ROOTS


# -- calls -----------------------------------------------------------------------------------------


def of_call(call: ast.Call, where: Where) -> Spelt | None:
    """The event that a call is by its name; None where it has to be followed."""
    name = where.file.qualified(call.func)
    if name is not None and (found := _by_full_name(name, call, where)) is not None:
        return found
    if is_harmless(name) or not isinstance(call.func, ast.Attribute):
        return None
    return _by_verb(call.func, call, where)


def _by_full_name(name: str, call: ast.Call, where: Where) -> Spelt | None:
    first = call.args[0] if call.args else None
    if first is None:
        return None
    last = name.rpartition(".")[2]
    if last.startswith("clip_grad_"):
        return Spelt(Kind.CLIP, owner(first, where))
    if name == "torch.autograd.backward":
        several = isinstance(first, ast.List | ast.Tuple) and first.elts
        return Spelt(Kind.BACKWARD, thing(several[0] if several else first, where))
    if last == "optimizer_step":  # torch_xla
        return Spelt(Kind.STEP, thing(first, where), thing(call.func, where))
    return None


def _by_verb(func: ast.Attribute, call: ast.Call, where: Where) -> Spelt | None:
    receiver, first = func.value, call.args[0] if call.args else None
    if is_super(receiver):
        return None
    match func.attr:
        case "backward":
            return _backward(receiver, first, where)
        case "manual_backward" if first is not None:
            return Spelt(Kind.BACKWARD, thing(first, where), thing(receiver, where))
        case "step":
            return _step(receiver, first, where)
        case "zero_grad":
            return Spelt(Kind.ZERO, thing(receiver, where))
        case "train" | "eval":
            return _mode(func, call, where)
        case "unscale_" if first is not None:
            return Spelt(Kind.UNSCALE, thing(first, where), thing(receiver, where))
        case "update" if is_scaler(scaler := thing(receiver, where)):
            return Spelt(Kind.UPDATE, scaler)
        case "clip_grad_norm_" | "clip_grad_value_":
            return Spelt(Kind.CLIP, owner(first or receiver, where))
    if func.attr.endswith("_") and (whose := grad_owner(receiver)) is not None:
        kind = Kind.ZERO if func.attr in ("zero_", "fill_") else Kind.WRITE
        return Spelt(kind, owner(whose, where))
    return None


def _backward(receiver: ast.expr, first: ast.expr | None, where: Where) -> Spelt | None:
    file, tensor = where.file, thing(receiver, where)
    if file.dotted(receiver) in ("self", "cls"):
        return None
    if first is not None and (
        ENGINES.search(tensor.name) or _LOSS.search(file.dotted(first) or "")
    ):
        return Spelt(Kind.BACKWARD, thing(first, where), tensor)
    if not _LOSS.search(tensor.name) and _defines_backward(file):
        return None
    return Spelt(Kind.BACKWARD, tensor)


def _step(receiver: ast.expr, first: ast.expr | None, where: Where) -> Spelt | None:
    stepping = thing(receiver, where)
    what = role(stepping)
    if what is Role.OPTIMIZER:
        plain = first is None or is_closure(first, where)
        return Spelt(Kind.STEP, stepping) if plain else None
    if first is not None:
        stepped = thing(first, where)
        if what is Role.SCALER or role(stepped) is Role.OPTIMIZER:
            return Spelt(Kind.STEP, stepped, stepping)
    return Spelt(Kind.SCHEDULE, stepping) if what is Role.SCHEDULER else None


def _mode(func: ast.Attribute, call: ast.Call, where: Where) -> Spelt | None:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if len(given) > (func.attr == "train"):
        return None
    callee = callee_of(func, where)
    if callee is not None:
        cls = callee.file.owner(callee.node)
        if cls is None or not lineage(callee.file, cls).is_torch_module:
            return None
    off = func.attr == "eval" or any(
        isinstance(value, ast.Constant) and not value.value for value in given
    )
    return Spelt(Kind.EVAL if off else Kind.TRAIN, thing(func.value, where))


def of_unseen_call(call: ast.Call, where: Where) -> Spelt | None:
    """The event that a call is which cannot be followed: a clearing by its name, a model's
    forward pass, or something opaque."""
    func, file = call.func, where.file
    name = file.qualified(func)
    if is_harmless(name):
        return None
    last = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if CLEARS.search(last):
        return Spelt(Kind.ZERO, Thing("", file, func))
    if name is None and isinstance(func, ast.Name) and func.id in BUILTINS:
        return None
    if isinstance(func, ast.Attribute) and (last in HARMLESS_METHODS or is_of_tensor(func)):
        return None
    if _is_model(func, where):
        return Spelt(Kind.FORWARD, thing(func, where))
    if isinstance(func, ast.Attribute):
        model = thing(func.value, where)
        if last in ("forward", "__call__", "module") and role(model) is Role.MODEL:
            return Spelt(Kind.FORWARD, model)
    involved = tuple(gets_hold_of(call, where))
    return Spelt(Kind.OPAQUE, thing(func, where), involved=involved) if involved else None


def _is_model(func: ast.expr, where: Where) -> bool:
    """Whether what is called is a model, not a method or part of one."""
    if isinstance(func, ast.Call) or role(thing(func, where)) is not Role.MODEL:
        return False
    if not isinstance(func, ast.Attribute):
        return True
    return role(thing(func.value, where)) is not Role.MODEL


def gets_hold_of(call: ast.Call, where: Where) -> Iterator[Thing]:
    """The models, optimizers, losses and holders of such that a call is given."""
    func, file = call.func, where.file
    if isinstance(func, ast.Attribute):
        if is_super(func.value):
            yield self_of(where)
        elif file.dotted(func.value) in ("self", "cls"):
            if _is_hidden_method(func, file):
                yield thing(func.value, where)
        elif _DEEDS.search(func.attr) and (holder := thing(func.value, where)).key:
            yield holder
    items: list[ast.expr] = [*call.args, *(keyword.value for keyword in call.keywords)]
    while items:
        item = items.pop(0)
        match item:
            case ast.Starred() | ast.Await():
                items.append(item.value)
            case ast.Tuple() | ast.List() | ast.Set():
                items += item.elts
            case ast.Dict():
                items += item.values
            case ast.Call(func=ast.Attribute(value=model, attr="parameters")):
                items.append(model)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                given = thing(item, where)
                matters = role(given) in (Role.MODEL, Role.OPTIMIZER)
                if matters or file.dotted(item) == "self" or _LOSS.search(given.name):
                    yield given


def _is_hidden_method(func: ast.Attribute, file: File) -> bool:
    """Whether `self.x` may be a method of a base class that cannot be seen."""
    cls = file.method_class(func)
    if cls is None or lineage(file, cls).complete:
        return False
    return not attribute_values(Symbol(file, cls), func.attr)


def _defines_backward(file: File) -> bool:
    """Whether a class of the file has a `backward` of its own that is not autograd's."""
    return any(
        "backward" in file.methods(cls)
        and not lineage(file, cls).derives("torch.autograd.Function")
        for cls in file.index[ast.ClassDef]
    )


# -- assignments -----------------------------------------------------------------------------------


def of_assignment(
    target: ast.expr, node: ast.Assign | ast.AnnAssign | ast.AugAssign, where: Where
) -> Spelt | None:
    """The event that an assignment to one target is."""
    if (whose := grad_owner(target)) is not None:
        kind = Kind.ZERO if _leaves_nothing(node) else Kind.WRITE
        return Spelt(kind, owner(whose, where))
    if isinstance(node.value, ast.Constant | ast.BinOp | ast.Compare):
        return None
    called = where.file.dotted(node.value.func) if isinstance(node.value, ast.Call) else ""
    is_instance = (called or "").rpartition(".")[2][:1].isupper()
    made = thing(target, where)
    if is_instance or role_by_name(made) in (Role.OPTIMIZER, Role.MODEL):
        return Spelt(Kind.CREATE, made)
    return None


def grad_owner(node: ast.expr) -> ast.expr | None:
    """`p` of `p.grad`, `p.grad.data` or `p.grad[...]`."""
    while True:
        match node:
            case ast.Attribute(attr="grad", value=whose):
                return whose
            case ast.Attribute(attr="data", value=inner) | ast.Subscript(value=inner):
                node = inner
            case ast.Call(func=ast.Attribute(attr="detach" | "detach_", value=inner)):
                node = inner
            case _:
                return None


def _leaves_nothing(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> bool:
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
