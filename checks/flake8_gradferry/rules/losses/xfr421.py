"""Keras' cosine similarity taken for a positive one.

## Why

SILENT. `F.cosine_similarity(a, a)` is 1; `keras.losses.cosine_similarity(a, a)` is -1, so that it
can be minimised. `1 - keras.losses.cosine_similarity(a, a)` is therefore 2, the largest value, and
minimising it drives the vectors apart; `similarity > 0.5` holds for opposite vectors alone. Only
the metric `keras.metrics.CosineSimilarity` is positive.

## Bad

```python
import keras
import numpy as np

a = np.asarray([[1.0, 2.0, 3.0]], "float32")
distance = 1 - keras.losses.cosine_similarity(a, a)  # XFR421
```

## Good

```python
import keras
import numpy as np

a = np.asarray([[1.0, 2.0, 3.0]], "float32")
distance = 1 + keras.losses.cosine_similarity(a, a)
```

## When it stays quiet

- `keras.metrics.CosineSimilarity`, torch's `cosine_similarity`, and the loss as it is.
- `-keras.losses.cosine_similarity(a, b)`: a similarity again.

## Fix

Write `1 + ...`, or negate the loss where a similarity is wanted.

## Seen at run time

`training_smoke`: `learns`. `parity`: `loss`.

## References

- https://keras.io/api/losses/regression_losses/#cosinesimilarity-class
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.losses import loss_calls
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value
from ...source.infer import reaching
from ...source.values import constant
from ...source.walk import File

rule = Rule(
    __name__,
    name="cosine-similarity-sign",
    message="{loss} is -1 for equal vectors (SILENT: sign turned round); write {right}",
    harm=Harm.SILENT,
    confidence=Confidence.SURE,
    direction="torch->keras",
)


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    calls = [found for found in loss_calls(file) if found.loss.word == "cosine_similarity"]
    for found in calls:
        shown = found.loss.shown
        for use in uses(file, averaged(file, found.call)):
            match file.parent(use):
                case ast.BinOp(op=ast.Sub(), left=left, right=right) as difference if right is use:
                    if constant(Value(file, left)) == 1:
                        yield rule.at(difference, loss=shown, right="1 + ...")
                case ast.Compare(ops=[ast.Gt() | ast.GtE()], comparators=[bound]) as compare:
                    told = constant(Value(file, bound))
                    if isinstance(told, float) and told > 0:
                        yield rule.at(compare, loss=shown, right="-...")


def averaged(file: File, node: ast.expr) -> ast.expr:
    """The expression with the averages and casts around it: `tf.reduce_mean(node)`."""
    while True:
        match file.parent(node):
            case ast.Call(args=[first, *_]) as call if first is node and is_mean(call.func):
                node = call
            case ast.Attribute(attr="numpy" | "mean" | "item") as method:
                above = file.parent(method)
                if not isinstance(above, ast.Call) or above.func is not method:
                    return node
                node = above
            case _:
                return node


def is_mean(func: ast.expr) -> bool:
    match func:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return word in ("reduce_mean", "mean", "float", "squeeze")
    return False


def uses(file: File, value: ast.expr) -> Iterator[ast.expr]:
    """Where a value is used: where it stands, or by the name that it alone is given."""
    yield value
    match file.parent(value):
        case ast.Assign(targets=[ast.Name(id=word)]) as assign:
            scope = file.scope(assign)
            for name in file.inside(scope.node)[ast.Name]:
                if name.id != word or not isinstance(name.ctx, ast.Load):
                    continue
                if [binding.node for binding in reaching(file, name)] == [assign]:
                    yield averaged(file, name)
