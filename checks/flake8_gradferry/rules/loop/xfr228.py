"""`model.parameters()` bound to a name and used twice.

## Why

SILENT. `model.trainable_variables` is a list; `model.parameters()` is a generator, and the first
who runs through it leaves nothing for the second. Measured on the program below: the optimizer
takes all parameters, `clip_grad_norm_` gets none, returns 0 and clips nothing: the steps see
gradients of norm 280 and more where 1 was asked for. (PyTorch 2.13 warns there; a loop over the
empty generator is silent. A second optimizer raises.)

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = 10 * torch.randn(32, 4), 50 * torch.randn(32, 1)
model = nn.Linear(4, 1)
params = model.parameters()
optimizer = torch.optim.SGD(params, lr=0.1)

used = []
for step in range(10):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(params, 1.0)  # XFR228
    used.append(model.weight.grad.norm().item())
    optimizer.step()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = 10 * torch.randn(32, 4), 50 * torch.randn(32, 1)
model = nn.Linear(4, 1)
params = list(model.parameters())
optimizer = torch.optim.SGD(params, lr=0.1)

used = []
for step in range(10):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(params, 1.0)
    used.append(model.weight.grad.norm().item())
    optimizer.step()
```

## When it stays quiet

- It is a list (`list(model.parameters())`, `[*...]`), or bound anew before the second use.
- The two uses stand in different branches, or one of them is not known to run through it.

## Fix

`params = list(model.parameters())`.

## Seen at run time

`training_smoke`: `clipping` where the empty generator was to be clipped, `updates` where a loop
over it was to change the weights.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.parameters
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.things import OPTIMIZERS, imports_torch
from ...rule import Confidence, Finding, Harm, Rule
from ...source.bindings import may_precede, reaching
from ...source.infer import argument_for, function_of
from ...source.project import Symbol
from ...source.walk import LOOPS, File, position

rule = Rule(
    __name__,
    name="parameters-used-twice",
    message="{params} is a generator and used up here (SILENT: empty); list(...) it when made",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_READ_TWICE = (
    "{helper}() runs through {params} twice, a generator is empty then (SILENT); list() it"
)

_MAKERS = frozenset("parameters named_parameters buffers modules named_modules children".split())
_RUN_THROUGH = frozenset("list tuple set sum any all max min sorted dict enumerate zip".split())
_CLIPPERS = frozenset(
    "torch.nn.utils.clip_grad_norm_ torch.nn.utils.clip_grad_value_ "
    "torch.nn.utils.clip_grad_norm torch.nn.utils.parameters_to_vector torch.autograd.grad".split()
)


@rule.method(*sorted(_MAKERS))
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    statement = generator_of(file, call)
    if statement is None or not imports_torch(file):
        return
    target = statement.targets[0]
    uses = sorted(used_up(file, statement, statement), key=position)
    for use in uses:
        if any(earlier is not use and may_precede(file, earlier, use) for earlier in uses):
            yield rule.at(use, params=ast.unparse(target))
            return
        around = [a for a in file.ancestors(use) if isinstance(a, LOOPS)]
        turned = [loop for loop in around if loop not in file.ancestors(statement)]
        if any(not is_in_head(file, use, loop) for loop in turned):
            yield rule.at(use, params=ast.unparse(target))
            return


@rule.method(*sorted(_MAKERS))
def check_helper(file: File, call: ast.Call) -> Iterator[Finding]:
    outer = file.parent(call)
    if not isinstance(outer, ast.Call) or call not in outer.args or not imports_torch(file):
        return
    helper = function_of(file, outer.func)
    if helper is None or not isinstance(helper.node, ast.FunctionDef):
        return
    for parameter in helper.node.args.args:
        if argument_for(helper, outer, parameter) is call and reads_twice(helper, parameter):
            yield rule.at(call, _READ_TWICE, helper=helper.node.name, params=parameter.arg)


def reads_twice(helper: Symbol, parameter: ast.arg) -> bool:
    """Whether a function runs through what its parameter is given once, and may do so again."""
    file = helper.file
    uses = [
        name
        for name in file.inside(helper.node, nested=False)[ast.Name]
        if name.id == parameter.arg
        and runs_through(file, name)
        and [b.node for b in reaching(file, name)] == [parameter]
    ]
    return any(may_precede(file, one, other) for one in uses for other in uses if one is not other)


def is_in_head(file: File, use: ast.Name, loop: ast.AST) -> bool:
    """Whether a name stands in what a loop evaluates once: `for p in zip(params, grads)`."""
    return isinstance(loop, ast.For | ast.AsyncFor) and use in file.inside(loop.iter)[ast.Name]


def generator_of(file: File, call: ast.Call) -> ast.Assign | None:
    """The assignment that binds a generator over what the call yields to one name."""
    node: ast.AST = call
    while (above := file.parent(node)) is not None:
        match above:
            case ast.Assign(targets=[ast.Name()]):
                return above
            case ast.comprehension() if node is above.iter:
                pass
            case ast.GeneratorExp():
                pass
            case ast.Call(func=ast.Name(id="filter" | "map")) if node in above.args[1:]:
                pass
            case _:
                return None
        node = above
    return None


def used_up(file: File, made: ast.Assign, statement: ast.Assign) -> Iterator[ast.Name]:
    """Where the generator of `made` is run through by the name that the statement gave it."""
    (target,) = statement.targets
    assert isinstance(target, ast.Name)
    for name in file.body_of(statement)[ast.Name]:
        if name.id != target.id or not isinstance(name.ctx, ast.Load):
            continue
        if [b.node for b in reaching(file, name)] != [statement]:
            continue
        if runs_through(file, name):
            yield name
        match file.parent(name):
            case ast.Assign(targets=[ast.Name()]) as alias if made is statement:
                yield from used_up(file, made, alias)


def runs_through(file: File, name: ast.Name) -> bool:
    """Whether a generator is surely run through to its end where it stands."""
    above = file.parent(name)
    match above:
        case ast.For(iter=iterated) | ast.comprehension(iter=iterated):
            return iterated is name
        case ast.Starred():
            return True
        case ast.Call(func=ast.Name(id=function)) if function in _RUN_THROUGH:
            return True
        case ast.Call(func=func):
            return file.qualified(func) in _CLIPPERS or file.qualified(func) in OPTIMIZERS
    return False
