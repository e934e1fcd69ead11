"""A weight updated by hand with `w = w - ...`, which makes a new tensor.

## Why

SILENT in a loop over a model's weights: only the loop's own name is bound, the model keeps its
weights. LOUD where the name is used again: the new tensor is no leaf (torch) and no variable
(TensorFlow). Observed: after `for p in model.parameters(): p = p - lr * p.grad` the model has not
changed; `w = w - 0.1 * g` gives TensorFlow's gradients 6.0, None, None and torch's second step
`TypeError: unsupported operand type(s) for *: 'float' and 'NoneType'`; `w -= ...` raises at once,
in torch ("a leaf Variable that requires grad is being used in an in-place operation") and in
TensorFlow ("`variable -= value` with `tf.Variable`s is not supported").

## Bad

```python
import torch
from torch import nn

model = nn.Linear(2, 1)
before = [p.detach().clone() for p in model.parameters()]

model(torch.ones(4, 2)).mean().backward()
for p in model.parameters():
    p = p - 0.1 * p.grad  # XFR229
```

```python
import tensorflow as tf

w = tf.Variable(3.0)
gradients = []
for _ in range(3):
    with tf.GradientTape() as tape:
        loss = w * w
    g = tape.gradient(loss, w)
    gradients.append(g)
    if g is not None:
        w = w - 0.1 * g  # XFR229
```

## Good

```python
import torch
from torch import nn

model = nn.Linear(2, 1)
before = [p.detach().clone() for p in model.parameters()]

model(torch.ones(4, 2)).mean().backward()
with torch.no_grad():
    for p in model.parameters():
        p -= 0.1 * p.grad
```

```python
import tensorflow as tf

w = tf.Variable(3.0)
gradients = []
for _ in range(3):
    with tf.GradientTape() as tape:
        loss = w * w
    g = tape.gradient(loss, w)
    gradients.append(g)
    w.assign_sub(0.1 * g)
```

## When it stays quiet

- The new value is used: collected into a list (MAML's fast weights), made a leaf again
  (`w.detach().requires_grad_()`), watched by the tape.
- In place under `torch.no_grad()`, `p.data -= ...`, `assign_sub`.
- It cannot be seen that the name holds a variable or a leaf.

## Fix

torch: `with torch.no_grad(): w -= lr * w.grad`. TensorFlow and Keras: `w.assign_sub(lr * g)`.

## Seen at run time

`training_smoke` with your own `step`: `updates` (no weight moves).

## References

- https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-operations-with-autograd
- https://www.tensorflow.org/guide/variable
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from ...loop.things import imports_torch
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import Origin, origins
from ...source.walk import FUNCTIONS, LOOPS, Binding, File, position
from ...tape.tape_blocks import innermost_tape, sources_of, taken, watched
from ...tape.tapes import VARIABLES

rule = Rule(
    __name__,
    name="weight-rebound",
    message="{w} becomes a new tensor, the weight stays (SILENT); {instead}",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)
IN_PLACE = "{w} {op}= ... on a weight raises here; {instead}"

_TORCH = "{w} -= ... under torch.no_grad()"
_KERAS = "{w}.assign_sub(...)"
# What makes a tensor a leaf again, or asks for the gradient of what is none.
_LEAVES = frozenset("requires_grad_ retain_grad detach_ watch".split())


# -- for p in model.parameters() -------------------------------------------------------------------


@rule.node(ast.For)
def check_weights(file: File, loop: ast.For) -> Iterator[Finding]:
    for statement in loop.body:
        name = rebound(statement)
        if name is None or name not in loop_names(loop.target):
            continue
        framework = whose_weights(file, loop, name)
        if framework is None or used_after(file, loop, name, statement):
            continue
        if isinstance(statement, ast.AugAssign) and framework is _TORCH:
            continue  # in place; under no_grad it is right, and else torch says so
        yield rule.at(statement, w=name, instead=framework.format(w=name))


def rebound(statement: ast.stmt) -> str | None:
    """The name that `w = w - ...` or `w -= ...` gives a new value."""
    match statement:
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.BinOp(op=ast.Sub() | ast.Add(), left=ast.Name(id=same)),
        ) if name == same:
            return name
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Sub() | ast.Add()):
            return name
    return None


def loop_names(target: ast.expr) -> set[str]:
    match target:
        case ast.Name(id=name):
            return {name}
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return {name for item in items for name in loop_names(item)}
    return set()


def whose_weights(file: File, loop: ast.For, name: str) -> str | None:
    """How the weights are to be written instead, if a loop's name surely runs over weights."""
    source: ast.expr = loop.iter
    target: ast.expr = loop.target
    match source, target:
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]), ast.Tuple(elts=[_, item]):
            source, target = inner, item
    match source, target:
        case ast.Call(func=ast.Name(id="zip"), args=items), ast.Tuple(elts=targets):
            places = [i for i, item in enumerate(targets) if name in loop_names(item)]
            if not places or places[0] >= len(items):
                return None
            source = items[places[0]]
    for end in origins(file, source):
        match end.node:
            case ast.Call(func=ast.Attribute(attr="parameters" | "named_parameters")):
                framework = _TORCH
            case ast.Call(
                func=ast.Name(id="list"),
                args=[ast.Call(func=ast.Attribute(attr="parameters" | "named_parameters"))],
            ):
                framework = _TORCH
            case ast.Attribute(attr=attr) if attr in VARIABLES:
                framework = _KERAS
            case _:
                return None
    return framework


