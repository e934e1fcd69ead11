"""Logits cut at 0.5, where 0 is the boundary.

## Why

SILENT. A probability of 0.5 is a logit of 0. Keras' `"accuracy"` and `BinaryAccuracy()` cut at 0.5
whatever the loss was told, and so do `Precision()` and `Recall()`; `logits > 0.5` and
`torch.round(logits)` do it by hand. The loss and the training are right, the figure is not.
Measured with a model that separates the classes perfectly by 0.4: accuracy 0.50 instead of 1.00.

## Bad

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(256, 8)).astype("float32")
y = (x[:, :1] > 0).astype("float32")

model = keras.Sequential([keras.layers.Dense(1)])
model.compile(
    "adam",
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=["accuracy"],  # XFR423
)
measured = model.evaluate(x, y, verbose=0)[1]
```

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, :1] > 0).float()

model = nn.Linear(8, 1)
criterion = nn.BCEWithLogitsLoss()
logits = model(x)
loss = criterion(logits, y)
predicted = logits > 0.5  # XFR423
measured = predicted.eq(y).float().mean()
```

## Good

```python
import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(256, 8)).astype("float32")
y = (x[:, :1] > 0).astype("float32")

model = keras.Sequential([keras.layers.Dense(1)])
model.compile(
    "adam",
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
)
measured = model.evaluate(x, y, verbose=0)[1]
```

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, :1] > 0).float()

model = nn.Linear(8, 1)
criterion = nn.BCEWithLogitsLoss()
logits = model(x)
loss = criterion(logits, y)
predicted = logits > 0
measured = predicted.eq(y).float().mean()
```

## When it stays quiet

- The model is seen to end in a sigmoid or softmax, or `from_logits` is not seen to be True.
- `"accuracy"` with more than one output: that is categorical accuracy. A threshold is given.
- In torch: values other than those that `BCEWithLogitsLoss` is given in the same file.

## Fix

Keras: `BinaryAccuracy(threshold=0.0)`, `Precision(thresholds=0)`. torch: `logits > 0`, or
`torch.sigmoid(logits) > 0.5`.

## Seen at run time

Nothing shows it at run time: metrics are not part of training.

## References

- https://keras.io/api/metrics/accuracy_metrics/#binaryaccuracy-class
- https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loss.compiles import compiled
from ...loss.losses import LossCall, loss_calls
from ...loss.outputs import PROBABILITIES, Kind, agreed, model_outputs, value_outputs, width
from ...loss.sides import core
from ...rule import Confidence, Finding, Harm, Rule
from ...source.callframes import Value, made_by
from ...source.infer import reaching
from ...source.values import Trace
from ...source.walk import File

rule = Rule(
    __name__,
    name="binary-accuracy-on-logits",
    message="{metric} cuts logits at 0.5 (SILENT: wrong figure); {right}",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)

# What cuts at 0.5, and what to do instead.
_METRICS = {
    "BinaryAccuracy": "set threshold=0",
    **dict.fromkeys(
        "Precision Recall TruePositives TrueNegatives FalsePositives FalseNegatives".split(),
        "set thresholds=0",
    ),
}
_STRINGS = ("accuracy", "acc", "binary_accuracy")
_SETTINGS = ("threshold", "thresholds", None)


# -- Keras -----------------------------------------------------------------------------------------


@rule.method("compile")
def check_compile(file: File, call: ast.Call) -> Iterator[Finding]:
    metrics = [k.value for k in call.keywords if k.arg in ("metrics", "weighted_metrics")]
    if not metrics:
        return
    said = compiled(file, call)
    if said is None or said.loss.from_logits is not True or "binary" not in said.loss.word:
        return
    if agreed(found := model_outputs(file, said.model), *PROBABILITIES):
        return  # the loss is what is wrong there
    column = all(width(output) in (None, 1) for output in found)
    for metric in metrics:
        for end in Trace().ends(Value(file, metric)):
            yield from check_metrics(file, end.value, metric, column)


def check_metrics(file: File, value: Value, given: ast.expr, column: bool) -> Iterator[Finding]:
    """The metrics of a list, or the one that is given."""
    elements = value.node.elts if isinstance(value.node, ast.List | ast.Tuple) else [value.node]
    for element in elements:
        node = element if value.file is file else given
        match element:
            case ast.Constant(value=str(word)) if word in _STRINGS:
                # `accuracy` is binary accuracy only for a single column of outputs.
                if column or word == "binary_accuracy":
                    right = "use BinaryAccuracy(threshold=0)"
                    yield rule.at(node, metric=repr(word), right=right)
            case ast.Call():
                if right := right_metric(value.at(element)):
                    yield rule.at(node, metric=ast.unparse(element.func), right=right)


def right_metric(value: Value) -> str:
    """What to write instead of a metric that is made with the threshold as it is, or ""."""
    call = value.node
    assert isinstance(call, ast.Call)
    prefix, _, word = made_by(value).rpartition(".")
    if prefix != "keras.metrics" or any(item.arg in _SETTINGS for item in call.keywords):
        return ""
    positional = len(call.args) > (2 if word == "BinaryAccuracy" else 0)
    return "" if positional else _METRICS.get(word, "")


@rule.method("update_state")
def check_update(file: File, call: ast.Call) -> Iterator[Finding]:
    assert isinstance(call.func, ast.Attribute)
    if len(call.args) < 2 or isinstance(call.args[0], ast.Starred):
        return
    ends = Trace().objects(Value(file, call.func.value))
    rights = {
        right_metric(end.value) if isinstance(end.value.node, ast.Call) and not end.path else ""
        for end in ends
    }
    if len(rights) == 1 and (right := rights.pop()) and is_logits(file, call.args[1]):
        yield rule.at(call, metric=ast.unparse(call.func.value), right=right)


# -- torch -----------------------------------------------------------------------------------------


@rule.node(ast.Compare)
def check_compare(file: File, node: ast.Compare) -> Iterator[Finding]:
    match node:
        case ast.Compare(
            left=left,
            ops=[ast.Gt() | ast.GtE() | ast.Lt() | ast.LtE()],
            comparators=[ast.Constant(value=0.5)],
        ) if is_logits(file, left):
            yield rule.at(node, metric=ast.unparse(node), right="compare with 0")


@rule.call("torch.round")
@rule.method("round")
def check_round(file: File, call: ast.Call) -> Iterator[Finding]:
    rounded = call.args[0] if call.args else getattr(call.func, "value", call)
    if is_logits(file, rounded):
        yield rule.at(call, metric=ast.unparse(call), right="compare with 0")


def is_logits(file: File, node: ast.expr) -> bool:
    """Whether an expression is what a loss that takes binary logits is given in this file."""
    calls = [found for found in loss_calls(file) if takes_binary_logits(found)]
    if any(same_value(file, core(node), core(found.output.node)) for found in calls):
        return True
    if not calls or not isinstance(core(node), ast.Call | ast.Name):
        return False
    # The same model, called once more: `net(x) > 0.5`.
    made = value_outputs(Value(file, node))
    given = {output.node for found in calls for output in found.outputs}
    return agreed(made, Kind.LINEAR) and all(output.node in given for output in made)


def takes_binary_logits(found: LossCall) -> bool:
    loss = found.loss
    if loss.word == "binary_crossentropy":
        return loss.from_logits is True and not agreed(found.outputs, *PROBABILITIES)
    sigmoid = ("binary_cross_entropy_with_logits", "sigmoid_cross_entropy_with_logits")
    return loss.word in sigmoid and not agreed(found.outputs, *PROBABILITIES)


def same_value(file: File, one: ast.AST, other: ast.AST) -> bool:
    """Whether two names hold what the same assignment gave."""
    match one, other:
        case ast.Name(id=name), ast.Name(id=word) if name == word:
            bindings = [binding.node for binding in reaching(file, one)]
            return bool(bindings) and bindings == [b.node for b in reaching(file, other)]
    return False
