"""A Python value rebound after `tf.function` has traced the function that reads it.

## Why

SILENT. `tf.function` runs the Python code once, to trace it; numbers, flags and objects that it
reads from outside are in the graph from then on. In PyTorch, which runs the Python code each time,
the next step sees the new value. Measured on TensorFlow 2.21: after the rate is set from 0.1 to 0.5
the step still moves the weight by 0.1; a `tf.Variable` that is assigned to moves it by 0.5. `fit`
traces `train_step` too: a weight that a callback sets (`self.model.beta = ...`) stays as it was.

## Bad

```python
import tensorflow as tf

weight = tf.Variable(1.0)
rate = 0.1


@tf.function
def step():
    weight.assign_sub(rate * 1.0)


for epoch in range(2):
    before = float(weight)
    step()
    moved = before - float(weight)
    rate = rate * 5  # XFR802
```

## Good

```python
import tensorflow as tf

weight = tf.Variable(1.0)
rate = tf.Variable(0.1)


@tf.function
def step():
    weight.assign_sub(rate * 1.0)


for epoch in range(2):
    before = float(weight)
    step()
    moved = before - float(weight)
    rate.assign(rate * 5)
```

## When it stays quiet

- The value is a `tf.Variable`, an argument of the function, or cannot be seen to be a Python
  number, string or optimizer.
- No call of the function is seen both before and after it is rebound.
- A call passes Python numbers that change: each new one is traced anew, with the values of then.

- A callback sets an attribute of a model that no traced step is seen to read, or a model is
  compiled with `run_eagerly`.

## Fix

Pass the value as a tensor, or hold it in a `tf.Variable(..., trainable=False)` and `assign` to it.
The learning rate of a Keras optimizer is such a variable already: `optimizer.learning_rate = 0.5`.

## Seen at run time

`training_smoke`: `compiled` (the traced step differs from the eager one).

## References

- https://www.tensorflow.org/guide/function#depending_on_python_global_and_free_variables
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from ...objects.kinds import Kind, kind, uses_tensorflow
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Path
from ...source.infer import Origin, calls_of, lineage, origins, self_assignments
from ...source.traced import traced, wrapped_names
from ...source.turns import within
from ...source.walk import FUNCTIONS, LOOPS, File, Function, position

rule = Rule(
    __name__,
    name="rebound-after-tracing",
    message="{function}() keeps the {value} it was traced with (SILENT); use a tf.Variable",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

# What Keras calls while `fit` runs, and the methods that it traces.
_HOOKS = ("on_epoch_", "on_batch_", "on_train_batch_")
_STEPS = ("train_step", "call", "compute_loss", "test_step")
_NUMBERS = frozenset("abs bool float int len max min pow round sum".split())


class Store(NamedTuple):
    """A place where a value gets another one, or a call that comes past such a place."""

    node: ast.AST
    value: str  # as the user names it


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for function in traced(file):
        for store, calls in [*rebound_names(file, function), *rebound_attributes(file, function)]:
            if not retraced(file, calls) and is_between(file, store.node, calls, function):
                yield rule.at(store.node, function=function.name, value=store.value)


# -- names ---------------------------------------------------------------------------------------


def rebound_names(file: File, function: Function) -> Iterator[tuple[Store, list[ast.Call]]]:
    """The rebindings of names that the function reads from around it, and the function's calls."""
    calls = runs(file, function)
    names = {name.id: name for name in read_from_outside(file, function)} if calls else {}
    for name, read in names.items():
        scope = file.scope(read).find(name)
        assert scope is not None
        for binding in scope.bindings[name]:
            match binding.kind:
                case "for":
                    number = counts(binding.value, binding.path)
                case "assign" | "augment":
                    number = not binding.path and is_number(file, binding.value, name)
                case _:
                    number = False
            if number:
                yield Store(binding.node, name), calls


def read_from_outside(file: File, function: Function) -> Iterator[ast.Name]:
    """The names in the body that are bound by the module or a function around, not by a class."""
    start = position(function.body[0])
    for name in file.inside(function)[ast.Name]:
        if isinstance(name.ctx, ast.Load) and position(name) >= start:
            scope = file.scope(name).find(name.id)
            if scope is None or any(above is function for above in file.ancestors(scope.node)):
                continue
            if scope.node is not function and isinstance(scope.node, (ast.Module, *FUNCTIONS)):
                yield name


