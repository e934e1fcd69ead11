"""Python that runs once, at tracing, inside a `tf.function`.

## Why

SILENT. A `tf.function` runs its Python once for each kind of input and then only the graph: what
numpy or `random` drew is a constant, a counter has counted to one, a list has got one symbolic
tensor. Measured on TensorFlow 2.21, three calls: the same `np.random` value three times, one
`append`, a counter that is 1. torch has no such split.

## Bad

```python
import numpy as np
import tensorflow as tf

seen = []


@tf.function
def noisy(x):
    seen.append(x)  # XFR610
    return x + np.random.rand()  # XFR610


values = [float(noisy(tf.constant(1.0))) for _ in range(3)]
```

## Good

```python
import tensorflow as tf

seen = []


@tf.function
def noisy(x):
    return x + tf.random.uniform(())


values = []
for _ in range(3):
    x = tf.constant(1.0)
    seen.append(x)
    values.append(float(noisy(x)))
```

## When it stays quiet

- `print`, logging, and counters that are named for tracing (`trace_count`): they are written to
  show when a function is traced.
- Lists that are made inside the function, or asked before (`if not state: state.append(...)`).
- Functions inside the function (`tf.py_function` runs them each time), `with tf.init_scope()`.
- Draws that are seeded there, or that are written as `tf.constant(...)`.

## Fix

`tf.random.uniform`, a `tf.Variable` with `assign_add`, and returning what is to be kept.

## Seen at run time

`training_smoke` with your own `step`: `compiled` (the graph's results are not those of eager mode).

## References

- https://www.tensorflow.org/guide/function#executing_python_side_effects
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import function_of, lineage, reaching, self_assignments
from ...source.walk import FUNCTIONS, File, Function, remembered

rule = Rule(
    __name__,
    name="python-side-effect-in-graph",
    message="{what} runs once, when {function} is traced (SILENT); {instead}",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)

_STEPS = frozenset(("train_step", "test_step"))
_ON_PURPOSE = re.compile(r"trac|compil|retrac|python|n_calls|call_count|side", re.IGNORECASE)
_DRAWS = ("numpy.random.", "random.")
_NO_DRAW = frozenset(("seed", "default_rng", "RandomState", "get_state", "set_state", "getstate"))
_CLOCKS = frozenset(("time.time", "time.perf_counter", "time.monotonic", "datetime.datetime.now"))


@rule.node(ast.FunctionDef)
def check(file: File, function: ast.FunctionDef) -> Iterator[Finding]:
    if (function.decorator_list or function.name in _STEPS) and is_traced(file, function):
        yield from effects(file, function)


@rule.call("tensorflow.function")
def check_wrapped(file: File, call: ast.Call) -> Iterator[Finding]:
    wrapped = function_of(file, call.args[0]) if call.args else None
    if wrapped is not None and wrapped.file is file and isinstance(wrapped.node, FUNCTIONS):
        yield from effects(file, wrapped.node)


def is_traced(file: File, function: Function) -> bool:
    """Whether a function surely runs as a graph: decorated, or a `train_step` that `fit` runs."""
    for decorator in function.decorator_list:
        named = decorator.func if isinstance(decorator, ast.Call) else decorator
        if file.qualified(named) == "tensorflow.function":
            return True
    if function.name not in _STEPS or runs_eagerly(file):
        return False
    cls = file.owner(function)
    if cls is None:
        return False
    family = lineage(file, cls)
    # Who asks for `.numpy()` calls the method by hand.
    by_hand = any(
        isinstance(call.func, ast.Attribute) and call.func.attr == "numpy"
        for call in file.inside(function)[ast.Call]
    )
    return family.is_keras_model and not by_hand and "tensorflow" in roots(file)


@remembered
def roots(file: File) -> frozenset[str]:
    """The packages that a file imports."""
    return frozenset(target.partition(".")[0] for target in file.imports.values())


@remembered
def runs_eagerly(file: File) -> bool:
    """Whether the file asks Keras or TensorFlow to run everything eagerly."""
    return (
        any(keyword.arg == "run_eagerly" for keyword in file.index[ast.keyword])
        or any(node.attr == "run_eagerly" for node in file.index[ast.Attribute])
        or "run_functions_eagerly" in file.calls_by_name
    )


def effects(file: File, function: Function) -> Iterator[Finding]:
    """The Python in a traced function, inner functions left out, that is meant for each call."""
    inside = file.inside(function, nested=False)
    name = function.name
    seeded = any((file.qualified(c.func) or "").endswith("random.seed") for c in inside[ast.Call])
    for call in inside[ast.Call]:
        drawn = file.qualified(call.func) or ""
        if drawn.startswith(_DRAWS) and drawn.rpartition(".")[2] not in _NO_DRAW:
            if seeded or is_constant(file, call):
                continue
            what = f"{file.dotted(call.func)}()"
            yield rule.at(call, what=what, function=name, instead="use tf.random")
        elif drawn in _CLOCKS:
            what = f"{file.dotted(call.func)}()"
            yield rule.at(call, what=what, function=name, instead="time the call outside")
        elif is_outer_list(file, function, call) and not is_asked_first(file, function, call):
            what = file.dotted(call.func) or "append"
            yield rule.at(call, what=what, function=name, instead="return the value")
    for augmented in inside[ast.AugAssign]:
        counter = file.dotted(augmented.target)
        if (
            counter
            and not is_lifted(file, augmented)
            and is_counter(file, function, augmented, counter)
        ):
            what = f"{counter} {'+' if isinstance(augmented.op, ast.Add) else '-'}= ..."
            yield rule.at(augmented, what=what, function=name, instead="use a tf.Variable")


def is_constant(file: File, draw: ast.Call) -> bool:
    """Whether what is drawn is called a constant: `tf.constant(np.random.randn(3))`."""
    above = file.parent(draw)
    return isinstance(above, ast.Call) and file.qualified(above.func) == "tensorflow.constant"


def is_outer_list(file: File, function: Function, call: ast.Call) -> bool:
    """Whether a call appends to a list that was made outside the function."""
    match call.func:
        case ast.Attribute(attr="append", value=ast.Name() as holder):
            bindings = reaching(file, holder)
            return bool(bindings) and all(
                isinstance(binding.value, ast.List) and function not in file.ancestors(binding.node)
                for binding in bindings
            )
        case ast.Attribute(
            attr="append", value=ast.Attribute(value=ast.Name(id="self"), attr=attr) as holder
        ):
            made = values_of(file, holder, attr)
            return bool(made) and all(isinstance(value, ast.List) for value in made)
    return False


def is_asked_first(file: File, function: Function, call: ast.Call) -> bool:
    """Whether the list is tested before: `if not state: state.append(tf.Variable(x))` is meant to
    run once, as variables are made."""
    assert isinstance(call.func, ast.Attribute)
    holder = file.dotted(call.func.value)
    for above in file.ancestors(call):
        if above is function:
            return False
        if isinstance(above, ast.If):
            inside = file.inside(above.test)
            names = (*inside[ast.Name], *inside[ast.Attribute])
            if any(file.dotted(name) == holder for name in names):
                return True
    return False


def is_counter(file: File, function: Function, node: ast.AugAssign, name: str) -> bool:
    """Whether a Python number that outlives the call is counted up."""
    if not isinstance(node.op, (ast.Add, ast.Sub)) or _ON_PURPOSE.search(name):
        return False
    match node.target:
        case ast.Name(id=counter):
            scope = file.scope(node.target)
            if counter not in scope.elsewhere:
                return False
            # Declared global or nonlocal: bound further out.
            outer = scope.outer.find(counter) if scope.outer is not None else None
            made = [b.value for b in outer.bindings[counter] if b.value] if outer else []
            made = [value for value in made if function not in file.ancestors(value)]
        case ast.Attribute(value=ast.Name(id="self"), attr=attr):
            made = [v for v in values_of(file, node.target, attr) if v is not node.value]
        case _:
            return False
    return bool(made) and all(
        isinstance(value, ast.Constant) and isinstance(value.value, int) for value in made
    )


def is_lifted(file: File, node: ast.AST) -> bool:
    """Whether a place is taken out of the graph on purpose: `with tf.init_scope():`."""
    return any(
        isinstance(above, ast.With)
        and isinstance(item.context_expr, ast.Call)
        and file.qualified(item.context_expr.func) == "tensorflow.init_scope"
        for above in file.ancestors(node)
        for item in getattr(above, "items", ())
    )


def values_of(file: File, node: ast.expr, attribute: str) -> list[ast.expr]:
    """What the class assigns to `self.<attribute>`."""
    cls = file.method_class(node)
    if cls is None:
        return []
    found = []
    for value, path in self_assignments(file, cls).get(attribute, []):
        match value, path:
            case ast.Tuple(elts=items), (int(place),) if place < len(items):
                found.append(items[place])
            case _, ():
                found.append(value)
    return found
