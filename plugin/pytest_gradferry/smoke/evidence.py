"""What the checks look at: passes of training from one and the same start, taken when asked for."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from ..frameworks import Array
from .acts import Act, Update
from .errors import SmokeError
from .record import StepRecord
from .report import Finding
from .trainee import Trainee
from .tree import shapes

# Calls of the step that are watched: enough for two updates of a loop that accumulates over four.
_WATCHED_AT_LEAST, _WATCHED_AT_MOST = 3, 10

# A gradient smaller than this part of the step's largest is rounding noise.
_NOISE = 1e-6

# What the frameworks warn of, and the checks report with more words.
_WARNINGS = (
    "Using a target size",
    "Gradients do not exist for variables",
    r".*lr_scheduler\.step\(\)",
    "You are trying to `self.log",  # Lightning, in a step of the user's own
    "`parameters` is an empty generator",
    "None of the inputs have requires_grad=True",
    "Using `torch.compile.module.` when there are global hooks",
    "The model does not have any trainable weights",
    ".*from_logits=True.*",
    "You are using a softmax over axis",
    r"In loss \w+, expected y_pred.shape",
)


@dataclass
class Curve:
    """A run of training on one batch, random draws the same in every step.

    `rates` are the learning rates before each step, one a parameter group, empty where unknown.
    `modes` are the model's modes and `trainable` its trainable weights after each step.
    `ended` is why a schedule goes no further than as many steps as there are losses: its error, or
    a rate below zero.
    """

    losses: list[float]
    before: dict[str, Array]
    after: dict[str, Array]
    rates: list[list[float]] = field(default_factory=list)
    ended: str = ""
    modes: list[bool | None] = field(default_factory=list)
    trainable: list[set[str]] = field(default_factory=list)


class Evidence:
    """The passes.  Each starts from the trainee's state when this was made."""

    def __init__(
        self,
        trainee: Trainee,
        steps: int,
        seed: int,
        wanted: frozenset[str] = frozenset(),
        steps_given: bool = False,
    ) -> None:
        self.trainee = trainee
        self.steps = steps
        self.steps_given = steps_given  # by the user, who means to train that long
        self.seed = seed
        self.wanted = wanted  # the checks asked for by name, which may take their time
        self.restore = trainee.save()

    @contextmanager
    def from_start(self, seed: int | None = None) -> Iterator[None]:
        """Inside, the trainee is at its start, seeded.  `run` puts it back there at the end."""
        self.restore()
        self.trainee.reseed(self.seed if seed is None else seed)
        # Infinities and NaN are what `finite` looks for, not something for NumPy to warn of.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            for message in _WARNINGS:
                warnings.filterwarnings("ignore", message)
            yield

    def watch_step(self, targets: Any = None) -> StepRecord:
        """One watched step from where the trainee is."""
        __tracebackhide__ = True
        with self.trainee.watch() as record:
            record.loss = self.step(targets)
        return record  # type: ignore[no-any-return]

    def step(self, targets: Any = None) -> float:
        """One step from where the trainee is.  Raises SmokeError for any error in it."""
        __tracebackhide__ = True
        trainee = self.trainee
        try:
            return trainee.step(targets)
        except SmokeError:
            raise
        except Exception as error:
            measured = (
                f"{trainee.title} raised in its training step, on inputs {shapes(trainee.inputs)}"
                f"{_with_targets(trainee)}:\n{type(error).__name__}: {_short(error)}"
            )
            raise SmokeError(str(Finding(measured, *trainee.advice.error(error)))) from error

    def curve_step(self) -> float:
        """One step from where the trainee is, with the random draws of each step of the curve."""
        self.trainee.reseed_for_step(self.seed)
        return self.step()

    @cached_property
    def watched(self) -> list[StepRecord]:
        """The first steps, each with random draws of its own, watched."""
        return self._watched[0]

    @cached_property
    def _watched(self) -> tuple[list[StepRecord], set[str]]:
        """... and the weights that moved in them."""
        records: list[StepRecord] = []
        with self.from_start():
            before = self.trainee.values()
            for index in range(_WATCHED_AT_MOST):
                self.trainee.reseed(self.seed + index)
                records.append(self.watch_step())
                updates = sum(record.events.count("update") for record in records)
                enough = updates >= 2 and self._all_seen(records) and _each_twice(records)
                if index + 1 >= _WATCHED_AT_LEAST and enough:
                    break
            after = self.trainee.values()
        return records, _changed(before, after)

    def _all_seen(self, records: list[StepRecord]) -> bool:
        """Whether each trainable weight got a gradient; a generator may train every fifth step."""
        trainable = [w.name for w in self.trainee.weights.values() if w.trainable]
        return all(any(r.fresh.get(name) is not None for r in records) for name in trainable)

    @property
    def carries_over(self) -> bool:
        """Whether an update used gradients left over, all numbers still being finite."""
        return any(
            record.carried and np.isfinite(record.loss) and np.isfinite(last.loss)
            for last, record in pairwise(self.watched)
        )

    @property
    def acts(self) -> list[tuple[int, Act]]:
        """What the watched steps did around their gradients, each with the number of its step."""
        return [(n, act) for n, record in enumerate(self.watched, 1) for act in record.acts]

    @cached_property
    def curve(self) -> Curve:
        return self.train(self.steps)

    def train(
        self, steps: int, prepare: Callable[[], None] = lambda: None, moving: float = 1.0
    ) -> Curve:
        """Train from the start; `prepare` is called once, there.

        `moving` is the part of its move that each step leaves the trainable weights; less than 0
        moves them the other way.
        """
        trainee = self.trainee
        losses: list[float] = []
        rates, modes, trainable, ended = [], [], [], ""
        with self.from_start():
            prepare()
            before = last = trainee.values()
            own = [weight.name for weight in trainee.weights.values() if weight.trainable]
            for _ in range(steps):
                trainee.reseed_for_step(self.seed)
                rates.append(trainee.rates())
                if min(rates[-1], default=0.0) < 0 <= min(rates[0], default=0.0):
                    ended = f"its next learning rate is {min(rates[-1]):.4g}"
                    break
                try:
                    losses.append(self.step())
                except SmokeError as error:
                    cause = error.__cause__
                    if not losses or not trainee.schedule_ended(cause):
                        raise
                    ended = str(cause)
                    break
                modes.append(trainee.in_training())
                trainable.append(trainee.trainable())
                if not np.isfinite(losses[-1]):
                    break
                if moving != 1:
                    now = trainee.values()
                    trainee.assign({n: last[n] + moving * (now[n] - last[n]) for n in own})
                    last = trainee.values()
            after = trainee.values()
        return Curve(losses, before, after, rates, ended, modes, trainable)

    def after(self, steps: int) -> tuple[float, float]:
        """The loss behind so many steps: with the trained weights of the start, and with those
        that the training came to.  All else is as the training has left it."""
        trainee = self.trainee
        with self.from_start():
            start = {n: v for n, v in trainee.values().items() if n in self.asked}
            for _ in range(steps):
                self.curve_step()
            end = {n: v for n, v in trainee.values().items() if n in self.asked}
            losses, back = [], trainee.save()
            for weights in (start, end):
                back()
                trainee.assign(weights)
                losses.append(self.curve_step())
        return losses[0], losses[1]

    @cached_property
    def steady(self) -> bool:
        """Whether two evaluations with the same seed agree.

        Raises SmokeError if the step never calls the model itself.
        """
        outputs = []
        for _ in range(2):
            with self.from_start():
                outputs.append(self.trainee.predict()[0])
        return all(
            np.allclose(a, b, rtol=1e-4, equal_nan=True) for a, b in zip(*outputs, strict=True)
        )

    def watch_step_after(self, steps: int) -> StepRecord:
        """The step of the curve that follows on as many, watched."""
        with self.from_start():
            for _ in range(steps):
                self.curve_step()
            self.trainee.reseed_for_step(self.seed)
            return self.watch_step()

    def moves_after(self, step: int, names: list[str]) -> bool:
        """Whether one of these weights moves in a run of `steps` behind the step of that number."""
        with self.from_start():
            before: dict[str, Array] = {}
            for number in range(self.steps):
                self.trainee.reseed_for_step(self.seed)
                self.trainee.step()
                now = self.trainee.values()
                if number >= step and any(not np.array_equal(now[n], before[n]) for n in names):
                    return True
                before = now
        return False

    def first_losses(self, count: int) -> list[float]:
        """The loss of the first step, taken several times: equal unless seeding misses a draw."""
        losses = []
        with self.from_start():
            for _ in range(count):
                self.restore()
                losses.append(self.curve_step())
        return losses

    def ignores(self, layer: str) -> bool:
        """Whether the first step is the same if a layer gives other numbers: its loss and, since
        it may have others than the one that it returns, its gradients."""
        record, first = self.disturbed_step(layer), self.watched[0]
        return record is not None and record.loss == first.loss and _same_gradients(first, record)

    def disturbed_step(self, layer: str) -> StepRecord | None:
        """The first step with other numbers from a layer; None where that cannot be done."""
        disturbed = self.trainee.disturbed(layer)
        if disturbed is None:
            return None
        with self.from_start(), disturbed:
            try:
                return self.watch_step()
            except SmokeError:
                return None

    def untrained_penalty(self, factor: float) -> float | None:
        """The loss of the first step if the gradients that it takes of inputs are so much larger,
        given that it is another one and the gradients of the weights are the same."""
        with self.from_start(), self.trainee.input_gradients_scaled(factor):
            try:
                record = self.watch_step()
            except SmokeError:
                return None
        first = self.watched[0]
        other = abs(record.loss - first.loss) > _NOISE * abs(first.loss)
        return record.loss if other and _same_gradients(first, record) else None

    @cached_property
    def updated(self) -> bool:
        """Whether the optimizers updated anything in the watched steps."""
        return any("update" in record.events for record in self.watched)

    @cached_property
    def asked(self) -> set[str]:
        """The trainable weights whose gradients the step asks for."""
        trainable = {w.name for w in self.trainee.weights.values() if w.trainable}
        sets = [record.asked for record in self.watched if record.asked is not None]
        return trainable & set().union(*sets) if sets else trainable

    @cached_property
    def reached(self) -> set[str]:
        """The weights that got more than rounding noise for a gradient while watched.

        The bias of a layer in front of a batch norm, for one, has a gradient of zero, computed as
        1e-9, which moves nothing.
        """
        found = set()
        for record in self.watched:
            sizes = {n: np.abs(g).max(initial=0) for n, g in record.fresh.items() if g is not None}
            bar = _NOISE * max(sizes.values(), default=0)
            found |= {name for name, size in sizes.items() if size > bar}
        return found

    @property
    def moved_while_watched(self) -> set[str]:
        return self._watched[1]

    @cached_property
    def moved(self) -> set[str]:
        """The weights that changed in the curve or, with other random draws, while watched."""
        return self._watched[1] | self.moved_in_curve

    @cached_property
    def moved_in_curve(self) -> set[str]:
        return _changed(self.curve.before, self.curve.after)


def _same_gradients(a: StepRecord, b: StepRecord) -> bool:
    return all(
        (old is None) is (new is None) and (old is None or new is None or np.array_equal(old, new))
        for old, new in ((a.fresh.get(n), g) for n, g in b.fresh.items())
    )


def _each_twice(records: list[StepRecord]) -> bool:
    """Whether each optimizer has updated twice; some take turns."""
    keys = [act.key for record in records for act in record.acts if isinstance(act, Update)]
    return all(keys.count(key) >= 2 for key in keys)


def _changed(before: dict[str, Array], after: dict[str, Array]) -> set[str]:
    return {n for n, value in before.items() if not np.array_equal(value, after[n], equal_nan=True)}


def _with_targets(trainee: Trainee) -> str:
    return "" if trainee.targets is None else f" and targets {shapes(trainee.targets)}"


def _short(error: Exception, limit: int = 600) -> str:
    text = str(error).strip()
    return text if len(text) <= limit else text[:limit] + " ..."