def runs(file: File, function: Function) -> list[ast.Call]:
    """The calls of the traced function."""
    calls = calls_of(file, function)
    for name in wrapped_names(file, function):
        calls = calls + [
            call
            for call in file.calls_by_name.get(name, ())
            if any(origin.node is function for origin in origins(file, call.func))
        ]
    return list(dict.fromkeys(calls))


# -- attributes ----------------------------------------------------------------------------------


def rebound_attributes(file: File, method: Function) -> Iterator[tuple[Store, list[ast.Call]]]:
    """The rebindings of attributes of `self` that the method reads, and its calls beside them."""
    cls = file.owner(method)
    if cls is None:
        return
    inside = file.inside(method)[ast.Attribute]
    read = {node.attr for node in inside if isinstance(node.ctx, ast.Load) and is_self(node.value)}
    for target in file.index[ast.Attribute]:
        if not isinstance(target.ctx, ast.Store) or target.attr not in read:
            continue
        written, setter = file.function(target), target.value
        if written is method or not is_set_to_number(file, target):
            continue
        if is_self(setter) and file.method_class(target) is not cls:
            continue
        if not is_self(setter) and not is_instance(file, setter, cls):
            continue
        statement, holder = file.statement(target), file.dotted(setter)
        yield Store(statement, target.attr), calls_on(file, holder, method.name)
        if is_self(setter) and written is not None and written.name not in ("__init__", "build"):
            for call in file.calls_by_name.get(written.name, ()):
                if isinstance(call.func, ast.Attribute):
                    beside = calls_on(file, file.dotted(call.func.value), method.name)
                    yield Store(call, target.attr), beside


def is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def is_instance(file: File, node: ast.expr, cls: ast.ClassDef) -> bool:
    made = [origin.cls_in_sight for origin in origins(file, node)]
    return all(symbol is not None and symbol.node is cls for symbol in made)


def calls_on(file: File, holder: str | None, method: str) -> list[ast.Call]:
    """The calls of a method on the object of this name."""
    return [
        call
        for call in file.calls_by_name.get(method, ())
        if holder is not None and file.dotted(call.func) == f"{holder}.{method}"
    ]


def is_set_to_number(file: File, target: ast.Attribute) -> bool:
    match file.statement(target):
        case ast.Assign(targets=[only], value=value) if only is target:
            return is_number(file, value, file.dotted(target))
        case ast.AugAssign(value=value):
            return is_number(file, value, file.dotted(target))
    return False


# -- callbacks -----------------------------------------------------------------------------------


@rule.node(ast.Module)
def check_callbacks(file: File, tree: ast.Module) -> Iterator[Finding]:
    """What a Keras callback sets on the model while `fit` runs the step it traced before."""
    if not uses_tensorflow(file) or is_eager(file):
        return
    for target in file.index[ast.Attribute]:
        if isinstance(target.ctx, ast.Store) and file.dotted(target.value) == "self.model":
            hook, cls = file.function(target), file.method_class(target)
            if hook is None or cls is None or not hook.name.startswith(_HOOKS):
                continue
            if lineage(file, cls).derives("keras.callbacks.Callback"):
                for reader in traced_readers(file, target.attr):
                    yield rule.at(file.statement(target), function=reader, value=target.attr)


def traced_readers(file: File, name: str) -> Iterator[str]:
    """The step that `fit` traces in a Keras model which has an attribute and reads it there."""
    for cls in file.index[ast.ClassDef]:
        methods = file.methods(cls)
        steps = [step for step in _STEPS if step in methods]
        if not steps or name not in self_assignments(file, cls):
            continue
        if not lineage(file, cls).is_keras_model:
            continue
        for step in steps:
            run = [methods[step], *own_calls(file, methods, methods[step])]
            if any(
                node.attr == name and isinstance(node.ctx, ast.Load) and is_self(node.value)
                for method in run
                for node in file.inside(method)[ast.Attribute]
            ):
                yield f"{cls.name}.{step}"
                return


def own_calls(file: File, methods: dict[str, Function], step: Function) -> Iterator[Function]:
    """The methods of the same class that a method calls."""
    for call in file.inside(step)[ast.Call]:
        match call.func:
            case ast.Attribute(attr=name, value=ast.Name(id="self")) if name in methods:
                yield methods[name]


