"""A method named and not called: `model.eval`, `optimizer.zero_grad`, `loss.backward`.

## Why

SILENT. A bare attribute is a statement that does nothing. Measured: after `model.eval` the model is
still in training mode, dropout sets 52 % of the activations to zero; without the parentheses of
`zero_grad` gradients add up, without those of `backward` or `step` nothing is learnt.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5))
model.eval  # XFR231
with torch.no_grad():
    out = model(torch.ones(4, 8))
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5))
model.eval()
with torch.no_grad():
    out = model(torch.ones(4, 8))
```

## When it stays quiet

- Files that do not use torch, names of modules (`torch.cuda`), objects of other frameworks.
- A class of the project that has a property or attribute of that name.
- Attributes looked up on purpose: in `try: ... except AttributeError`, under `pytest.raises`.

## Fix

Add the parentheses.

## Seen at run time

`training_smoke`: `modes`, `fresh-gradients` or `updates`, whichever the missing call was for.

## References

- https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.things import Role, Thing, imports_torch, role
from ...rule import Confidence, Finding, Harm, Rule
from ...source.walk import File

rule = Rule(
    __name__,
    name="method-not-called",
    message="{method} is named, not called (SILENT: nothing happens); write {method}()",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

# Which kind of object has the method; a loss is a tensor, of which only the name tells.
_METHODS = {
    "eval": Role.MODEL,
    "train": Role.MODEL,
    "requires_grad_": Role.MODEL,
    "cuda": Role.MODEL,
    "cpu": Role.MODEL,
    "half": Role.MODEL,
    "zero_grad": Role.OPTIMIZER,
    "step": Role.OPTIMIZER,
    "backward": None,
}


@rule.node(ast.Expr)
def check(file: File, node: ast.Expr) -> Iterator[Finding]:
    match node.value:
        case ast.Attribute(attr=method, value=receiver) if method in _METHODS:
            pass
        case _:
            return
    if not imports_torch(file) or file.qualified(node.value) is not None:
        return
    if is_looked_up(file, node) or is_attribute_of_ours(file, method):
        return
    if can_have(method, Thing(file.dotted(receiver) or "", file, receiver)):
        yield rule.at(node, method=file.dotted(node.value) or f"(...).{method}")


def can_have(method: str, owner: Thing) -> bool:
    """Whether the object can be one that has torch's method of this name."""
    what, wanted = role(owner), _METHODS[method]
    if wanted is None or what is wanted:
        return what in (Role.UNKNOWN, wanted)
    if method in ("zero_grad", "backward"):
        return what in (Role.UNKNOWN, Role.MODEL)
    return method in ("step", "eval") and what in (Role.SCHEDULER, Role.SCALER, Role.UNKNOWN)


def is_looked_up(file: File, node: ast.Expr) -> bool:
    """Whether the lookup itself is meant: somebody waits for the AttributeError."""
    for above in file.ancestors(node):
        if isinstance(above, ast.Try) and above.handlers and node in above.body:
            return True
        if isinstance(above, ast.With):
            return any("raises" in ast.unparse(item.context_expr) for item in above.items)
    return False


def is_attribute_of_ours(file: File, name: str) -> bool:
    """Whether a class of the file defines a property of this name."""
    return any(
        name in file.methods(cls) and file.methods(cls)[name].decorator_list
        for cls in file.index[ast.ClassDef]
    )
