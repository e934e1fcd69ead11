"""Where control is on its way from a flow's root, and what the names there stand for."""

from __future__ import annotations

import ast
import builtins
from typing import NamedTuple

from ..source.infer import argument_for, function_of, origins
from ..source.names import framework
from ..source.project import Symbol
from ..source.walk import FUNCTIONS, File, Function, remembered
from .graph import CUTTING_METHODS, KEEPING_METHODS
from .things import Thing, is_made_in_sight, is_near

# Methods of modules, tensors and containers that run nothing of interest.
HARMLESS_METHODS = frozenset(
    (
        "parameters named_parameters state_dict load_state_dict modules named_modules children "
        "named_children named_buffers buffers to cuda cpu float half double append extend item "
        "size keys values items get format add_scalar add_scalars add_graph watch requires_grad_ "
        "share_memory register_forward_hook add_param_group"
    ).split()
)


# Libraries whose functions neither train nor clear what they are given.
LIBRARIES = frozenset(
    (
        "torch torchvision torchaudio torchmetrics torchtext numpy scipy matplotlib pandas tqdm "
        "sklearn cv2 PIL wandb tensorboardX tensorboard einops seaborn mlflow"
    ).split()
)
BUILTINS = frozenset(dir(builtins))
TENSOR_METHODS = KEEPING_METHODS | CUTTING_METHODS - {"backward"}

# Every torch module or tensor has these: one class in the file that has them proves nothing.
_MODULES_OWN = frozenset("train eval zero_grad backward forward apply type".split())


class Frame(NamedTuple):
    """A function that is being walked, and how its names read in the root's terms."""

    root: File
    file: File
    function: ast.AST  # a function, or the module
    names: dict[str, Thing]  # parameters, as the caller passed them
    prefix: str  # what its own names start with, "" in the root
    outer: Frame | None  # the function around it, where that is being walked too


class Where(NamedTuple):
    """Where a statement stands on the way from the root."""

    frame: Frame
    loops: tuple[ast.AST, ...] = ()
    branches: tuple[tuple[ast.AST, str], ...] = ()
    contexts: tuple[str, ...] = ()
    depth: int = 0  # how many calls below the root
    outside: int = 0  # how many of the loops are around the call of this frame
    at: ast.AST | None = None  # the call in the root's file that led into another one

    @property
    def file(self) -> File:
        return self.frame.file

    def arm(self, node: ast.AST, arm: str) -> Where:
        """One of the ways on from a branching node."""
        return self._replace(branches=(*self.branches, (node, arm)))


# -- objects ---------------------------------------------------------------------------------------


def thing(node: ast.expr, where: Where) -> Thing:
    """The object that an expression means, in the terms of the flow's root."""
    match node:
        case ast.Name():
            found = _passed(node.id, where.frame)
            return found or Thing(_own_key(node.id, where.frame), where.file, node)
        case ast.Attribute():
            inner = thing(node.value, where).key
            return Thing(f"{inner}.{node.attr}" if inner else "", where.file, node)
        case ast.Subscript(slice=ast.Constant(value=index)):
            inner = thing(node.value, where).key
            return Thing(f"{inner}[{index!r}]" if inner else "", where.file, node)
        case ast.Call(func=ast.Attribute(attr="scale"), args=[argument]):
            return thing(argument, where)  # `scaler.scale(loss)`
        case ast.Call(func=ast.Attribute(attr="train" | "eval" | "to" | "cuda", value=value)):
            return thing(value, where)
    return Thing("", where.file, node)


def self_of(where: Where) -> Thing:
    """The object whose method is being walked."""
    node = ast.Name("self", ast.Load())
    return _passed("self", where.frame) or Thing("self", where.file, node)


def owner(node: ast.expr, where: Where) -> Thing:
    """Whose parameters an expression runs through: `p` of `for p in model.parameters()`.

    The key is "" where it is not the parameters of a whole object.
    """
    if isinstance(node, ast.Name):
        scope = where.file.scope(node).find(node.id)
        for binding in scope.bindings[node.id] if scope else []:
            if binding.kind == "for" and binding.value is not None:
                node = binding.value
                break
    for call in where.file.inside(node)[ast.Call]:
        match call.func:
            case ast.Attribute(attr="parameters" | "named_parameters", value=model):
                return thing(model, where)
    return Thing("", where.file, node)