def is_eager(file: File) -> bool:
    """Whether some model is compiled to run as Python."""
    return any(
        keyword.arg == "run_eagerly"
        for call in file.calls_by_name.get("compile", ())
        for keyword in call.keywords
    ) or any("run_functions_eagerly" in name for name in file.calls_by_name)


# -- values --------------------------------------------------------------------------------------


def is_number(file: File, value: ast.expr | None, own: str | None) -> bool:
    """Whether a value is a Python number, flag or string, or an optimizer, as far as is seen.

    `own` is the name that is bound: `rate = rate * 0.5` is a number if 0.5 is.
    """
    match value:
        case ast.Constant(value=constant):
            return isinstance(constant, (bool, int, float, str))
        case ast.UnaryOp(operand=operand):
            return is_itself(file, operand, own) or is_number(file, operand, own)
        case ast.BinOp(left=left, right=right):
            return all(
                is_itself(file, side, own) or is_number(file, side, own) for side in (left, right)
            )
        case ast.IfExp(body=body, orelse=orelse):
            return is_number(file, body, own) and is_number(file, orelse, own)
        case ast.Call(func=ast.Name(id=name)) if name in _NUMBERS and name not in file.rebound:
            return True
        case ast.Call(func=ast.Attribute(attr="numpy" | "item"), args=[]):
            return True
        case ast.Name() | ast.Attribute() | ast.Call():
            return all(ends_in_number(origin) for origin in origins(file, value)) or (
                kind(file, value) is Kind.KERAS_OPTIMIZER
            )
    return False


def is_itself(file: File, node: ast.expr, own: str | None) -> bool:
    return own is not None and file.dotted(node) == own


def ends_in_number(origin: Origin) -> bool:
    match origin.node:
        case ast.Constant(value=bool() | int() | float() | str()):
            return not origin.path
        case ast.For(iter=iterated):
            return counts(iterated, origin.path)
    return False


def counts(iterated: ast.expr | None, path: Path) -> bool:
    """Whether a loop's variable is a Python number: of `range(...)`, or first of `enumerate`."""
    match iterated:
        case ast.Call(func=ast.Name(id="range")):
            return not path
        case ast.Call(func=ast.Name(id="enumerate")):
            return path == (0,)
        case ast.Call(func=ast.Name(id="tqdm" | "trange"), args=[inner, *_]):
            return counts(inner, path)
    return False


# -- order ---------------------------------------------------------------------------------------


def retraced(file: File, calls: list[ast.Call]) -> bool:
    """Whether some call passes a Python number that may change, so that each is traced anew."""
    return any(
        not isinstance(argument, ast.Constant) and is_number(file, argument, None)
        for call in calls
        for argument in (*call.args, *(keyword.value for keyword in call.keywords))
    )


def is_between(file: File, store: ast.AST, calls: list[ast.Call], function: Function) -> bool:
    """Whether the function is surely called before a value is rebound, and again after it."""
    here = file.function(store)
    near = [call for call in calls if file.function(call) is here]
    if not near:
        return False
    for loop in loops_around(file, store):
        if within(loop, function):
            return False  # defined, and traced, in every turn
        inside = [call for call in near if loop in loops_around(file, call)]
        if inside and not is_set_anew(file, store, loop, inside):
            return True
    block = file.blocks[file.statement(store)][0]
    beside = [position(call) for call in near if block in list(file.ancestors(call))]
    return any(at < position(store) for at in beside) and any(at > position(store) for at in beside)


def loops_around(file: File, node: ast.AST) -> list[ast.AST]:
    """The loops of the same function in which a node stands; a loop's head is in it."""
    found: list[ast.AST] = [node] if isinstance(node, LOOPS) else []
    for above in file.ancestors(node):
        if isinstance(above, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            break
        if isinstance(above, LOOPS):
            found.append(above)
    return found


def is_set_anew(file: File, store: ast.AST, loop: ast.AST, calls: list[ast.Call]) -> bool:
    """Whether every turn sets the same constant: `training = True` before each step."""
    value = store.value if isinstance(store, ast.Assign) else None
    if not isinstance(value, ast.Constant):
        return False
    return file.blocks[store][0] is loop or any(
        file.blocks[store][0] in list(file.ancestors(call)) for call in calls
    )
