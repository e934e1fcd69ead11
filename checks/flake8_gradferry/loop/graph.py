"""Whether torch's autograd graph runs through a value: what keeps it, what cuts it.

`trails(file, node)` walks a value back through assignments, arithmetic, tensor operations and
helpers in sight, to where it starts. Each trail says where it ends and, if the graph was cut on the
way (`.item()`, `torch.tensor(...)`, `with torch.no_grad()`), where that was.

Source: https://docs.pytorch.org/docs/stable/notes/autograd.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from ..source.bindings import reaching
from ..source.callframes import Path
from ..source.infer import function_of, origins, returns
from ..source.walk import FUNCTIONS, File, remembered
from .things import Role, Thing, role

_DEPTH = 40
_STEPS = 300

# Methods of tensors whose result has left the graph, or is no tensor.
CUTTING_METHODS = frozenset(
    (
        "item detach detach_ numpy tolist argmax argmin argsort size dim numel ndimension long int "
        "bool byte eq ne gt lt ge le new_tensor new_zeros new_ones backward asnumpy"
    ).split()
)
_CUTTING_ATTRIBUTES = frozenset("data shape dtype device requires_grad grad_fn ndim".split())
_CUTTING_BUILTINS = frozenset("float int bool len str repr format print round type id".split())
# Functions that copy numbers into a new tensor without a history.
COPIES = frozenset(
    f"torch.{name}"
    for name in (
        "tensor Tensor FloatTensor DoubleTensor HalfTensor LongTensor IntTensor from_numpy "
        "cuda.FloatTensor cuda.LongTensor"
    ).split()
)
_CUTTING_FUNCTIONS = COPIES | frozenset(
    f"torch.{name}"
    for name in (
        "argmax argmin argsort zeros_like ones_like rand_like randn_like zeros ones rand randn "
        "randint full arange eq ne gt lt ge le equal allclose isnan is_tensor no_grad one_hot "
        "nn.functional.one_hot numel bernoulli multinomial"
    ).split()
)
# Methods that give back a tensor which is still in the graph.
KEEPING_METHODS = frozenset(
    (
        "mean sum view reshape squeeze unsqueeze transpose permute t contiguous clone to cpu cuda "
        "float double half pow sqrt exp log abs neg mul add sub div add_ mul_ sub_ div_ matmul mm "
        "bmm dot norm flatten max min clamp clamp_min sigmoid tanh relu softmax log_softmax expand "
        "expand_as repeat gather index_select masked_select prod std var type type_as square cos "
        "sin unflatten view_as narrow chunk split requires_grad_"
    ).split()
)
_LOSS = re.compile(
    r"loss|crit(?!ic)|cost|xent|entropy|objective|(?:^|_)(?:[bcs]?ce|mse|mae|l1|l2|nll)(?:$|_)",
    re.IGNORECASE,
)
# Contexts and decorators in which nothing is recorded, and those that record again.
_OFF = frozenset(("torch.no_grad", "torch.inference_mode"))
_ON = frozenset(("torch.enable_grad", "torch.set_grad_enabled"))


class Trail(NamedTuple):
    """One way on which a value came: where it starts, and what cut the graph last, if anything."""

    file: File
    end: ast.AST
    cut: ast.AST | None = None


def no_grad_around(file: File, node: ast.AST) -> ast.AST | None:
    """The `with torch.no_grad()` or decorator under which a node surely runs, if any."""
    for above in file.ancestors(node):
        if isinstance(above, ast.With | ast.AsyncWith):
            for item in reversed(above.items):
                if _is(file, item.context_expr, _ON) or node in file.inside(item)[type(node)]:
                    return None
                if _is(file, item.context_expr, _OFF):
                    return above
        elif isinstance(above, FUNCTIONS):
            if any(_is(file, decorator, _ON) for decorator in above.decorator_list):
                return None
            found = next((d for d in above.decorator_list if _is(file, d, _OFF)), None)
            if found is not None:
                return found
    return None


def _is(file: File, node: ast.expr, names: frozenset[str]) -> bool:
    func = node.func if isinstance(node, ast.Call) else node
    return isinstance(func, ast.Name | ast.Attribute) and file.qualified(func) in names


def is_copy(file: File, node: ast.AST) -> bool:
    """Whether an expression copies numbers into a new tensor: `torch.tensor(...)`."""
    return isinstance(node, ast.Call) and file.qualified(node.func) in COPIES


def makes_leaf(call: ast.Call) -> bool:
    """Whether a call asks for gradients to end in its result: `requires_grad=True`."""
    return any(
        keyword.arg == "requires_grad"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is True
        for keyword in call.keywords
    )


def starts_graph(call: ast.Call) -> bool:
    """Whether gradients end in a call's result: a new leaf, or what is made one."""
    return makes_leaf(call) or getattr(call.func, "attr", "") == "requires_grad_"