def used_after(file: File, loop: ast.For, name: str, statement: ast.stmt) -> bool:
    """Whether the rest of the loop's body reads the new value."""
    return any(
        use.id == name
        and isinstance(use.ctx, ast.Load)
        and position(use) > position(statement)
        and statement not in file.ancestors(use)
        for use in file.inside(loop)[ast.Name]
    )


# -- w = w - lr * gradient -------------------------------------------------------------------------


@rule.method("gradient")
def check_variable(file: File, call: ast.Call) -> Iterator[Finding]:
    asked = taken(file, call)
    if asked is None or watched(asked) != []:
        return
    for source in sources_of(asked):
        if isinstance(source, ast.Name):
            for binding in updates(file, source, is_variable):
                if innermost_tape(file, binding.node) is None:
                    yield from report(file, source, binding, _KERAS, call)


@rule.method("backward")
def check_leaf(file: File, call: ast.Call) -> Iterator[Finding]:
    loop = file.enclosing(call, *LOOPS, *FUNCTIONS)
    if not isinstance(loop, LOOPS) or not imports_torch(file):
        return
    inside = file.inside(loop)
    seen: set[str] = set()
    for node in inside[ast.Attribute]:
        match node:
            case ast.Attribute(attr="grad", value=ast.Name() as weight) if weight.id not in seen:
                seen.add(weight.id)
                if any(is_made_leaf(other, weight.id) for other in inside[ast.Attribute]):
                    continue
                for binding in updates(file, weight, is_leaf):
                    if not in_place_allowed(file, binding):
                        yield from report(file, weight, binding, _TORCH, call)


def report(
    file: File, weight: ast.Name, binding: Binding, instead: str, asking: ast.Call
) -> Iterator[Finding]:
    """A finding at an update, if the weight is asked for its gradient again after it."""
    written = instead.format(w=weight.id)
    if isinstance(binding.node, ast.AugAssign):
        op = "+" if isinstance(binding.node.op, ast.Add) else "-"
        yield rule.at(binding.node, IN_PLACE, w=weight.id, op=op, instead=written)
        return
    loops = [above for above in file.ancestors(binding.node) if isinstance(above, LOOPS)]
    if any(loop in loops for loop in file.ancestors(asking)):
        yield rule.at(binding.node, w=weight.id, instead=written)


def updates(
    file: File, weight: ast.Name, is_weight: Callable[[File, ast.expr], bool]
) -> Iterator[Binding]:
    """The `w = w - ...` of a name that is first bound to a weight in sight, and to nothing else."""
    scope = file.scope(weight).find(weight.id)
    if scope is None:
        return
    found: list[Binding] = []
    made = False
    for binding in scope.bindings[weight.id]:
        if is_update(binding, weight.id):
            found.append(binding)
        elif binding.value is not None and binding.kind == "assign" and not binding.path:
            if not is_weight(file, binding.value):
                return
            made = True
        else:
            return
    if made:
        yield from found


def is_update(binding: Binding, name: str) -> bool:
    """Whether a name is given `w - ...`, alone or in `w, b = w - ..., b - ...`."""
    if isinstance(binding.node, ast.stmt) and rebound(binding.node) == name:
        return True
    match binding.value:
        case ast.Tuple(elts=values) if len(binding.path) == 1 and binding.path[0] < len(values):
            match values[binding.path[0]]:
                case ast.BinOp(op=ast.Sub() | ast.Add(), left=ast.Name(id=same)):
                    return same == name
    return False


def is_variable(file: File, value: ast.expr) -> bool:
    return all(end.callee == "tensorflow.Variable" for end in origins(file, value))


def is_leaf(file: File, value: ast.expr) -> bool:
    """Whether a tensor is made by torch, and asked to have a gradient."""
    match value:
        case ast.Call(func=ast.Attribute(attr="requires_grad_")):
            return all(end.callee.startswith("torch.") for end in origins(file, value))
    return all(_is_leaf(end) for end in origins(file, value))


def _is_leaf(end: Origin) -> bool:
    if end.call is None or end.callee == "torch.nn.Parameter":
        return end.call is not None
    return end.callee.startswith("torch.") and any(
        keyword.arg == "requires_grad"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is True
        for keyword in end.call.keywords
    )


def is_made_leaf(node: ast.Attribute, name: str) -> bool:
    """Whether `w.requires_grad_()`, `w.requires_grad = True` or the like stands in the loop."""
    if not isinstance(node.value, ast.Name) or node.value.id != name:
        return False
    return node.attr in _LEAVES or isinstance(node.ctx, ast.Store)


def in_place_allowed(file: File, binding: Binding) -> bool:
    """Whether an update in place stands where torch records nothing."""
    if not isinstance(binding.node, ast.AugAssign):
        return False
    for above in file.ancestors(binding.node):
        match above:
            case ast.With(items=items):
                for item in items:
                    manager = item.context_expr
                    made = manager.func if isinstance(manager, ast.Call) else manager
                    name = file.qualified(made) or file.dotted(made) or ""
                    if "grad" in name or "inference" in name:
                        return True
            case ast.FunctionDef(decorator_list=[_, *_]):
                return True
    return False
