"""The trail of a value back to the weights a tape is asked for, as far as the tape recorded it.

Facts of TensorFlow 2.21 and Keras 3.15, each run: `tf.round`, `floor`, `ceil`, `argmax`, casts to
integers, comparisons, `tf.Variable(value)`, metrics and everything of numpy give None;
`tf.constant(tensor)`, `tf.convert_to_tensor` and `tf.sign` do not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from ..model.additions import put_into
from ..model.models import class_lineage, layers, within
from ..model.modes import argument
from ..source.infer import (
    Origin,
    argument_for,
    calls_of,
    default_of,
    function_of,
    origins,
    reaching,
    returns,
)
from ..source.names import framework
from ..source.project import Symbol
from ..source.walk import FUNCTIONS, Binding, File
from .tape_blocks import Taken, same_model
from .tapes import GRADIENT_METHODS, VARIABLES
from .trails import NOWHERE, UNSEEN, At, Break, Contact, Frame, Trail, Why, union

_DEPTH = 4  # functions within functions
_STEPS = 600


# What hands out values, not tensors.
_VALUE_METHODS = frozenset("numpy item tolist".split())
_VALUE_CALLS = frozenset(
    (
        "float int bool keras.ops.convert_to_numpy keras.backend.get_value keras.backend.eval "
        "tensorflow.numpy_function tensorflow.make_ndarray tensorflow.Variable "
    ).split()
)
_STEP_WORDS = frozenset(
    (
        "argmax argmin argsort round rint floor ceil equal not_equal greater greater_equal less "
        "less_equal logical_and logical_or logical_not one_hot"
    ).split()
)
_INTEGERS = re.compile(r"u?int(8|16|32|64)|bool")
_CALLERS = frozenset("map_fn vectorized_map scan while_loop foldl foldr cond function".split())
_PLAIN_BUILTINS = frozenset(
    "abs sum max min pow list tuple zip enumerate sorted reversed dict set next iter".split()
)
_NO_TENSOR = frozenset("len range isinstance print str id type hasattr callable".split())
_NO_TENSOR_ATTRIBUTES = frozenset("shape dtype ndim name rank".split())
_SETTINGS = frozenset("args arg flags hp hps hparams config cfg conf opt options params".split())
# What is given outputs and runs no model that is trained, by what people call it.
_TAKES_OUTPUTS = re.compile(
    r"loss|crit|cost|entropy|objective|mse|mae|bce|disc|adversary|^(net_?)?d$", re.IGNORECASE
)


class Tracer:
    """Follows values back to what one gradient call asks for."""

    def __init__(self, asked: Taken, contact: Contact) -> None:
        self.asked = asked
        self.contact = contact
        self._active: set[tuple[ast.AST, tuple[int, ...], Frame | None]] = set()
        self._steps = 0

    def trail(self, at: At) -> Trail:
        """Where the value of an expression leads back to."""
        key = (at.node, at.path, at.frame)
        self._steps += 1
        if key in self._active:
            return NOWHERE  # what needs itself adds nothing
        if self._steps > _STEPS:
            return UNSEEN
        self._active.add(key)
        try:
            return self._step(at)
        finally:
            self._active.discard(key)

    def _unknown(self, at: At, inputs: Trail = NOWHERE) -> Trail:
        """What nobody can look into: it may lead anywhere, but only where the tape records."""
        if self._recorded(at) or self._mentions(at):
            return inputs._replace(unseen=True)
        return inputs

    def _all(self, at: At, nodes: Iterable[ast.AST]) -> Trail:
        return union(self.trail(at.to(node)) for node in nodes)

    def _recorded(self, at: At) -> bool:
        if at.frame is not None and at.frame.function in at.file.ancestors(at.node):
            return at.frame.recorded
        return at.file is self.asked.file and self.asked.holds(at.node)

    def _operation(self, at: At, inputs: Trail) -> Trail:
        """The result of an operation of TensorFlow on these inputs."""
        return inputs if self._recorded(at) else inputs.lost(Why.OUTSIDE, at)

    def _step(self, at: At) -> Trail:
        match at.node:
            case ast.Name():
                return self._name(at, at.node)
            case ast.Attribute():
                return self._attribute(at, at.node)
            case ast.Call():
                return self._call(at, at.node)
            case ast.BinOp(left=left, right=right):
                return self._operation(at, self._all(at, [left, right]))
            case ast.UnaryOp(op=op, operand=operand):
                inner = self._all(at, [operand])
                return inner.lost(Why.STEPS, at) if isinstance(op, ast.Not) else inner
            case ast.Compare(left=left, comparators=others):
                return self._all(at, [left, *others]).lost(Why.STEPS, at)
            case ast.IfExp(body=body, orelse=orelse):
                return union([self.trail(at._replace(node=n)) for n in (body, orelse)])
            case ast.BoolOp(values=values):
                return self._all(at, values)
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                if at.path and at.path[0] < len(items):
                    return self.trail(at.to(items[at.path[0]], at.path[1:]))
                return self._all(at, [*items, *put_into(at.file, at.node)])
            case ast.Dict(values=values):
                return self._all(at, [*values, *put_into(at.file, at.node)])
            case ast.ListComp(elt=item) | ast.SetComp(elt=item) | ast.GeneratorExp(elt=item):
                return self._all(at, [item, *put_into(at.file, at.node)])
            case ast.DictComp(value=item):
                return self._all(at, [item])
            case ast.Subscript(value=value) | ast.Starred(value=value):
                return self._all(at, [value])
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                return self.trail(at._replace(node=value))
            case ast.Constant() | ast.JoinedStr() | ast.FormattedValue():
                return NOWHERE
        return self._unknown(at)

    # -- names ---------------------------------------------------------------------------------

    def _name(self, at: At, node: ast.Name) -> Trail:
        if at.frame is None and node.id in self.contact.names:
            return Trail(reaches=True)
        bindings = reaching(at.file, node)
        if not bindings:
            return self._unknown(at) if at.file.star_imports else NOWHERE
        return union(self._binding(at, node, binding) for binding in bindings)

    def _binding(self, at: At, node: ast.Name, binding: Binding) -> Trail:
        bound = at.to(binding.node)
        if binding.kind == "assign" and binding.value is not None:
            return self.trail(at.to(binding.value, (*binding.path, *at.path)))
        if binding.kind == "augment" and binding.value is not None:
            return self.trail(at.to(binding.value))
        if binding.kind == "for" and binding.value is not None:
            return self.trail(at.to(binding.value))
        if binding.kind == "parameter":
            return self._parameter(at, binding.node)
        if binding.kind in ("def", "class"):
            return NOWHERE
        if binding.kind == "import":
            return NOWHERE if framework(at.file.qualified(node) or "") else self._unknown(bound)
        return self._unknown(bound)

    def _parameter(self, at: At, parameter: ast.AST) -> Trail:
        assert isinstance(parameter, ast.arg)
        function = at.file.enclosing(parameter, *FUNCTIONS, ast.Lambda)
        if not isinstance(function, FUNCTIONS):
            return UNSEEN
        if at.frame is not None and function is at.frame.function:
            given = at.frame.given.get(parameter.arg)
            if given is not None:
                return self.trail(given)
            default = default_of(function, parameter)
            return self.trail(at.to(default)) if default is not None else NOWHERE
        if parameter.arg in self.contact.names:
            return Trail(reaches=True)
        callee = Symbol(at.file, function)
        handed = [argument_for(callee, call, parameter) for call in calls_of(at.file, function)]
        # Called from elsewhere it gets what no tape in this function recorded.
        return union(self.trail(At(at.file, value, None)) for value in handed if value is not None)

    def _attribute(self, at: At, node: ast.Attribute) -> Trail:
        if node.attr in _NO_TENSOR_ATTRIBUTES:
            return NOWHERE
        name = at.file.dotted(node) or ""
        if at.frame is None and name in self.contact.names:
            return Trail(reaches=True)
        if (node.attr in VARIABLES or node.attr == "losses") and self._is_trained(at, node.value):
            return Trail(reaches=True)
        if framework(at.file.qualified(node) or ""):
            return NOWHERE
        root = name.partition(".")[0]
        if root.lower().strip("_") in _SETTINGS:
            return NOWHERE
        if root in ("self", "cls"):
            return self._own_attribute(at, node, name)
        held = self._all(at, [node.value])
        return self._unknown(at) if held.empty else held

    def _own_attribute(self, at: At, node: ast.Attribute, name: str) -> Trail:
        function = at.file.function(node)
        around = at.file.inside(function, nested=False) if function is not None else at.file.index
        here = [
            assign.value
            for assign in around[ast.Assign]
            for target in assign.targets
            if at.file.dotted(target) == name
        ]
        if here:
            return self._all(at, here)
        return union(self._assigned_before(end, node) for end in origins(at.file, node))

    def _assigned_before(self, end: Origin, node: ast.Attribute) -> Trail:
        """What an attribute was given when its object was made, long before any tape."""
        if isinstance(end.node, ast.Constant):
            return NOWHERE
        if end.node is node or not isinstance(end.node, (ast.expr, ast.arg)):
            return UNSEEN
        function = end.file.enclosing(end.node, *FUNCTIONS)
        if not isinstance(function, FUNCTIONS) or function.name not in ("__init__", "build"):
            return UNSEEN
        if isinstance(end.node, ast.arg):
            return NOWHERE
        return self.trail(At(end.file, end.node))

    # -- calls ---------------------------------------------------------------------------------

    def _call(self, at: At, call: ast.Call) -> Trail:
        func = call.func
        name = at.file.qualified(func) or ""
        if not name and isinstance(func, ast.Name) and at.file.scope(func).find(func.id) is None:
            name = func.id
        handed = [*call.args, *(keyword.value for keyword in call.keywords)]
        match func:
            case ast.Attribute(attr="predict" | "predict_on_batch", value=model):
                if self._is_trained(at, model) and function_of(at.file, func) is None:
                    return Trail(breaks=(Break(Why.VALUES, at.file, call),))
        if self._runs_trained(at, func):
            if self._recorded(at):
                return Trail(reaches=True)
            return Trail(breaks=(Break(Why.OUTSIDE, at.file, call),))
        if isinstance(func, ast.Attribute) and not framework(name) and not name:
            return self._method(at, call, func, handed)
        if name in _NO_TENSOR:
            return NOWHERE
        inputs = self._all(at, handed)
        if name in _VALUE_CALLS or name.startswith(("numpy.", "math.")):
            return inputs.lost(Why.VALUES, at)
        last = name.rpartition(".")[2]
        if framework(name) in ("tensorflow", "keras"):
            return self._framework_call(at, call, last, inputs)
        if name in _PLAIN_BUILTINS:
            return inputs
        return self._helper(at, call, inputs)

    def _framework_call(self, at: At, call: ast.Call, last: str, inputs: Trail) -> Trail:
        if last == "stop_gradient":
            return NOWHERE
        if last in _CALLERS or any(isinstance(item, ast.Lambda) for item in call.args):
            return self._unknown(at, inputs)
        if last in ("cast", "saturate_cast") and self._to_integer(at.file, call):
            return inputs.lost(Why.STEPS, at)
        if last == "where":
            condition = argument(call, "condition", 0)
            rest = [item for item in call.args if item is not condition]
            rest += [k.value for k in call.keywords if k.value is not condition]
            return self._operation(at, self._all(at, rest))
        if last in _STEP_WORDS:
            return inputs.lost(Why.STEPS, at)
        return self._operation(at, inputs)

    @staticmethod
    def _to_integer(file: File, call: ast.Call) -> bool:
        dtype = argument(call, "dtype", 1)
        match dtype:
            case ast.Constant(value=str(word)):
                return _INTEGERS.fullmatch(word) is not None
            case ast.Attribute(attr=word):
                return _INTEGERS.fullmatch(word) is not None
        return False

    def _method(self, at: At, call: ast.Call, func: ast.Attribute, handed: list[ast.expr]) -> Trail:
        if func.attr in _VALUE_METHODS:
            return self._all(at, [func.value]).lost(Why.VALUES, at)
        if func.attr in GRADIENT_METHODS and handed:
            return self._operation(at, self._all(at, handed[:1]))
        if (helped := self._entered(at, call)) is not None:
            return helped
        receiver = self._all(at, [func.value])
        inputs = self._all(at, handed)
        if not receiver.empty and not receiver.unseen:
            return self._operation(at, union([receiver, inputs]))
        return self._helper(at, call, inputs)

    def _helper(self, at: At, call: ast.Call, inputs: Trail) -> Trail:
        """A call of something that is neither TensorFlow's nor a method of a tensor."""
        if (helped := self._entered(at, call)) is not None:
            return helped
        if self._is_metric(at, call.func):
            return inputs.lost(Why.VALUES, at)
        if self._takes_outputs(at, call):
            return self._operation(at, inputs)
        return self._unknown(at, inputs)

    def _entered(self, at: At, call: ast.Call) -> Trail | None:
        """What a function of the project returns, given what this call hands over."""
        callee = function_of(at.file, call.func)
        depth = at.frame.depth + 1 if at.frame is not None else 1
        if callee is None or not isinstance(callee.node, FUNCTIONS) or depth > _DEPTH:
            return None
        inside = callee.file.inside(callee.node, nested=False)
        if inside[ast.Yield] or "custom_gradient" in map(_last, callee.node.decorator_list):
            return UNSEEN
        args = callee.node.args
        frame = Frame(callee.node, self._recorded(at), depth)
        for parameter in (*args.posonlyargs, *args.args, *args.kwonlyargs):
            if (value := argument_for(callee, call, parameter)) is not None:
                frame.given[parameter.arg] = at.to(value)
        found = returns(callee.file, callee.node)
        if not found or args.vararg or args.kwarg:
            return UNSEEN
        return union(self.trail(At(callee.file, value, frame, at.path)) for value in found)

    # -- who is called -------------------------------------------------------------------------

    def _meant(self, at: At, node: ast.expr) -> tuple[File, ast.expr, bool]:
        """An expression in the terms of the function that takes the gradient, if it can be."""
        while at.frame is not None and isinstance(node, ast.Name):
            bindings = reaching(at.file, node)
            given = at.frame.given.get(node.id)
            if given is None or [b.kind for b in bindings] != ["parameter"]:
                break
            assert isinstance(given.node, ast.expr)
            at, node = given, given.node
        return at.file, node, at.frame is None

    def _is_trained(self, at: At, node: ast.expr) -> bool:
        """Whether an expression is the model whose weights are asked for, or a part of it."""
        model = self.contact.model
        if model is None:
            return False
        file, node, here = self._meant(at, node)
        if file is not self.asked.file:
            return False
        whole, name = file.dotted(model) or "", file.dotted(node)
        if name is None or file.qualified(node) is not None:
            return False
        if not here and name.partition(".")[0] != "self" and file.function(node) is not None:
            scope = file.scope(node).find(name.partition(".")[0])
            if scope is not None and scope.node is not file.tree:
                return False  # another function's name
        return same_model(file, model, node) or whole.startswith(f"{name}.")

    def _mentions(self, at: At) -> bool:
        """Whether an expression names the model, a part of it, or something that holds it."""
        if self.contact.model is None:
            return True
        inside = at.file.inside(at.node)
        return any(
            self._is_trained(at, node)
            for node in (*inside[ast.Name], *inside[ast.Attribute])
            if not isinstance(at.file.parent(node), ast.Attribute)
        )

    def _runs_trained(self, at: At, func: ast.expr) -> bool:
        """Whether a call of `func` runs the model or a part, not one of its methods."""
        if not self._is_trained(at, func):
            return False
        model = self.contact.model
        if not isinstance(func, ast.Attribute) or model is None:
            return True
        if function_of(at.file, func) is not None:
            return False
        return File.dotted(func) == File.dotted(model) or bool(layers(at.file, func).layers)

    def _is_metric(self, at: At, func: ast.expr) -> bool:
        ends = origins(at.file, func)
        return all(end.callee.startswith("keras.metrics.") for end in ends)

    def _takes_outputs(self, at: At, call: ast.Call) -> bool:
        """Whether a call surely leads to the weights by its arguments alone."""
        if any(self._is_trained(at, item) for item in call.args):
            return False
        name = at.file.dotted(call.func) or ""
        owner, _, last = name.rpartition(".")
        model = self.contact.model
        whole = (File.dotted(model) if model is not None else None) or ""
        called_a_loss = _TAKES_OUTPUTS.search(last) is not None
        # A method of what holds the model may run it, unless it is seen to be something else.
        if called_a_loss and (not owner or owner.partition(".")[0] != whole.partition(".")[0]):
            return True
        ends = origins(at.file, call.func)
        if called_a_loss and (
            last.startswith("comp") or all(end.node is not call.func for end in ends)
        ):
            return True
        if all(
            end.callee.startswith("keras.losses.") or "keras.losses.Loss" in end.types
            for end in ends
        ):
            return True
        found = layers(at.file, call.func)
        if model is None or not found.layers or not found.complete:
            return False
        mine = {layer.node for layer in layers(self.asked.file, model).layers}
        theirs = [inner for layer in found.layers for inner in within(layer)]
        return bool(mine) and not any(
            inner.node in mine or (inner.cls and not class_lineage(inner.cls).complete)
            for inner in theirs
        )


def _last(node: ast.expr) -> str:
    return (File.dotted(node) or "").rpartition(".")[2]