def is_model_call(file: File, node: ast.AST) -> bool:
    """Whether an expression is a forward pass: `model(x)`, `self.net(x)`, `self(x)`."""
    if not isinstance(node, ast.Call):
        return False
    func = node.func
    if isinstance(func, ast.Attribute) and func.attr in ("forward", "__call__"):
        func = func.value
    if isinstance(func, ast.Name) and func.id == "self":
        return True
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
        # A method of a model is not the model.
        holder = role(Thing(func.value.id, file, func.value))
        if holder is Role.MODEL and func.value.id != "self":
            return False
    return isinstance(func, ast.Name | ast.Attribute) and (
        role(Thing(file.dotted(func) or "", file, func)) is Role.MODEL
    )


def is_loss_call(file: File, call: ast.Call) -> bool:
    """Whether a call computes a loss of its arguments and has no weights of its own."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            pass
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            pass
        case _:
            return False
    if _LOSS.search(name):
        return True
    found = [origin.callee for origin in origins(file, call.func)]
    return bool(found) and all(c.startswith("torch.nn.") and c.endswith("Loss") for c in found)


def parts(file: File, node: ast.expr) -> tuple[list[ast.expr], bool]:
    """The expressions whose graph an expression is made of, and whether it cuts that graph.

    No parts: it is a name, or a call that cannot be judged.
    """
    match node:
        case ast.BinOp(left=left, right=right):
            return [left, right], False
        case ast.UnaryOp(operand=value) | ast.Subscript(value=value) | ast.Starred(value=value):
            return [value], isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        case ast.Await(value=value) | ast.NamedExpr(value=value):
            return [value], False
        case ast.IfExp(body=one, orelse=other):
            return [one, other], False
        case ast.BoolOp(values=items) | ast.Tuple(elts=items) | ast.List(elts=items):
            return items, False
        case ast.ListComp(elt=item) | ast.GeneratorExp(elt=item):
            return [item], False
        case ast.Compare(left=left):
            return [left], True
        case ast.Attribute(value=value, attr=attr):
            return ([value], True) if attr in _CUTTING_ATTRIBUTES else ([], False)
        case ast.Call():
            return _parts_of_call(file, node)
    return [], False


def _parts_of_call(file: File, call: ast.Call) -> tuple[list[ast.expr], bool]:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    func = call.func
    name = file.qualified(func)
    if name is None and isinstance(func, ast.Name):
        if func.id in ("sum", "max", "min"):
            return given, False
        return (given, True) if func.id in _CUTTING_BUILTINS else ([], False)
    if name is not None and name.startswith(("torch.", "numpy.")):
        if name in _CUTTING_FUNCTIONS or name.startswith("numpy."):
            return given, True
        if name == "torch.autograd.Variable":
            return given[:1], False
        makes_module = name.startswith("torch.nn.") and name[9:10].isupper()
        return ([] if makes_module else given), False
    if name is None and isinstance(func, ast.Attribute):
        if func.attr in CUTTING_METHODS:
            return [func.value, *given], True
        if func.attr in KEEPING_METHODS:
            return [func.value, *given], False
    return [], False


@remembered
def trails(file: File, node: ast.expr) -> list[Trail]:
    """The ways on which a value came, losses and helpers in sight looked through."""
    walk = _Walk()
    return list(dict.fromkeys(walk.follow(file, node, None, ())))


class _Walk:
    def __init__(self) -> None:
        self._active: set[ast.AST] = set()
        self._steps = 0

    def follow(
        self, file: File, node: ast.expr, cut: ast.AST | None, path: Path
    ) -> Iterator[Trail]:
        self._steps += 1
        if node in self._active:
            return
        if len(self._active) > _DEPTH or self._steps > _STEPS:
            yield Trail(file, node, cut)
            return
        self._active.add(node)
        yield from self._step(file, node, cut, path)
        self._active.discard(node)

    def _step(self, file: File, node: ast.expr, cut: ast.AST | None, path: Path) -> Iterator[Trail]:
        if isinstance(node, ast.Name):
            yield from self._name(file, node, cut, path)
            return
        match node, path:
            case ast.Tuple(elts=items) | ast.List(elts=items), (int(place), *rest):
                if place < len(items):
                    yield from self.follow(file, items[place], cut, tuple(rest))
                    return
        if cut is None and isinstance(node, ast.Call) and starts_graph(node):
            yield Trail(file, node)
            return
        if cut is None and isinstance(node, ast.Call | ast.BinOp):
            cut = no_grad_around(file, node)
        inner, cuts = parts(file, node)
        if cuts and cut is None and not _may_be_packed(file, node):
            cut = node
        if not inner and is_model_call(file, node):
            assert isinstance(node, ast.Call)
            yield Trail(file, node, cut)
            inner = [*node.args, *(k.value for k in node.keywords)]
        elif not inner and isinstance(node, ast.Call):
            if is_loss_call(file, node) and function_of(file, node.func) is None:
                inner = [*node.args, *(k.value for k in node.keywords if k.arg != "reduction")]
            elif (returned := _returned(file, node)) is not None:
                home, values = returned
                for value in values:
                    yield from self.follow(home, value, cut, path)
                return
        for part in inner:
            yield from self.follow(file, part, cut, ())
        if not inner and not isinstance(node, ast.Constant | ast.JoinedStr):
            yield Trail(file, node, cut)

    def _name(self, file: File, node: ast.Name, cut: ast.AST | None, path: Path) -> Iterator[Trail]:
        bindings = reaching(file, node)
        if not bindings or node.id in _changed_later(file, file.function(node)):
            yield Trail(file, node, cut)
        for binding in bindings:
            if binding.kind in ("assign", "augment") and binding.value is not None:
                inner = cut
                if inner is None and binding.kind == "augment":
                    inner = no_grad_around(file, binding.node)
                yield from self.follow(file, binding.value, inner, (*binding.path, *path))
            else:
                yield Trail(file, binding.node, cut)


def _may_be_packed(file: File, node: ast.expr) -> bool:
    """Whether `.data` may be that of a PackedSequence, which is the tensor with its graph."""
    packs = ("pack_padded_sequence", "pack_sequence", "PackedSequence")
    is_data = isinstance(node, ast.Attribute) and node.attr == "data"
    return is_data and any(name in file.calls_by_name for name in packs)


@remembered
def _changed_later(file: File, function: ast.AST | None) -> frozenset[str]:
    """The names whose objects a function writes into, or asks for gradients: `losses.append(l)`,
    `out[i] = net(x)`, `image.requires_grad = True`."""
    inside = file.inside(function) if function else file.index
    stores: list[ast.Subscript | ast.Attribute] = [*inside[ast.Subscript], *inside[ast.Attribute]]
    names = {
        item.value.id
        for item in stores
        if isinstance(item.value, ast.Name) and isinstance(item.ctx, ast.Store)
    }
    for call in inside[ast.Call]:
        match call.func:
            case ast.Attribute(value=ast.Name(id=name), attr=attr):
                in_place = attr.endswith("_") and attr != "detach_"
                if in_place or attr in ("append", "extend", "insert"):
                    names.add(name)
    return frozenset(names)


def _returned(file: File, call: ast.Call) -> tuple[File, list[ast.expr]] | None:
    """What a helper in sight gives back, with its file."""
    found = function_of(file, call.func)
    if found is None or found.file.inside(found.node, nested=False)[ast.Yield]:
        return None
    values = returns(found.file, found.node)
    return (found.file, values) if values else None


# -- what is backpropagated -----------------------------------------------------------------------

# Receivers whose `backward(loss)` does more than backpropagation.
ENGINES = re.compile(
    r"accelerat|fabric|engine|deepspeed|booster|strategy|optim|scaler|trainer", re.IGNORECASE
)


class Term(NamedTuple):
    """An expression that makes a loss, or is added to one, and what to take out of its tuple."""

    file: File
    node: ast.AST
    path: Path = ()


class Backpropagated(NamedTuple):
    """What the backward passes of a file start from."""

    terms: frozenset[Term]
    names: frozenset[tuple[ast.AST | None, str]]  # function and dotted name they went by


def backward_calls(file: File) -> list[ast.Call]:
    """The calls that look like the start of a backward pass."""
    return [
        call
        for name in ("backward", "manual_backward")
        for call in file.calls_by_name.get(name, [])
    ]


def loss_of(call: ast.Call) -> ast.expr | None:
    """The loss that a `backward` call is about: `loss.backward()`, `accelerator.backward(loss)`,
    `scaler.scale(loss).backward()`; None where it is no backward pass of torch's."""
    match call:
        case ast.Call(func=ast.Attribute(attr="manual_backward"), args=[loss, *_]):
            return loss
        case ast.Call(func=ast.Attribute(value=receiver), args=[first, *_]):
            if _LOSS.search(_last_name(receiver)):
                return receiver
            engine = ENGINES.search(_last_name(receiver)) or _LOSS.search(_last_name(first))
            return first if engine else None
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Attribute(attr="scale"), args=[x]))
        ):
            return x
        case ast.Call(func=ast.Attribute(value=receiver)):
            return receiver
    return None


