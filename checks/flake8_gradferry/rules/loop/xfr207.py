"""`backward()` twice through one graph.

## Why

LOUD. `backward()` frees the graph it runs through; a second loss that shares a forward pass with
the first finds it gone: `RuntimeError: Trying to backward through the graph a second time`. (A
persistent `GradientTape` may be asked again.)

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 4)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

optimizer.zero_grad()
out = model(x)
fit = nn.functional.mse_loss(out, y)
size = out.pow(2).mean()
fit.backward()
size.backward()  # XFR207
optimizer.step()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 4)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

optimizer.zero_grad()
out = model(x)
fit = nn.functional.mse_loss(out, y)
size = out.pow(2).mean()
(fit + size).backward()
optimizer.step()
```

## When it stays quiet

- The first call has `retain_graph=True`, or the losses come from two forward passes.
- What is shared was detached (a GAN's fakes), computed under `no_grad`, or comes from a model whose
  parameters no optimizer in the file is given.
- The two calls stand in different branches.

## Fix

Add the losses up and call `backward()` once; in a GAN, `.detach()` the fakes for the first loss.

## Seen at run time

PyTorch raises at the second call.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.flow import Event, Kind, flows, turns_once
from ...loop.graph import is_model_call, loss_of, trails
from ...loop.things import imports_torch, is_foreign
from ...rule import Confidence, Finding, Harm, Rule
from ...source.bindings import reaching
from ...source.walk import FUNCTIONS, LOOPS, File, position

rule = Rule(
    __name__,
    name="backward-twice",
    message="{loss}.backward() through a graph that is freed (LOUD: RuntimeError); add the losses",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_ONCE = "{model}(...) runs before the loop: the 2nd backward() raises (LOUD); run it inside"


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for flow in flows(file):
        for second in flow.of(Kind.BACKWARD):
            firsts = (e for e in flow.before(second, Kind.BACKWARD) if same_turn(e, second))
            first = next(firsts, None)
            if first is None or not imports_torch(file) or is_foreign(file):
                continue
            if share_a_graph(first, second):
                yield rule.at(second.at, loss=second.written)


@rule.method("backward")
def check_loop(file: File, call: ast.Call) -> Iterator[Finding]:
    loop = file.enclosing(call, *LOOPS, *FUNCTIONS, ast.If, ast.Try, ast.With)
    loss = loss_of(call)
    if not isinstance(loop, LOOPS) or turns_once(loop) or call.keywords or call.args[1:]:
        return
    if loss is None or not imports_torch(file) or is_foreign(file):
        return
    for run in sorted(passes(file, loss), key=position):
        assert isinstance(run, ast.Call)
        if position(run) < position(loop) and is_kept(file, run, loop):
            yield rule.at(call, _ONCE, model=ast.unparse(run.func))
            return


def is_kept(file: File, run: ast.Call, loop: ast.AST) -> bool:
    """Whether what a forward pass of before the loop gave is the same in each turn."""
    match file.statement(run):
        case ast.Assign(targets=[ast.Name(id=result)]):
            inside = (name for name in file.inside(loop)[ast.Name] if name.id == result)
            return all(isinstance(name.ctx, ast.Load) for name in inside)
    return False


def same_turn(first: Event, second: Event) -> bool:
    """Whether both surely run, one behind the other, in one function of the file."""
    return (
        first.loops == second.loops
        and position(first.node) < position(second.node)  # not of an earlier call
        and first.whenever(second)
        and first.file is second.file
        and first.depth == second.depth
        and first.file.function(first.node) is first.file.function(second.node)
        and isinstance(first.node, ast.Call)
        and not first.node.keywords
        and len(first.node.args) <= (first.through is not None)
    )


def share_a_graph(first: Event, second: Event) -> bool:
    """Whether a forward pass of before the first `backward()` leads to both losses."""
    assert isinstance(first.node, ast.Call)
    assert isinstance(second.node, ast.Call)
    one, other = loss_of(first.node), loss_of(second.node)
    if one is None or other is None:
        return False
    if isinstance(one, ast.Name) and isinstance(other, ast.Name) and one.id == other.id:
        mine, theirs = reaching(first.file, one), reaching(first.file, other)
        if mine != theirs or any(binding.value is None for binding in mine):
            return False
    shared = passes(first.file, one) & passes(first.file, other)
    return any(position(call) < position(first.node) for call in shared)


def passes(file: File, loss: ast.expr) -> set[ast.AST]:
    """The forward passes of trained models that a loss is computed from, graph included."""
    return {
        trail.end
        for trail in trails(file, loss)
        if trail.cut is None
        and trail.file is file
        and isinstance(trail.end, ast.Call)
        and is_model_call(file, trail.end)
        and is_trained(file, trail.end.func)
        and file.function(trail.end) is file.function(loss)
    }


def is_trained(file: File, model: ast.expr) -> bool:
    """Whether somebody in the file is given the model's parameters."""
    name = file.dotted(model)
    return any(
        isinstance(call.func, ast.Attribute) and file.dotted(call.func.value) == name
        for call in file.calls_by_name.get("parameters", [])
    )
