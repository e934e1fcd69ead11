"""What the last operation of a model or expression is: softmax, sigmoid, a bare weighted sum, ...

Followed through names, reshapes, `Sequential` in every spelling, functional Keras models, `forward`
and `call`, factories and classes of other files. Every way a value may have been made is an
`Output` of its own; a way that cannot be seen is `Kind.UNKNOWN`, after which no other is looked
for. A rule that needs certainty asks that all outputs agree.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from ..model.sequences import Item, items
from ..source.callframes import End, Frame, Path, Value, class_of, family, made_by
from ..source.functions import super_call
from ..source.project import Symbol
from ..source.values import Trace, constant
from ..source.walk import File, remembered
from .activations import (
    BY_WORD,
    PROBABILITIES,
    WITH_ACTIVATION,
    Effect,
    Kind,
    of_function,
    of_layer,
    of_method,
)
from .heads import replaced_head


class Output(NamedTuple):
    """One way a value may have been made."""

    kind: Kind
    file: File
    node: ast.AST  # where the activation (or weighted sum) was applied or its layer made
    by: str = ""  # the canonical name of what applied it
    last: bool = True  # False where the value was reshaped, selected or clipped since


_NESTING = 50  # values made from values made from values

Outputs = list[Output]
Argument = Callable[[], Outputs]


@remembered
def outputs(file: File, node: ast.AST) -> Outputs:
    """What the value of an expression may have been made by, each way once."""
    return value_outputs(Value(file, node))


def value_outputs(value: Value) -> Outputs:
    """`outputs`, for an expression inside one call of its function."""
    return _settled(_Flow().of(value)) or [_unknown(value)]


def model_outputs(file: File, node: ast.AST) -> Outputs:
    """What the model that an expression names gives back when it is called."""
    flow = _Flow()
    found: Outputs = []
    for end in flow.trace.objects(Value(file, node)):
        found += flow.applied(end, None, list)
    return _settled(found)


def place(file: File, output: Output) -> str:
    """Where an output was made, as `line 12` or, in another file, `net.py:12`."""
    line = getattr(output.node, "lineno", 0)
    return f"line {line}" if output.file is file else f"{output.file.path.name}:{line}"


_WIDTHS = {"keras.layers.Dense": (0, "units"), "torch.nn.Linear": (1, "out_features")}


def width(output: Output) -> int | None:
    """The size of the last axis, where a dense layer of constant width gave it."""
    place_of_width = _WIDTHS.get(output.by)
    if place_of_width is None or not isinstance(output.node, ast.Call):
        return None
    given = _given(output.node, *place_of_width)
    told = constant(Value(output.file, given)) if given is not None else None
    return told if isinstance(told, int) else None


def agreed(found: Outputs, *kinds: Kind) -> bool:
    """Whether every way leads to one of these kinds."""
    return bool(found) and all(output.kind in kinds for output in found)


def _settled(found: Outputs) -> Outputs:
    unseen = [output for output in found if output.kind is Kind.UNKNOWN]
    return list(dict.fromkeys(unseen or found))


class _Flow:
    def __init__(self) -> None:
        self.trace = Trace()
        self._active: set[tuple[ast.AST, Frame | None, Path]] = set()

    # -- expressions -------------------------------------------------------------------------------

    def of(self, value: Value, path: Path = ()) -> Outputs:
        found: Outputs = []
        for end in list(self.trace.ends(value, path)):
            found += self._end(end)
            if _lost(found):
                break
        return found

    def _end(self, end: End) -> Outputs:
        value, path = end
        key = (value.node, value.frame, path)
        if key in self._active:
            return []  # round a loop: nothing new
        if self.trace.exhausted or len(self._active) > _NESTING:
            return [_unknown(value)]
        self._active.add(key)
        try:
            return self._made(value, path)
        finally:
            self._active.discard(key)

    def _made(self, value: Value, path: Path) -> Outputs:
        match value.node:
            case ast.Call():
                return self._call(value, path)
            case ast.Subscript(value=inner) | ast.Attribute(value=inner, attr="T" | "mT"):
                return _moved(self.of(value.at(inner), path))
            case ast.Attribute(value=inner, attr="data"):
                return self.of(value.at(inner), path)
            case ast.BinOp() as operation:
                return self._arithmetic(value, operation)
            case ast.AugAssign(op=ast.Add() | ast.Sub(), value=added):
                return self._scaled(value, [added])
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self._scaled(value, [inner])
        return [_unknown(value)]

    def _arithmetic(self, value: Value, operation: ast.BinOp) -> Outputs:
        match operation.op:
            case ast.MatMult():
                operands = self.of(value.at(operation.left)) + self.of(value.at(operation.right))
                if any(o.kind in (Kind.SOFTMAX, Kind.SIGMOID) for o in operands):
                    return [_unknown(value)]
                return [Output(Kind.LINEAR, value.file, value.node)]
            case ast.Div() if not isinstance(operation.right, ast.Call):
                return self._scaled(value, [operation.left])
            case ast.Add() | ast.Sub() | ast.Mult():
                return self._scaled(value, [operation.left, operation.right])
        return [_unknown(value)]

    def _scaled(self, value: Value, operands: list[ast.expr]) -> Outputs:
        """Sums, differences and multiples: of weighted sums and numbers still a weighted sum."""
        sums = False
        for operand in operands:
            if _is_number(operand):
                continue
            kinds = {output.kind for output in self.of(value.at(operand))}
            if not kinds <= {Kind.LINEAR, Kind.UNKNOWN}:
                return [_unknown(value)]
            sums |= kinds == {Kind.LINEAR}
        return [Output(Kind.LINEAR if sums else Kind.UNKNOWN, value.file, value.node)]

    # -- calls -------------------------------------------------------------------------------------

    def _call(self, value: Value, path: Path) -> Outputs:
        call = value.node
        assert isinstance(call, ast.Call)
        entered = self.trace.entered(value)
        if entered is not None:
            return self._returned(entered, path)
        func = call.func
        name = made_by(value)
        if name == "torch.nn.parallel.data_parallel" and len(call.args) > 1:
            return self._model(value, call.args[0], call.args[1], path)
        if name and (effect := of_function(name)) is not None:
            found = self._function(value, name, effect)
            return _moved(found) if path else found
        if name:
            return [_unknown(value)]
        first = call.args[0] if call.args else None
        if isinstance(func, ast.Attribute) and value.file.qualified(func) is None:
            if func.attr in ("forward", "call", "predict", "predict_on_batch", "__call__"):
                found = self._model(value, func.value, first, path)
                return _moved(found) if "predict" in func.attr else found
            effect = of_method(func.attr)
            if effect is not None and not self._is_object(value.at(func)):
                return self._effect(value, effect, func.attr, lambda: self.of(value.at(func.value)))
        return self._model(value, func, first, path)

    def _is_object(self, value: Value) -> bool:
        """Whether an attribute was set in sight (`self.softmax`), and is no tensor's method."""
        return any(end.value.node is not value.node for end in self.trace.ends(value))

    def _model(self, value: Value, model: ast.expr, first: ast.expr | None, path: Path) -> Outputs:
        """A layer or model called on something."""
        found: Outputs = []
        for end in list(self.trace.objects(value.at(model))):
            found += self.applied(end, value, self._argument(value, first), path)
            if _lost(found):
                break
        return found

    def _argument(self, value: Value, first: ast.expr | None) -> Argument:
        if first is None:
            return lambda: [_unknown(value)]
        if isinstance(first, ast.List | ast.Tuple):
            parts = [value.at(item) for item in first.elts]
            return lambda: [output for part in parts for output in self.of(part)]
        return lambda: self.of(value.at(first))

    def _returned(self, entered: tuple[Symbol, Frame], path: Path) -> Outputs:
        found: Outputs = []
        for value in self.trace.returned(entered):
            found += self.of(value, path)
            if _lost(found):
                break
        return found or [_unknown(Value(entered[0].file, entered[0].node))]

    def _function(self, value: Value, name: str, effect: Kind | Effect) -> Outputs:
        call = value.node
        assert isinstance(call, ast.Call)
        first = call.args[0] if call.args else call.keywords[0].value if call.keywords else None
        return self._effect(value, effect, name, self._argument(value, first))

    def _effect(self, value: Value, effect: Kind | Effect, by: str, argument: Argument) -> Outputs:
        match effect:
            case Kind():
                return [Output(effect, value.file, value.node, by)]
            case Effect.SAME | Effect.JOINS:
                found = argument()
            case Effect.RESHAPES:
                found = _moved(argument())
            case Effect.SHIFTS:
                found = [o if o.kind is Kind.LINEAR else _unknown(value) for o in argument()]
            case Effect.CLIPS:
                clipped = {Kind.LINEAR: Kind.OTHER}
                found = [o._replace(kind=clipped.get(o.kind, o.kind)) for o in _moved(argument())]
            case Effect.LOGS:
                logs = {Kind.SOFTMAX: Kind.LOG_SOFTMAX, Kind.UNKNOWN: Kind.UNKNOWN}
                found = [o._replace(kind=logs.get(o.kind, Kind.OTHER)) for o in argument()]
        return found or [_unknown(value)]

    # -- layers and models -------------------------------------------------------------------------

    def applied(
        self, made: End, call: Value | None, argument: Argument, path: Path = ()
    ) -> Outputs:
        """What comes out of an object, by the expression that made it, when it is called."""
        value = made.value
        node = value.node
        if made.path:
            return self._chosen(made, argument)
        match node:
            case ast.For():
                return self._last(items(self.trace, value.at(node.iter)), argument, value)
            case ast.Subscript(value=inner):
                # `models[name]`, `layers[i]`: any of them.
                return self._any(items(self.trace, value.at(inner)), argument, value)
            case ast.FunctionDef() | ast.Lambda():
                return self._inner_function(value, call)
            case ast.Name() | ast.Attribute():
                effect = of_function(name := made_by(value))
                return self._effect(value, effect, name, argument) if effect else [_unknown(value)]
            case ast.Call() | ast.arg():
                if (cls := class_of(value)) is not None:
                    return self._instance(value, cls, call, argument, path)
            case _:
                return [_unknown(value)]
        if (head := replaced_head(self.trace, value)) is not None:
            return self._any([Item(head)], lambda: [_unknown(value)], value)
        found = self._layer(value, name := made_by(value), argument, path)
        return _moved(found) if path and name != "keras.Model" else found

    def _chosen(self, made: End, argument: Argument) -> Outputs:
        """`layers[0]`, or an object that a loop takes out of `enumerate(layers)`."""
        value, path = made
        match value.node, path:
            case ast.For(iter=ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_])), (1,):
                return self._last(items(self.trace, value.at(inner)), argument, value)
            case ast.Call() | ast.List(), (int(position),):
                found = items(self.trace, value) or []
                counted = found[: position + 1] if position >= 0 else found[position:]
                known = all(item.value is not None and item.certain for item in counted)
                if known and -len(found) <= position < len(found):
                    return self._last([found[position]], argument, value)
        return [_unknown(value)]

    def _inner_function(self, value: Value, call: Value | None) -> Outputs:
        node = value.node
        frame = Frame(node, call)
        if frame.too_deep:
            return [_unknown(value)]
        if isinstance(node, ast.Lambda):
            return self.of(Value(value.file, node.body, frame))
        return self._returned((Symbol(value.file, node), frame), ())

    def _instance(
        self, value: Value, cls: Symbol, call: Value | None, argument: Argument, path: Path
    ) -> Outputs:
        """An object of a project's class."""
        line = family(cls)
        names = ("forward", "__call__") if line.is_torch_module else ("call", "__call__", "forward")
        for name in names:
            method = line.method(name)
            if method is None:
                continue
            frame = Frame(method.node, call, value)
            if frame.too_deep:
                return [_unknown(value)]
            return self._returned((method, frame), path)
        # `class Net(nn.Sequential)`, `class Net(keras.Model)` around a functional graph.
        for symbol in line.classes:
            assert isinstance(symbol.node, ast.ClassDef)
            init = symbol.file.methods(symbol.node).get("__init__")
            if init is None:
                continue
            above = super_call(symbol.file, init)
            base = next((b for b in line.names if b in _CONTAINERS), "")
            if above is None or not base:
                break
            frame = self.trace.init_frame(value, Symbol(symbol.file, init))
            return self._layer(Value(symbol.file, above, frame), base, argument, path)
        return [_unknown(value)]

    def _layer(self, value: Value, name: str, argument: Argument, path: Path) -> Outputs:
        """An object of a framework's class, made by the call `value`."""
        call = value.node
        if not isinstance(call, ast.Call):
            return [_unknown(value)]
        prefix, _, word = name.rpartition(".")
        match name:
            case "torch.nn.Sequential" | "keras.Sequential":
                return self._last(items(self.trace, value), argument, value)
            case "keras.Model":
                graph = _given(call, 1, "outputs")
                return self.of(value.at(graph), path) if graph else [_unknown(value)]
            case "keras.layers.Activation":
                return self._activation(value, _given(call, 0, "activation"), argument)
            case "keras.layers.TimeDistributed":
                inner = _given(call, 0, "layer")
                ends = list(self.trace.objects(value.at(inner))) if inner else []
                found = [o for end in ends for o in self.applied(end, None, argument)]
                return found or [_unknown(value)]
            case "keras.layers.Lambda":
                return self._lambda(value, _given(call, 0, "function"), argument)
        if prefix == "keras.layers" and word in WITH_ACTIVATION:
            activation = _given(call, WITH_ACTIVATION[word], "activation")
            linear = [Output(Kind.LINEAR, value.file, call, name)]
            if any(keyword.arg is None for keyword in call.keywords):
                return [_unknown(value)]
            return self._activation(value, activation, lambda: linear) if activation else linear
        effect = of_layer(name)
        return [_unknown(value)] if effect is None else self._effect(value, effect, name, argument)

    def _lambda(self, value: Value, function: ast.expr | None, argument: Argument) -> Outputs:
        """`layers.Lambda(lambda x: ...)`: the parameter is whatever the layer is called on."""
        match function:
            case ast.Lambda(args=ast.arguments(args=[parameter]), body=ast.Call() as body):
                inner = value.at(body)
                match body.args:
                    case [ast.Name(id=name), *_] if name == parameter.arg:
                        effect = of_function(by := made_by(inner))
                        return (
                            self._effect(value, effect, by, argument)
                            if effect
                            else [_unknown(value)]
                        )
            case ast.Name() | ast.Attribute():
                effect = of_function(by := made_by(value.at(function)))
                if effect:
                    return self._effect(value, effect, by, argument)
        return [_unknown(value)]

    def _activation(self, value: Value, activation: ast.expr | None, argument: Argument) -> Outputs:
        """Keras' `activation=`: a string, None, a function, or a layer."""
        if activation is None:
            return [_unknown(value)]
        found: Outputs = []
        for end in list(self.trace.ends(value.at(activation))):
            match end.value.node:
                case ast.Constant(value=None):
                    found += argument()
                case ast.Constant(value=str(word)) if word in BY_WORD:
                    kind = BY_WORD[word]
                    by = f"keras.activations.{word}"
                    effect = Effect.SAME if kind is Kind.LINEAR else kind
                    found += self._effect(value, effect, by, argument)
                case ast.Call():
                    found += self._layer(end.value, made_by(end.value), argument, ())
                case _:
                    effect_ = of_function(by := made_by(end.value))
                    found += (
                        self._effect(value, effect_, by, argument) if effect_ else [_unknown(value)]
                    )
        return found

    def _any(self, row: list[Item] | None, argument: Argument, at: Value) -> Outputs:
        """What one layer out of a row, nobody can say which, makes of an argument."""
        found: Outputs = []
        for item in row or [Item(None)]:
            found += self._last([item], argument, at)
            if _lost(found):
                break
        return found

    def _last(self, found: list[Item] | None, argument: Argument, at: Value) -> Outputs:
        """What layers in a row make of an argument, the last one first."""
        result: Outputs = []
        if not found:
            return [_unknown(at)]

        def before(position: int) -> Outputs:
            """What the layers up to `position` give."""
            if position < 0:
                return argument()
            item = found[position]
            given: Outputs = []
            if item.value is None:
                return [_unknown(at)]
            for end in list(self.trace.objects(item.value)):
                given += self.applied(end, None, lambda: before(position - 1))
            if not item.certain:
                given += before(position - 1)
            return given

        result += before(len(found) - 1)
        return result or [_unknown(at)]


_CONTAINERS = ("torch.nn.Sequential", "keras.Sequential", "keras.Model")


def _lost(found: Outputs) -> bool:
    """Whether the answer is settled: there is a way that cannot be seen."""
    return any(output.kind is Kind.UNKNOWN for output in found)


def _unknown(value: Value) -> Output:
    return Output(Kind.UNKNOWN, value.file, value.node)


def _moved(found: Outputs) -> Outputs:
    return [output._replace(last=False) for output in found]


def _given(call: ast.Call, position: int, keyword: str) -> ast.expr | None:
    """An argument by its place or name."""
    for item in call.keywords:
        if item.arg == keyword:
            return item.value
    head = call.args[: position + 1]
    if len(head) > position and not any(isinstance(item, ast.Starred) for item in head):
        return head[position]
    return None


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=int() | float()):
            return True
        case ast.UnaryOp(operand=ast.Constant()):
            return True
    return False


__all__ = [
    "PROBABILITIES",
    "Kind",
    "Output",
    "agreed",
    "model_outputs",
    "outputs",
    "place",
    "value_outputs",
    "width",
]
