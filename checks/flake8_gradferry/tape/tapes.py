"""What a tf.GradientTape is, what its gradients are, and what becomes of them.

Facts of TensorFlow 2.21 and Keras 3.15: `gradient`, `jacobian` and `batch_jacobian` each use up a
tape that is not persistent; entering the tape again (`with tape:`) makes it new.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..source.callframes import Path
from ..source.infer import Origin, lineage, origins, reaching
from ..source.names import framework
from ..source.walk import File

GRADIENT_METHODS = frozenset(("gradient", "jacobian", "batch_jacobian"))
TAPE = "tensorflow.GradientTape"
_GRADIENT_FUNCTIONS = frozenset(
    ("tensorflow.gradients", "tensorflow.compat.v1.gradients", "keras.backend.gradients")
)
VARIABLES = frozenset(
    (
        "trainable_variables trainable_weights variables weights non_trainable_variables "
        "non_trainable_weights"
    ).split()
)
# Methods that give back gradients in the shape in which they got them.
_KEEPING = frozenset("all_reduce get_unscaled_gradients reduce batch_reduce_to".split())
# Optimizers of these packages derive from Keras' own.
_KERAS_EXTENSIONS = frozenset(("tensorflow_addons", "horovod", "official", "keras_nlp"))
_DEPTH = 12


# -- tapes ---------------------------------------------------------------------------------------


def makes_tape(file: File, node: ast.AST) -> bool:
    """Whether an expression is `tf.GradientTape(...)` itself."""
    return isinstance(node, ast.Call) and file.qualified(node.func) == TAPE


def is_persistent(call: ast.Call) -> bool | None:
    """What a `tf.GradientTape(...)` call says about persistence, None where it cannot be seen."""
    value: ast.expr | None = call.args[0] if call.args else None
    for keyword in call.keywords:
        if keyword.arg in ("persistent", None):
            value = keyword.value
    match value:
        case None:
            return False
        case ast.Constant(value=bool(persistent)):
            return persistent
    return None


def is_tape(file: File, node: ast.expr) -> bool:
    """Whether an expression is a tape: made by TensorFlow, or an unknown one called `tape`."""
    wrapped = isinstance(node, ast.Name) and any(
        wraps_tape(binding.value) is not None for binding in reaching(file, node)
    )
    return wrapped or any(map(_ends_in_tape, origins(file, node)))


def wraps_tape(node: ast.AST | None) -> ast.Name | None:
    """The tape that `hvd.DistributedGradientTape(tape)` wraps to average its gradients."""
    match node:
        case ast.Call(func=func, args=[ast.Name() as tape, *_]):
            name = File.dotted(func) or ""
            return tape if name.rpartition(".")[2] == "DistributedGradientTape" else None
    return None


def _ends_in_tape(origin: Origin) -> bool:
    match origin.node:
        case ast.withitem(context_expr=manager):
            return is_tape(origin.file, manager)
        case ast.Call(func=func):
            name = origin.file.dotted(func) or ""
            return makes_tape(origin.file, origin.node) or name.endswith("GradientTape")
        case ast.arg(arg=name) | ast.Name(id=name) | ast.Attribute(attr=name):
            return "tape" in name.lower()
    return False


# -- gradients -----------------------------------------------------------------------------------


def is_gradient_call(file: File, node: ast.AST) -> bool:
    """Whether a call computes gradients: `tape.gradient(...)`, `tf.gradients(...)`."""
    if not isinstance(node, ast.Call):
        return False
    func = node.func
    if isinstance(func, ast.Attribute) and func.attr in GRADIENT_METHODS:
        return is_tape(file, func.value)
    return file.qualified(func) in _GRADIENT_FUNCTIONS


def gradients(file: File, node: ast.expr) -> ast.Call | None:
    """The call that computed the gradients of which an expression holds nothing else.

    One gradient or any nest of them, clipped, scaled or copied; None where the expression may be
    something else, such as (gradient, variable) pairs.
    """
    return _Gradients().of(file, node)


class _Gradients:
    def __init__(self) -> None:
        self._active: set[ast.AST] = set()

    def of(self, file: File, node: ast.expr) -> ast.Call | None:
        if node in self._active or len(self._active) > _DEPTH:
            return None
        self._active.add(node)
        try:
            return self._all(self._ending(end) for end in origins(file, node) if not _blank(end))
        finally:
            self._active.discard(node)

    @staticmethod
    def _all(found: Iterator[ast.Call | None]) -> ast.Call | None:
        """The first, provided that there is none without."""
        calls = list(found)
        return calls[0] if calls and None not in calls else None

    def _any(self, file: File, nodes: list[ast.expr]) -> ast.Call | None:
        return next(filter(None, (self.of(file, node) for node in nodes)), None)

    def _ending(self, end: Origin) -> ast.Call | None:
        file = end.file
        match end.node:
            case ast.Call():
                return self._call(file, end.node, end.path)
            case ast.ListComp(elt=item) | ast.GeneratorExp(elt=item):
                return None if isinstance(item, ast.Tuple) else self.of(file, item)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return self._all(self.of(file, item) for item in items)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return self._all(self.of(file, side) for side in (left, right))
            case ast.BinOp(left=left, right=right):
                return self._any(file, [left, right])
            case ast.UnaryOp(operand=inner) | ast.Subscript(value=inner):
                return self.of(file, inner)
            case ast.For(iter=source) | ast.comprehension(iter=source):
                return self._item(file, source, end.path)
        return None

    def _call(self, file: File, call: ast.Call, path: Path) -> ast.Call | None:
        if is_gradient_call(file, call):
            return call
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        name = file.qualified(call.func) or file.dotted(call.func) or ""
        match name:
            case "tensorflow.clip_by_global_norm" if path[:1] in ((), (0,)):
                return self._any(file, arguments[:1])
            case "tensorflow.clip_by_global_norm":
                return None
            case "list" | "tuple" | "reversed" if len(arguments) == 1:
                return self.of(file, arguments[0])
            case "map" | "filter" if len(arguments) == 2:
                function, items = arguments
                if isinstance(function, ast.Lambda) and isinstance(function.body, ast.Tuple):
                    return None
                seen = isinstance(function, (ast.Lambda, ast.Constant))
                return self.of(file, items) if seen else None
        if framework(name) == "tensorflow":
            return self._any(file, arguments)
        if isinstance(call.func, ast.Attribute) and call.func.attr in _KEEPING:
            return self._any(file, arguments)
        return None

    def _item(self, file: File, source: ast.expr, path: Path) -> ast.Call | None:
        """Of what a loop over `source` yields, the part at `path`."""
        for end in origins(file, source):
            match end.node:
                case ast.Call(func=ast.Name(id="zip"), args=items) if path and not end.path:
                    place = path[0]
                    if not isinstance(place, int) or place >= len(items):
                        return None
                    if any(isinstance(i, ast.Starred) for i in items):
                        return None
                    return self._item(end.file, items[place], path[1:])
                case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]) if path:
                    return self._item(end.file, inner, path[1:]) if path[0] == 1 else None
        return self.of(file, source) if not path else None


def _blank(end: Origin) -> bool:
    """What stands in for a gradient that is not there, or not yet."""
    match end.node:
        case ast.Constant(value=None) | ast.List(elts=[]):
            return True
        case ast.Call(func=func):
            return end.file.qualified(func) in ("tensorflow.zeros_like", "tensorflow.zeros")
    return False


def sources(file: File, call: ast.Call) -> str:
    """What a gradient was taken for, as written, or "variables" where that is no plain name."""
    nodes = [keyword.value for keyword in call.keywords if keyword.arg in ("sources", "xs")]
    nodes += call.args[1:2]
    return (file.dotted(nodes[0]) if nodes else None) or "variables"


# -- variables and optimizers --------------------------------------------------------------------


def variables(file: File, node: ast.expr) -> bool:
    """Whether an expression is surely the variables of a model: `net.trainable_variables`."""
    ends = origins(file, node)
    return bool(ends) and all(map(_ends_in_variables, ends))


def _ends_in_variables(end: Origin) -> bool:
    match end.node:
        case ast.Attribute(attr=name):
            return name in VARIABLES
        case ast.Call(func=ast.Attribute(attr="watched_variables")):
            return True
        case ast.Call(func=func):
            return end.file.qualified(func) == "tensorflow.Variable"
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return variables(end.file, left) and variables(end.file, right)
        case ast.List(elts=items) | ast.Tuple(elts=items) if items:
            return all(variables(end.file, item) for item in items)
        case ast.Subscript(value=whole):
            return variables(end.file, whole)
    return False


def given_pairs(call: ast.Call) -> list[ast.expr]:
    """What a call of `apply_gradients` is given, in place or as `grads_and_vars`."""
    return [*call.args, *(k.value for k in call.keywords if k.arg == "grads_and_vars")]


def applies_others(file: File, call: ast.Call) -> bool:
    """Whether the function applies other gradients as well."""
    function = file.function(call)
    return any(
        other is not call and file.function(other) is function
        for other in file.calls_by_name["apply_gradients"]
    )


def used_elsewhere(file: File, loop: ast.AST, grads: ast.Name, made: ast.AST) -> bool:
    """Whether a loop does anything else with gradients than what `grads` stands for."""
    return any(
        name is not grads
        and name.id == grads.id
        and isinstance(name.ctx, ast.Load)
        and any(binding.node is made for binding in reaching(file, name))
        for name in file.inside(loop)[ast.Name]
    )


def takes_pairs(file: File, optimizer: ast.expr) -> bool:
    """Whether `apply_gradients` of this object is Keras' own, as far as can be seen.

    What cannot be seen is judged by how the program calls it: `self.opt`, `g_optimizer`.
    """
    return all(_is_optimizer(end, optimizer) for end in origins(file, optimizer))


def _is_optimizer(end: Origin, written: ast.expr) -> bool:
    if (symbol := end.cls) is not None and isinstance(symbol.node, ast.ClassDef):
        family = lineage(symbol.file, symbol.node)
        if family.method("apply_gradients") is not None:
            return False
        return family.derives("keras.optimizers.Optimizer")
    if isinstance(end.node, ast.Call) and not end.path:
        name = end.callee or end.file.dotted(end.node.func) or ""
        root, last = name.partition(".")[0], name.rpartition(".")[2]
        if framework(name):
            return framework(name) != "torch"
        if root in _KERAS_EXTENSIONS:
            return True
        if last[:1].isupper():  # somebody's own class, of which nothing can be seen
            return False
    elif isinstance(end.node, ast.Constant) and end.node.value is None:
        return True
    name = (File.dotted(written) or "").rpartition(".")[2].lower()
    return "opt" in name or name in ("adam", "sgd", "rmsprop")
