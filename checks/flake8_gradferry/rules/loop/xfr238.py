"""The optimizer steps behind a loop of which only the last turn's gradients are left.

## Why

SILENT. Each turn replaces the gradients of the turn before, so that the step behind the loop uses
those of the last batch, or the last micro-batch, alone. It is what becomes of a training loop when
`step()` or `apply_gradients()` loses a level of indentation, and of gradient accumulation when
`zero_grad()` gains one. Measured on the programs below after five epochs: a loss of 1.02 in torch,
of 3.77 in TensorFlow; with a step per batch it is below 1e-10.

## Bad

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = x @ torch.tensor([[1.0], [2.0], [-1.0], [0.5]])
batches = list(zip(x.split(4), y.split(4)))
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    for inputs, targets in batches:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
    optimizer.step()  # XFR238

with torch.no_grad():
    loss_after = nn.functional.mse_loss(model(x), y).item()
```

```python
import tensorflow as tf
import keras

keras.utils.set_random_seed(0)
x = tf.random.normal((64, 4))
y = tf.matmul(x, [[1.0], [2.0], [-1.0], [0.5]])
batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
model = keras.layers.Dense(1)
optimizer = keras.optimizers.SGD(0.1)

for epoch in range(5):
    for inputs, targets in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(inputs) - targets) ** 2)
        grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))  # XFR238

loss_after = float(tf.reduce_mean((model(x) - y) ** 2))
```

## Good

```python
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = x @ torch.tensor([[1.0], [2.0], [-1.0], [0.5]])
batches = list(zip(x.split(4), y.split(4)))
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    for inputs, targets in batches:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()

with torch.no_grad():
    loss_after = nn.functional.mse_loss(model(x), y).item()
```

```python
import tensorflow as tf
import keras

keras.utils.set_random_seed(0)
x = tf.random.normal((64, 4))
y = tf.matmul(x, [[1.0], [2.0], [-1.0], [0.5]])
batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
model = keras.layers.Dense(1)
optimizer = keras.optimizers.SGD(0.1)

for epoch in range(5):
    for inputs, targets in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(inputs) - targets) ** 2)
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))

loss_after = float(tf.reduce_mean((model(x) - y) ** 2))
```

## When it stays quiet

- Something in the loop steps, or leaves it (a search that ends when the loss will do).
- The clearing has a condition that the backward pass has not (`if i == 0:`); the loop turns once.
- The file reads or writes `.grad`: each turn's gradients may be collected (per-sample gradients,
  several tasks), and put together behind the loop.
- What is cleared is another one in every turn (`for model in models`).
- The loop calls another method of the optimizer, which may keep what it needs (IVON's samples).
- The model or the optimizer is handed to a call that cannot be followed, in the loop or behind it.
- The loop does something else with a tape's gradients (adds them up, keeps them), or the function
  applies other gradients as well.

## Fix

One step a batch: put `step()` or `apply_gradients()` into the loop. One step for all turns: put
`zero_grad()` in front of the loop; add a tape's gradients up.

## Seen at run time

`training_smoke`: `accumulation`, where the loop is over parts of the batch.

## References

- https://docs.pytorch.org/tutorials/recipes/recipes/zeroing_out_gradients.html
- https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-accumulation
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...loop.flow import GRADIENTS, Event, Flow, Kind, flows, turns_once
from ...loop.things import is_torch_optimizer, zeroes
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import origins, reaching
from ...source.walk import LOOPS, File
from ...tape.tapes import applies_others, given_pairs, is_gradient_call, used_elsewhere

rule = Rule(
    __name__,
    name="step-behind-loop",
    message="{opt}.step() after the loop that clears (SILENT: last turn only); step inside",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="either",
)

_LAST = "only the {grads} of the loop's last turn are applied (SILENT); apply them inside"


@rule.node(ast.Module)
def check(file: File, tree: ast.Module) -> Iterator[Finding]:
    for flow in flows(file):
        for zero in flow.of(Kind.ZERO):
            if not zero.loops or not clears_every_turn(flow, zero, zero.loops[-1]):
                continue
            step = step_behind(flow, zero, zero.loops[-1])
            if step is None or not is_torch_optimizer(step.thing, file):
                continue
            if not collects_gradients(file) and not asked_for_more(file, step, zero.loops[-1]):
                yield rule.at(step.at, opt=step.written)


def clears_every_turn(flow: Flow, zero: Event, loop: ast.AST) -> bool:
    """Whether each turn of the loop clears, goes backward, and does nothing with the gradients."""
    if not isinstance(loop, LOOPS) or turns_once(loop) or made_by(flow.file, loop, zero):
        return False
    inside = flow.within(loop)
    backward = [event for event in inside if event.kind is Kind.BACKWARD]
    return (
        any(e.order > zero.order and e.loops == zero.loops and zero.whenever(e) for e in backward)
        and all(event.kind not in (Kind.STEP, Kind.WRITE, Kind.LEAVE) for event in inside)
        and not any(event.kind is Kind.OPAQUE and not event.seems_harmless for event in inside)
    )


def made_by(file: File, loop: ast.AST, zero: Event) -> bool:
    """Whether what is cleared is, or hangs on, what the loop goes through or makes."""
    root = zero.key.partition(".")[0].partition("[")[0]
    names = file.inside(loop)[ast.Name]
    return any(name.id == root and isinstance(name.ctx, ast.Store) for name in names)


def step_behind(flow: Flow, zero: Event, loop: ast.AST) -> Event | None:
    """The next step, if it is behind the loop, and of what the loop clears."""
    assert zero.thing is not None
    outer = zero.loops[:-1]
    for event in flow.after(zero, Kind.STEP, *GRADIENTS):
        if loop in event.loops or (event.kind is Kind.OPAQUE and event.seems_harmless):
            continue
        if event.kind is not Kind.STEP or event.loops != outer or event.has_closure:
            return None
        assert event.thing is not None
        return event if zeroes(zero.thing, event.thing) and not event.leaves else None
    return None


def collects_gradients(file: File) -> bool:
    """Whether the file says `.grad`: what stands there may be kept from turn to turn."""
    return any(attribute.attr == "grad" for attribute in file.index[ast.Attribute])


def asked_for_more(file: File, step: Event, loop: ast.AST) -> bool:
    """Whether the loop calls another method of the optimizer, which may keep the gradients."""
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr != "zero_grad"
        and file.dotted(call.func.value) == step.written
        for call in file.inside(loop)[ast.Call]
    )


@rule.method("apply_gradients")
def check_tape(file: File, call: ast.Call) -> Iterator[Finding]:
    match given_pairs(call):
        case [ast.Call(func=ast.Name(id="zip"), args=[ast.Name() as grads, _])]:
            if only_the_last(file, call, grads) and not applies_others(file, call):
                yield rule.at(call, _LAST, grads=grads.id)


def only_the_last(file: File, call: ast.Call, grads: ast.Name) -> bool:
    """Whether each turn of the loop in front of the call makes the gradients, for nothing else."""
    bindings = reaching(file, grads)
    if len(bindings) != 1 or bindings[0].kind != "assign":
        return False
    made = bindings[0].node
    loop = file.parent(made)
    while isinstance(loop, ast.With):
        loop = file.parent(loop)
    if not isinstance(loop, LOOPS) or file.parent(loop) is not file.parent(file.statement(call)):
        return False
    if turns_once(loop) or file.inside(loop).of(ast.Break, ast.Return):
        return False
    return all(
        is_gradient_call(end.file, end.node) for end in origins(file, grads)
    ) and not used_elsewhere(file, loop, grads, made)
