"""A hidden state carried from batch to batch with its graph.

## Why

LOUD. A Keras layer with `stateful=True` cuts the graph between batches; in PyTorch the state that
an LSTM returns leads back through all earlier batches, whose graphs the last `backward()` has
freed: `RuntimeError: Trying to backward through the graph a second time`.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
batches = torch.randn(3, 5, 2, 4)
model = nn.LSTM(4, 4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

hidden = None
for x in batches:
    optimizer.zero_grad()
    out, hidden = model(x, hidden)
    loss = out.pow(2).mean()
    loss.backward()  # XFR708
    optimizer.step()
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
batches = torch.randn(3, 5, 2, 4)
model = nn.LSTM(4, 4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

hidden = None
for x in batches:
    optimizer.zero_grad()
    out, hidden = model(x, hidden)
    loss = out.pow(2).mean()
    loss.backward()
    optimizer.step()
    hidden = tuple(state.detach() for state in hidden)
```

## When it stays quiet

- The state is bound anew in the loop: detached, initialised, taken through a helper.
- `retain_graph=True`, or `backward()` stands behind the loop over the time steps.
- The model may detach the state itself.

## Fix

`hidden = hidden.detach()`, for an LSTM `hidden = tuple(h.detach() for h in hidden)`.

## Seen at run time

PyTorch raises in the second step; `training_smoke` names what carries the graph there. With
`retain_graph=True` it does not raise, and `memory` shows the graph growing.

## References

- https://docs.pytorch.org/docs/stable/notes/faq.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.graph import is_model_call, loss_of, no_grad_around, trails
from ...loop.things import imports_torch, is_foreign
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins
from ...source.walk import FUNCTIONS, LOOPS, File

rule = Rule(
    __name__,
    name="hidden-state-not-detached",
    message="{state} carries the last batch's freed graph (LOUD: RuntimeError); detach() it",
    harm=Harm.LOUD,
    confidence=Confidence.LIKELY,
    direction="keras->torch",
)

_RECURRENT = frozenset(
    f"torch.nn.{name}" for name in ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")
)


@rule.method("backward")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    loop = file.enclosing(call, *LOOPS, *FUNCTIONS)
    loss = loss_of(call)
    if loss is None or not isinstance(loop, LOOPS) or call.keywords or not imports_torch(file):
        return
    if is_foreign(file) or no_grad_around(file, call) is not None:
        return
    for statement in file.inside(loop, nested=False)[ast.Assign]:
        for state in carried(file, statement, loop):
            if reaches(file, loss, statement) and not is_renewed(file, loop, statement, state):
                yield rule.at(call, state=state)
                return


def carried(file: File, statement: ast.Assign, loop: ast.AST) -> Iterator[str]:
    """The names that a recurrent call in the loop takes and gives back."""
    call = statement.value
    if not isinstance(call, ast.Call) or not is_recurrent(file, call):
        return
    if file.enclosing(statement, *LOOPS) is not loop or no_grad_around(file, call) is not None:
        return
    given = {
        name.id
        for argument in (*call.args, *(keyword.value for keyword in call.keywords))
        if isinstance(argument, ast.Name | ast.Tuple)
        for name in file.inside(argument)[ast.Name]
    }
    for target in statement.targets:
        if isinstance(target, ast.Tuple):
            for name in file.inside(target)[ast.Name]:
                if name.id in given:
                    yield name.id


def is_recurrent(file: File, call: ast.Call) -> bool:
    """Whether a call runs torch's recurrent layer, or a model that leaves the state as it is."""
    found = origins(file, call.func)
    if all(origin.callee in _RECURRENT for origin in found):
        return True
    if not is_model_call(file, call):
        return False
    for origin in found:
        if (cls := origin.cls) is None or not isinstance(cls.node, ast.ClassDef):
            return False
        attributes = cls.file.inside(cls.node)[ast.Attribute]
        if any(attribute.attr.startswith(("detach", "data")) for attribute in attributes):
            return False
    return True


def reaches(file: File, loss: ast.expr, statement: ast.Assign) -> bool:
    """Whether the loss is computed from what the recurrent call gave back."""
    return any(trail.end is statement.value and trail.cut is None for trail in trails(file, loss))


def is_renewed(file: File, loop: ast.AST, statement: ast.Assign, state: str) -> bool:
    """Whether the state is bound or changed elsewhere in the loop, or the loop starts with it."""
    inside = file.inside(loop, nested=False)
    bound = [n for n in inside[ast.Name] if n.id == state and isinstance(n.ctx, ast.Store)]
    own = file.inside(statement)[ast.Name]
    if any(name not in own for name in bound):
        return True
    touched = (a for a in inside[ast.Attribute] if isinstance(a.value, ast.Name))
    return any(a.value.id == state for a in touched if isinstance(a.value, ast.Name)) or any(
        isinstance(target, ast.Name) and target.id == state
        for comprehension in inside[ast.comprehension]
        for target in (comprehension.iter,)
    )