def _last_name(node: ast.expr) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


@remembered
def backpropagated(file: File) -> Backpropagated:
    """The values on which the file's backward passes are started, with their terms."""
    found: set[Term] = set()
    names: set[tuple[ast.AST | None, str]] = set()
    for call in backward_calls(file):
        for term in terms(file, loss) if (loss := loss_of(call)) is not None else ():
            found.add(term)
            if term.file is file and (name := file.dotted(term.node)) is not None:
                names.add((file.function(term.node), name))
    return Backpropagated(frozenset(found), frozenset(names))


@remembered
def terms(file: File, node: ast.expr) -> list[Term]:
    """The expressions that a sum, mean or multiple of losses is made of, itself included.

    Names are followed to what they hold, helpers looked through; what has left the graph is left
    out, and so are the weights that losses are multiplied with.
    """
    found: dict[Term, None] = {}
    todo = [Term(file, node)]
    while todo and len(found) < _STEPS:
        term = todo.pop()
        home, value = term.file, term.node
        if isinstance(value, ast.AugAssign):
            todo.append(Term(home, value.value))
        if term in found or not isinstance(value, ast.expr) or isinstance(value, ast.Constant):
            continue
        inner, cuts = parts(home, value)
        if cuts:
            continue
        found[term] = None
        if term.path:
            continue
        if isinstance(value, ast.Name):
            augmented = (b for b in reaching(home, value) if b.kind == "augment")
            todo += (Term(home, binding.node) for binding in augmented)
        if not inner and isinstance(value, ast.Name | ast.Attribute | ast.Call):
            todo += (Term(*origin) for origin in origins(home, value))
        if isinstance(value, ast.BinOp) and not isinstance(value.op, ast.Add | ast.Sub):
            inner = [part for part in inner if _seems_loss(part)]
        todo += (Term(home, part) for part in inner)
    return list(found)


