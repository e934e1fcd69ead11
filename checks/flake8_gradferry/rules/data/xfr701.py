"""`model.state_dict()` kept as the best weights, without a copy.

## Why

SILENT. Keras' `get_weights()` returns copies; `state_dict()` returns the weights themselves, which
training goes on to change. "The best" is always the last: measured on the program below, the
weights loaded at the end differ from those of the best turn by 0.76; with `deepcopy` by nothing.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.6)

best, at_best = float("inf"), None
for epoch in range(8):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    if loss.item() < best:
        best = loss.item()
        best_weights = model.state_dict()  # XFR701
        at_best = model.weight.detach().clone()
    loss.backward()
    optimizer.step()
model.load_state_dict(best_weights)
```

## Good

```python
import copy

import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(32, 4), torch.randn(32, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.6)

best, at_best = float("inf"), None
for epoch in range(8):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    if loss.item() < best:
        best = loss.item()
        best_weights = copy.deepcopy(model.state_dict())
        at_best = model.weight.detach().clone()
    loss.backward()
    optimizer.step()
model.load_state_dict(best_weights)
```

## When it stays quiet

- The weights are copied: `copy.deepcopy(...)`, `{k: v.clone() for k, v in ...}`, `v.cpu()`.
- They are saved to disk, or loaded into another model, where they are taken.
- The loop ends there (`break`, `return`), or makes the model anew in each turn.
- Nothing in sight trains between taking them and giving them back.

## Fix

`copy.deepcopy(model.state_dict())`. `dict(...)`, `.copy()` and `copy.copy(...)` do not help: they
copy the table, not the tensors.

## Seen at run time

`training_smoke`: `save-load` shows what a real copy gives back.

## References

- https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html ("best_model_state")
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...loop.things import Role, Thing, imports_torch, role
from ...rule import Confidence, Finding, Harm, Rule
from ...source.bindings import reaching
from ...source.walk import FUNCTIONS, LOOPS, File, position

rule = Rule(
    __name__,
    name="state-dict-not-copied",
    message="{kept} is {model}'s live weights (SILENT: training changes it); copy.deepcopy() it",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="keras->torch",
)

_BEST = re.compile(r"best|improv|better|optimal", re.IGNORECASE)
_COUNTER = re.compile(r"epoch|step|iter|batch|^i$|^j$|^k$|^t$|idx|round", re.IGNORECASE)
_TRAINS = re.compile(r"train|fit|update|learn|optimi|^step$|epoch|backward|load_state", re.I)
_TABLE_COPIES = frozenset(("copy.copy", "collections.OrderedDict"))
_ENDINGS = (ast.Break, ast.Return, ast.Raise)


@rule.method("state_dict")
def taken(file: File, call: ast.Call) -> Iterator[Finding]:
    func = call.func
    assert isinstance(func, ast.Attribute)
    if call.args or call.keywords or not isinstance(func.value, ast.Name | ast.Attribute):
        return
    if (target := kept_as(file, call)) is None or not imports_torch(file):
        return
    thing = Thing(file.dotted(func.value) or "", file, func.value)
    if role(thing) in (Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER, Role.OTHER):
        return
    if taken_as_best(file, call, target, func.value) or put_back(file, call, target, func.value):
        yield rule.at(call, kept=ast.unparse(target), model=ast.unparse(func.value))


@rule.node(ast.Assign, where=imports_torch)
def aliased(file: File, node: ast.Assign) -> Iterator[Finding]:
    match node:
        case ast.Assign(targets=[ast.Name(id=kept) as target], value=ast.Name() as model):
            pass
        case _:
            return
    if not _BEST.search(kept) or not imports_torch(file):
        return
    if role(Thing(model.id, file, model)) is Role.MODEL and taken_as_best(
        file, node, target, model
    ):
        message = "{kept} is {model} itself (SILENT: training changes it); copy.deepcopy() it"
        yield rule.at(node, message, kept=kept, model=model.id)


def kept_as(file: File, call: ast.Call) -> ast.expr | None:
    """The name or attribute that gets the weights, as they are or in a table."""
    node: ast.AST = call
    while (above := file.parent(node)) is not None:
        match above:
            case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
                return target
            case ast.Dict():
                pass
            case ast.Attribute(attr="copy"):
                pass
            case ast.Call(func=func, args=args, keywords=keywords):
                given = [*args, *(keyword.value for keyword in keywords)]
                copies = getattr(func, "id", "") == "dict" or file.qualified(func) in _TABLE_COPIES
                if (given or func is not node) and not copies:
                    return None
            case ast.keyword():
                pass
            case _:
                return None
        node = above
    return None


# -- the best of a loop ----------------------------------------------------------------------------


def taken_as_best(file: File, node: ast.AST, target: ast.expr, model: ast.expr) -> bool:
    """Whether weights are taken under a comparison in a loop that trains, and used after it."""
    statement = file.statement(node)
    test = next((a for a in file.ancestors(statement) if isinstance(a, ast.If)), None)
    if test is None or not asks_for_the_best(file, test.test) or ends_there(file, statement):
        return False
    if isinstance(target, ast.Attribute):
        if file.function(statement) is None or is_init(file, statement):
            return False
        return any(not is_within(file, use, test) for use in uses_of_attribute(file, target))
    loop = file.enclosing(test, *LOOPS, *FUNCTIONS, ast.ClassDef)
    if not isinstance(loop, LOOPS) or not trains(file, loop, statement, model):
        return False
    uses = (use for use in uses_of_name(file, target, statement) if not is_within(file, use, test))
    plain = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Name)
    return any(matters(file, use) or (plain and not is_within(file, use, loop)) for use in uses)


def asks_for_the_best(file: File, test: ast.expr) -> bool:
    """Whether a condition compares a result, not the number of the turn."""
    names = {n.id for n in file.inside(test)[ast.Name]}
    names |= {a.attr for a in file.inside(test)[ast.Attribute]}
    if any(_BEST.search(name) for name in names):
        return True
    ordered = any(
        isinstance(op, ast.Lt | ast.Gt | ast.LtE | ast.GtE)
        for compare in file.inside(test)[ast.Compare]
        for op in compare.ops
    )
    return ordered and not any(_COUNTER.search(name) for name in names)


def ends_there(file: File, statement: ast.stmt) -> bool:
    """Whether the loop is left right after a statement."""
    block, name, place = file.blocks[statement]
    return any(isinstance(after, _ENDINGS) for after in getattr(block, name)[place:])


def is_init(file: File, statement: ast.stmt) -> bool:
    function = file.function(statement)
    return function is not None and function.name == "__init__"


def is_within(file: File, node: ast.AST, block: ast.AST) -> bool:
    return block in file.ancestors(node)


def trains(file: File, loop: ast.AST, statement: ast.stmt, model: ast.expr) -> bool:
    """Whether a loop changes the weights of a model that it did not make itself."""
    if isinstance(model, ast.Name) and any(
        is_within(file, binding.node, loop) or binding.node is loop
        for binding in reaching(file, model)
    ):
        return False
    return any(_TRAINS.search(called(call)) for call in file.inside(loop)[ast.Call])


def called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def uses_of_name(file: File, target: ast.expr, statement: ast.stmt) -> Iterator[ast.Name]:
    """Where the name is read with the value that a statement gave it."""
    assert isinstance(target, ast.Name)
    home = file.function(statement) or file.tree
    for name in file.inside(home)[ast.Name]:
        read = name.id == target.id and isinstance(name.ctx, ast.Load)
        if read and any(binding.node is statement for binding in reaching(file, name)):
            yield name


def uses_of_attribute(file: File, target: ast.Attribute) -> Iterator[ast.Attribute]:
    """Where an attribute of that name is given back to a model or saved."""
    for attribute in file.index[ast.Attribute]:
        read = attribute.attr == target.attr and isinstance(attribute.ctx, ast.Load)
        if read and matters(file, attribute):
            yield attribute


def matters(file: File, use: ast.AST) -> bool:
    """Whether the weights themselves are loaded, saved or returned."""
    node = use
    while (above := file.parent(node)) is not None:
        match above:
            case ast.Call() if node is not above.func:
                return called(above) in ("load_state_dict", "save")
            case ast.Return():
                return True
            case ast.Dict() | ast.Tuple() | ast.keyword():
                pass
            case ast.Subscript(slice=ast.Constant(value=str(key))) if node is above.value:
                if not re.search(r"state|weight|model|net|param", key):
                    return False
            case _:
                return False
        node = above
    return False


# -- taken before, put back after ------------------------------------------------------------------


def put_back(file: File, call: ast.Call, target: ast.expr, model: ast.expr) -> bool:
    """Whether weights are taken, the model trained, and the weights given back to it."""
    if not isinstance(target, ast.Name):
        return False
    statement = file.statement(call)
    owner = file.dotted(model)
    for use in uses_of_name(file, target, statement):
        loading = file.parent(use)
        match loading:
            case ast.Call(func=ast.Attribute(attr="load_state_dict", value=loaded)):
                if file.dotted(loaded) == owner and trained_between(
                    file, statement, loading, owner
                ):
                    return True
    return False


def trained_between(file: File, statement: ast.stmt, loading: ast.Call, owner: str | None) -> bool:
    """Whether a model is trained between two places, a loop around the second one counted in."""
    turns = [
        above
        for above in file.ancestors(loading)
        if isinstance(above, LOOPS) and not is_within(file, statement, above)
    ]
    for call in file.inside(file.function(statement) or file.tree)[ast.Call]:
        between = position(statement) < position(call) < position(loading)
        if call is loading or not (between or any(is_within(file, call, turn) for turn in turns)):
            continue
        if called(call) in ("step", "backward") or gets_trained(file, call, owner):
            return True
    return False


def gets_trained(file: File, call: ast.Call, owner: str | None) -> bool:
    """`train(model, ...)`, `trainer.fit(model)`."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    trains = re.search(r"train|fit", called(call), re.IGNORECASE) is not None
    return trains and any(file.dotted(argument) == owner for argument in given)
