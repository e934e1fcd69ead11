"""A running loss that keeps the autograd graph of every batch.

## Why

SILENT. A Keras metric adds numbers; `total += loss` adds tensors that hold on to their history.
Each turn makes the graph behind `total` longer, nothing of it is freed, and memory grows for as
long as the epoch lasts. Measured on the program below: after 200 steps the graph behind the total
is 203 nodes deep and 200 losses are alive; with `.item()` it is a number.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

total, history = 0.0, []
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    total += loss  # XFR219
    history.append(loss)  # XFR219
print(total / 200)
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

total, history = 0.0, []
for step in range(200):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    total += loss.item()
    history.append(loss.item())
print(total / 200)
```

## When it stays quiet

- The value has left the graph: `.item()`, `float(loss)`, `.detach()`, `.data`, `.cpu().numpy()`,
  or the sum is taken under `torch.no_grad()`.
- The sum itself is backpropagated: several losses of one batch, accumulated over time steps.
- The sum or list is made anew in each turn of the loop.
- What is added is not seen to be what `backward()` was called on.

## Fix

Add `loss.item()`, or `loss.detach()` where a tensor is wanted (no wait for the GPU).

## Seen at run time

`training_smoke`: `memory`.

## References

- https://docs.pytorch.org/docs/stable/notes/faq.html#my-model-reports-cuda-runtime-error-2-out-of-memory
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.graph import backpropagated, backward_calls, no_grad_around, terms
from ...loop.things import imports_torch, is_foreign
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import FUNCTIONS, LOOPS, File

rule = Rule(
    __name__,
    name="loss-kept-with-graph",
    message="{total} keeps the graph of every {loss} (SILENT: leaks); add its .item()",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)


# `criterion(out, y)`, `a + b`, `model(**batch).loss`, `outputs[0]`
_COMPUTED = (ast.Call, ast.BinOp, ast.Attribute, ast.Subscript)


@rule.node(ast.AugAssign, where=imports_torch)
def added(file: File, node: ast.AugAssign) -> Iterator[Finding]:
    if isinstance(node.op, ast.Add) and not isinstance(node.value, ast.Constant):
        yield from kept(file, node, node.target, node.value)


@rule.node(ast.Assign, where=imports_torch)
def added_in_full(file: File, node: ast.Assign) -> Iterator[Finding]:
    match node:
        case ast.Assign(
            targets=[ast.Name(id=total) as target],
            value=ast.BinOp(left=ast.Name(id=first), op=ast.Add(), right=value),
        ) if first == total:
            yield from kept(file, node, target, value)


@rule.method("append")
def appended(file: File, call: ast.Call) -> Iterator[Finding]:
    match call:
        case ast.Call(func=ast.Attribute(value=target), args=[value]) if not no_tensor(value):
            yield from kept(file, call, target, value)


def no_tensor(value: ast.expr) -> bool:
    """Whether a value is surely none, by its form."""
    return isinstance(value, ast.Constant | ast.Tuple | ast.List | ast.Dict | ast.JoinedStr)


def kept(file: File, node: ast.AST, target: ast.expr, value: ast.expr) -> Iterator[Finding]:
    """A finding where `target` gets a loss with its graph in each turn of a loop."""
    if not imports_torch(file) or is_foreign(file) or (loop := loop_around(file, node)) is None:
        return
    found = loss_in(file, value, loop)
    if found is None or is_summed_on_purpose(file, node, target, loop):
        return
    if isinstance(node, ast.Call) or no_grad_around(file, node) is None:
        yield rule.at(node, total=ast.unparse(target), loss=ast.unparse(found))


def loop_around(file: File, node: ast.AST) -> ast.AST | None:
    """The innermost loop in which a node runs, in its own function."""
    found = file.enclosing(node, *LOOPS, *FUNCTIONS, ast.Lambda, ast.ClassDef)
    return found if isinstance(found, LOOPS) else None


def loss_in(file: File, value: ast.expr, loop: ast.AST) -> ast.expr | None:
    """The part of a value that is backpropagated in the same loop, or by a helper called there."""
    shown = value
    for term in terms(file, value):
        home, node = term.file, term.node
        if term.file is file and isinstance(node, ast.Name | ast.Attribute):
            shown = node if node in file.inside(value)[type(node)] else shown
        if not isinstance(node, _COMPUTED) or term not in backpropagated(home).terms:
            continue
        made_in = home.function(node)
        if home is file and made_in is file.function(loop):
            if loop in file.ancestors(node) and goes_backward(file, loop):
                return shown
        elif goes_backward(file, loop) or helper_goes_backward(home, made_in, loop):
            return shown
    return None


def helper_goes_backward(file: File, function: ast.AST | None, loop: ast.AST) -> bool:
    """Whether the function in which a loss is made also starts the backward pass, and is no caller
    of the one with the loop."""
    if function is None or not goes_backward(file, function):
        return False
    around = file.function(loop) if loop in file.index[type(loop)] else None
    called = file.calls_by_name.get(around.name, []) if around is not None else []
    return not any(function in file.ancestors(call) for call in called)


def goes_backward(file: File, around: ast.AST) -> bool:
    """Whether a backward pass stands in a loop or function itself."""
    return any(around in file.ancestors(call) for call in backward_calls(file))


def is_summed_on_purpose(file: File, node: ast.AST, target: ast.expr, loop: ast.AST) -> bool:
    """Whether the sum is itself backpropagated, or starts afresh in the loop."""
    name = ast.unparse(target)
    if (file.function(node), name) in backpropagated(file).names:
        return True
    fresh = (s for s in file.inside(loop, nested=False)[ast.Assign] if in_each_turn(file, s, node))
    targets = [target for statement in fresh for target in statement.targets]
    return any(name in (ast.unparse(item) for item in unpacked(made)) for made in targets)


def in_each_turn(file: File, statement: ast.stmt, node: ast.AST) -> bool:
    """Whether a statement, another one than that of `node`, runs whenever `node` does."""
    own = {above for above in file.ancestors(node) if isinstance(above, ast.If)}
    conditions = {above for above in file.ancestors(statement) if isinstance(above, ast.If)}
    return statement is not node and conditions <= own


def unpacked(target: ast.expr) -> list[ast.expr]:
    """What an assignment's target binds."""
    return target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