def _seems_loss(node: ast.expr) -> bool:
    """Whether a factor has the name of a loss, or is computed by what has one."""
    while isinstance(node, ast.Call):
        func = node.func
        if _LOSS.search(_last_name(func)):
            return True
        node = func.value if isinstance(func, ast.Attribute) else func
    return _LOSS.search(_last_name(node)) is not None


def is_data(trail: Trail) -> bool:
    """Whether a trail ends in what a loop draws from a data loader."""
    end = trail.end
    if not isinstance(end, ast.For | ast.AsyncFor):
        return False
    over = end.iter
    while isinstance(over, ast.Call) and over.args:
        over = over.args[0]  # `enumerate(tqdm(loader))`
    return re.search(r"load|data|batch|train", _last_name(over), re.IGNORECASE) is not None


@remembered
def cuts(file: File, loss: ast.expr) -> tuple[ast.AST, ...]:
    """Where a loss left the graph, if no way is left by which gradients could reach a weight.

    Empty where one way may be open, or nothing that a model said is in it.
    """
    ways = [trail for trail in trails(file, loss) if not is_data(trail)]
    if any(trail.cut is None for trail in ways):
        return ()
    if not any(is_model_call(trail.file, trail.end) for trail in ways):
        return ()
    return tuple(dict.fromkeys(trail.cut for trail in ways if trail.cut is not None))


