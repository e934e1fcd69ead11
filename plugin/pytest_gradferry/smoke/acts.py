"""What a training step does around its gradients, in order: the acts of a StepRecord.

Gradients are kept as samples of at most `SAMPLE` values a weight, which is enough to tell a sum or
a multiple, and does not hold a large model's gradients several times.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ..frameworks import Array

SAMPLE = 1024

Gradients = dict[str, Array]


@dataclass
class Forward:
    """A call of the model: the rows of its first input.

    `trains` says that it is in training mode and its outputs carry gradients, `reached` that a
    backward pass got to them.
    """

    rows: int | None
    trains: bool = False
    reached: bool = False


@dataclass
class Backward:
    """A backward pass, or several with nothing between them.

    `mean_of` names the function whose mean the pass began at, with nothing multiplying or dividing
    it since; empty where that is not known to be so.  `scale` is the loss scale of mixed precision.
    """

    gradients: Gradients = field(default_factory=dict)
    mean_of: str = ""
    scale: float = 1.0


@dataclass
class Clip:
    """A call that clips gradients.

    `norm` is what it compared with `limit`, before.  `gradients` are those it was given, before;
    `given` counts all tensors it was given, `held` those of them that an optimizer holds, set when
    the step is over.  `scale` is the loss scale that they were still multiplied by.  `low` and
    `high` are the bounds of a clip by value.
    """

    function: str
    limit: float
    norm: float
    gradients: Gradients
    names: set[str]
    given: int
    held: int = 0
    scale: float = 1.0
    low: float = -math.inf
    high: float = math.inf


@dataclass
class Update:
    """An optimizer's step: the gradients it used, and the rates of its parameter groups."""

    optimizer: str
    key: int  # the same for the same optimizer
    gradients: Gradients
    rates: list[float]
    weights: frozenset[int] = frozenset()  # keys of all the tensors it holds


@dataclass
class Schedule:
    """A step of a learning rate schedule: the rates it found and those it left."""

    name: str
    key: int
    optimizer: int
    weights: frozenset[int]
    before: list[float]
    after: list[float]
    first: bool  # the schedule was never stepped before
    on_plateau: bool = False


Act = Forward | Backward | Clip | Update | Schedule


def note_gradient(acts: list[Act], name: str, value: Array, mean_of: str, scale: float) -> None:
    """Add a weight's gradient to the backward pass at hand."""
    if not acts or not isinstance(acts[-1], Backward):
        acts.append(Backward(mean_of=mean_of, scale=scale))
    act = acts[-1]
    assert isinstance(act, Backward)
    if act.mean_of != mean_of or act.scale != scale:
        act.mean_of = ""
    act.gradients[name] = act.gradients[name] + value if name in act.gradients else value


def sampled(flat: Array) -> Array:
    """At most SAMPLE values of a flat array, evenly spaced, the same ones each time."""
    return flat[:: max(1, -(-flat.size // SAMPLE))].astype(np.float64)


def total(gradients: Iterable[Gradients]) -> Gradients:
    """The sum, weight by weight."""
    result: Gradients = {}
    for each in gradients:
        for name, value in each.items():
            result[name] = result[name] + value if name in result else value
    return result


def scaled(gradients: Gradients, factor: float) -> Gradients:
    return {name: value * factor for name, value in gradients.items()}


def norm(gradients: Gradients) -> float:
    return float(np.sqrt(sum(float((value**2).sum()) for value in gradients.values())))


def same(found: Gradients, expected: Gradients, tolerance: float = 1e-4) -> bool:
    """Whether the gradients found are the expected ones; what found lacks counts as zero."""
    difference = {
        name: found.get(name, np.zeros_like(value)) - value for name, value in expected.items()
    }
    size = norm(expected)
    return bool(size) and norm(difference) <= tolerance * size


def multiple(found: Gradients, expected: Gradients, tolerance: float) -> bool:
    """Whether the gradients found are the expected ones times a number above 0."""
    square = sum(float((value**2).sum()) for value in expected.values())
    pairs = [(found[name], value) for name, value in expected.items() if name in found]
    product = sum(float((a * b).sum()) for a, b in pairs)
    if not square or product <= 0:
        return False
    return same(found, scaled(expected, product / square), tolerance)


def window(acts: list[tuple[int, Act]], end: int) -> list[tuple[int, Act]]:
    """The acts before `acts[end]`, an Update, since the last Update of a weight of its own."""
    update = acts[end][1]
    assert isinstance(update, Update)
    for start in range(end - 1, -1, -1):
        act = acts[start][1]
        if isinstance(act, Update) and (
            act.key == update.key or act.gradients.keys() & update.gradients.keys()
        ):
            return acts[start + 1 : end]
    return acts[:end]