def _passed(name: str, frame: Frame | None) -> Thing | None:
    """The caller's object that a parameter stands for."""
    while frame is not None:
        if name in frame.names:
            return frame.names[name]
        if name in frame.file.scope_of(frame.function).bindings:
            return None
        frame = frame.outer
    return None


def _own_key(name: str, frame: Frame) -> str:
    inner: Frame | None = frame
    while inner is not None:
        if isinstance(inner.function, FUNCTIONS):
            scope = inner.file.scope_of(inner.function)
            if name in scope.bindings and name not in scope.elsewhere:
                return inner.prefix + name
        inner = inner.outer
    return name if frame.file is frame.root else f"{frame.file.path.stem}:{name}"


# -- calls -----------------------------------------------------------------------------------------


def frame_of(callee: Symbol, call: ast.Call, where: Where) -> Frame:
    """The frame in which a call runs a function."""
    file, function = callee.file, callee.node
    assert isinstance(function, FUNCTIONS)
    names: dict[str, Thing] = {}
    arguments = function.args
    for parameter in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if parameter.arg in ("self", "cls") and file.owner(function) is not None:
            receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
            if receiver is not None:
                names[parameter.arg] = (
                    self_of(where) if is_super(receiver) else thing(receiver, where)
                )
        elif (argument := argument_for(callee, call, parameter)) is not None:
            names[parameter.arg] = thing(argument, where)
    outer: Frame | None = where.frame
    around = file.function(function)
    while outer is not None and outer.function is not around:
        outer = outer.outer
    return Frame(where.frame.root, file, function, names, f"{function.name}():", outer)


def callee_of(func: ast.expr, where: Where) -> Symbol | None:
    """The function of the project that a call of `func` runs, where that costs no inference."""
    file = where.file
    if isinstance(func, ast.Name) and func.id in BUILTINS and func.id not in file.rebound:
        return None if func.id not in file.imports else function_of(file, func)
    if (name := file.qualified(func)) is not None or not isinstance(func, ast.Attribute):
        is_library = name is not None and name.partition(".")[0] in LIBRARIES
        return None if is_library else function_of(file, func)
    if func.attr in HARMLESS_METHODS or is_of_tensor(func):
        return None
    if not is_super(func.value) and file.dotted(func.value) not in ("self", "cls"):
        owners = origins(file, func.value) if is_near(func.value) else []
        if len(owners) != 1 or not is_made_in_sight(owners[0]):
            return _only_method(file, func)
        if framework(owners[0].callee):
            return None  # `step` of torch's own optimizer is no method of the file
    return function_of(file, func) or _only_method(file, func)


def is_of_tensor(func: ast.Attribute) -> bool:
    """Whether a method has the name of one of tensors, and does not belong to `self`."""
    if func.attr not in TENSOR_METHODS:
        return False
    return not isinstance(func.value, ast.Name) or func.value.id not in ("self", "cls")


def is_super(node: ast.expr) -> bool:
    """Whether an expression is `super()`."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super"


def is_closure(node: ast.expr, where: Where) -> bool:
    """Whether an argument is a function, which the callee may run."""
    if isinstance(node, ast.Lambda):
        return True
    if not isinstance(node, ast.Name):
        return isinstance(node, ast.Attribute) and "closure" in node.attr
    scope = where.file.scope(node).find(node.id)
    bindings = scope.bindings[node.id] if scope else []
    return "closure" in node.id or any(binding.kind == "def" for binding in bindings)


def _only_method(file: File, func: ast.Attribute) -> Symbol | None:
    """The method of that name, where one class of the file has it and its object is unseen."""
    found = _methods_by_name(file).get(func.attr, [])
    return Symbol(file, found[0]) if len(found) == 1 and func.attr not in _MODULES_OWN else None


@remembered
def _methods_by_name(file: File) -> dict[str, list[Function]]:
    by_name: dict[str, list[Function]] = {}
    for cls in file.index[ast.ClassDef]:
        for name, method in file.methods(cls).items():
            by_name.setdefault(name, []).append(method)
    return by_name