@remembered
def becomes_leaf(file: File, loss: ast.expr) -> bool:
    """Whether a loss that has left the graph is made to require gradients all the same."""
    asked = isinstance(loss, ast.Name) and _is_asked(file, loss)
    made = _bound(file, loss)
    return bool(made) and all(_is_new_leaf(file, value, asked) for value in made)


def _bound(file: File, node: ast.expr) -> list[ast.AST]:
    """What a name is bound to where it stands, or the expression itself."""
    if not isinstance(node, ast.Name):
        return [node]
    return [binding.value or binding.node for binding in reaching(file, node)]


def _is_loss(file: File, node: ast.expr) -> bool:
    """Whether an expression is what a loss of torch's gave, or its number: `loss.item()`."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr="item" | "detach" | "mean" | "cpu")):
            node = inner
    return any(
        isinstance(made, ast.Call) and is_loss_call(file, made) for made in _bound(file, node)
    )


def _is_new_leaf(file: File, value: ast.AST, asked: bool) -> bool:
    match value:
        case ast.Call(args=[content, *_]) if makes_leaf(value):
            return _is_loss(file, content) or any(
                is_model_call(way.file, way.end) for way in trails(file, content)
            )
        case ast.Call(func=ast.Attribute(attr="requires_grad_", value=content)):
            return bool(cuts(file, content))
        case ast.Call() if (returned := _returned(file, value)) is not None:
            home, values = returned
            bound = [_bound(home, v) for v in values]
            return all(made and all(_is_new_leaf(home, m, asked) for m in made) for made in bound)
        case ast.expr():
            return asked and bool(cuts(file, value))
    return False


def _is_asked(file: File, loss: ast.Name) -> bool:
    """`loss.requires_grad = True`, `loss.requires_grad_()`."""
    return any(
        attribute.attr == "requires_grad_"
        or (attribute.attr == "requires_grad" and isinstance(attribute.ctx, ast.Store))
        for attribute in file.body_of(loss)[ast.Attribute]
        if isinstance(attribute.value, ast.Name) and attribute.value.id == loss.id
    )
