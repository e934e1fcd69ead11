"""compiled: a step that is traced or compiled trains as the same step does eagerly."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...frameworks import Array
from ...wording import listed
from ..compiling import Kept, Traced
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed, skipped
from . import Check
from . import failed as has_failed

_STEPS = 4
_FLOOR = 1e-5  # of the largest value: a few steps of float32 rounding
_AMPLIFIED = 20  # times what a rounding error put into the first weights grows to


@dataclass
class _Pass:
    """Training from the start, each step with random draws of its own."""

    losses: list[float]
    after: dict[str, Array]


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    compiling = evidence.trainee.compiling
    if compiling.slow and CHECK.id not in evidence.wanted:
        return skipped('slow: runs when asked for, only=["compiled"]')
    if reason := compiling.absent():
        return skipped(reason)
    evidence.watched  # noqa: B018  what the step draws from is known after it
    seen: dict[Any, Traced] = {}
    compiled = _train(evidence, compiling.compiled(seen), seen)
    if compiled is None:
        return skipped(compiling.eager_reason)
    kept: list[Kept] = []
    eager = _train(evidence, compiling.eager(kept))
    assert eager is not None
    findings = [*_retraced(evidence, seen.values())]
    if reason := compiling.unlike():
        findings += [*_left_undone(kept), *_drawn_once(kept, seen.values())]
        return failed(*findings) if findings else skipped(reason)
    judge = _Judge(evidence, eager)
    if not judge.agree(compiled):
        findings.append(_explain(evidence, judge, compiled, kept))
    else:
        findings += _left_undone(kept)
    return failed(*findings) if findings else passed(compiling.remark())


def _train(
    evidence: Evidence,
    how: AbstractContextManager[Any],
    seen: dict[Any, Traced] | None = None,
    start: dict[str, Array] | None = None,
) -> _Pass | None:
    """Train inside `how`; None if its first step calls nothing that is compiled."""
    trainee = evidence.trainee
    losses: list[float] = []
    with evidence.from_start(), how:
        trainee.assign(start or {})
        for index in range(_STEPS):
            trainee.reseed_for_step(evidence.seed + index)
            losses.append(evidence.step())
            if seen == {}:
                return None
        return _Pass(losses, trainee.values())


class _Judge:
    """Whether passes agree with the eager one, but for rounding, which is measured.

    Rounding errors grow in training, with Adam to the size of the learning rate where a gradient
    is zero but for them.  How far is seen by putting one into the weights at the start.
    """

    def __init__(self, evidence: Evidence, eager: _Pass) -> None:
        self._evidence = evidence
        self.eager = eager
        self._noise: list[_Pass] | None = None

    def agree(self, other: _Pass, with_: _Pass | None = None) -> bool:
        expected = self.eager if with_ is None else with_
        if self._within(other, expected, []):
            return True
        if self._noise is None:
            self._noise = [self._disturbed(seed) for seed in range(3)]
        return self._within(other, expected, self._noise)

    def _within(self, found: _Pass, expected: _Pass, noise: list[_Pass]) -> bool:
        pairs: list[tuple[Any, Any, list[tuple[Any, Any]]]]
        pairs = [(found.losses, expected.losses, [(n.losses, self.eager.losses) for n in noise])]
        pairs += [
            (found.after[name], value, [(n.after[name], self.eager.after[name]) for n in noise])
            for name, value in expected.after.items()
            if name in self._evidence.reached  # the others only follow rounding noise
        ]
        return all(
            _apart(a, b)
            <= _FLOOR * _size(b) + _AMPLIFIED * max((_apart(*each) for each in ns), default=0.0)
            for a, b, ns in pairs
        )

    def _disturbed(self, seed: int) -> _Pass:
        evidence = self._evidence
        random = np.random.default_rng(seed)
        epsilon = 4 * evidence.trainee.compiling.epsilon
        with evidence.from_start():
            start = {
                name: (value * (1 + epsilon * random.choice([-1, 1], value.shape))).astype(
                    value.dtype
                )
                for name, value in evidence.trainee.values().items()
                if value.dtype.kind == "f"
            }
        result = _train(evidence, evidence.trainee.compiling.eager(), start=start)
        assert result is not None
        return result


def _apart(a: Any, b: Any) -> float:
    return float(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max(initial=0.0))


def _size(a: Any) -> float:
    return float(np.abs(np.asarray(a, np.float64)).max(initial=0.0))


def _explain(evidence: Evidence, judge: _Judge, compiled: _Pass, kept: list[Kept]) -> Finding:
    """Compile it anew, and hold fast in the eager step what Python changes, one by one."""
    compiling = evidence.trainee.compiling
    measured = _measured(compiled, judge.eager)
    seen: dict[Any, Traced] = {}
    again = compiling.anew(seen)
    if again is not None:
        fresh = _train(evidence, again, seen)
        assert fresh is not None
        if judge.agree(fresh):
            return Finding(
                measured,
                "it was traced before, with values of Python that are others now: traced anew it "
                "agrees",
                "hold what changes in a tf.Variable, or pass it to the function as a tensor",
                "XFR802",
            )
        compiled = fresh
    changed = [each for each in kept if each.changed]

    def explained_by(some: list[Kept]) -> bool:
        held = _train(evidence, compiling.eager(frozen=[each.keeper for each in some]))
        assert held is not None
        return judge.agree(compiled, held)

    if not changed or not explained_by(changed):
        return Finding(
            measured, fix="look for Python values and functions that tracing turns into constants"
        )
    alone = next((each for each in changed if explained_by([each])), None)
    return _frozen(measured, [alone] if alone else changed)


def _frozen(measured: str, guilty: list[Kept]) -> Finding:
    names = listed([_changed(each)[0] for each in guilty])
    test = "with it held fast the eager step does the same"
    if all(each.keeper.draws for each in guilty):
        return Finding(
            measured,
            f"{names} draws once, when the step is traced: its numbers are constants of the "
            f"graph; {test}",
            "draw with tf.random or keras.random, or pass what is drawn to the function",
            "XFR610",
        )
    if any(each.changed_inside for each in guilty):
        return Finding(
            measured,
            f"Python changes {names} inside the traced function, which happens once, at tracing; "
            f"{test}",
            "make it a tf.Variable and use assign or assign_add, or change it outside",
            "XFR610",
        )
    values = ""
    if len(guilty) == 1 and isinstance((seen := _changed(guilty[0])[1])[0], (int, float, str)):
        values = f" as {seen[0]!r}, and which is {seen[-1]!r} later"
    return Finding(
        measured,
        f"{names} is a value of Python, which tracing took{values}; {test}",
        "hold it in a tf.Variable and assign to it, or pass it to the function as a tensor",
        "XFR802",
    )


def _changed(kept: Kept) -> tuple[str, list[Any]]:
    """The name of a place and what calls found there; of a dict, under the key that changes."""
    name, entered = kept.keeper.name, kept.entered
    values = [*entered, *kept.left]
    if kept.keeper.draws or not isinstance(values[0], dict):
        return name, entered
    for key, value in values[0].items():
        if any(repr(each.get(key)) != repr(value) for each in values):
            return f"{name}[{key!r}]", [each.get(key) for each in entered]
    return name, entered


def _left_undone(kept: list[Kept]) -> list[Finding]:
    """What Python changes in each eager call, though no number depends on it."""
    names = [
        name
        for each in kept
        if each.changed_inside and not each.keeper.draws
        for name in [_changed(each)[0]]
        if "trac"
        not in name.rpartition(".")[2].lower()  # written to show when the function is traced
    ]
    if not names:
        return []
    return [
        Finding(
            f"{listed(names)} changes in every eager step, and not in the traced ones",
            "Python inside the traced function changes it, which happens once, at tracing",
            "make it a tf.Variable and use assign or assign_add, or change it outside",
            "XFR610",
        )
    ]


def _drawn_once(kept: list[Kept], functions: Iterable[Traced]) -> list[Finding]:
    """Generators of Python that every eager call draws from, and none that is traced."""
    drawn = set().union(*(each.draws for each in functions))
    names = [each.keeper.name for each in kept if each.keeper.draws and each.changed_inside]
    # Keras takes the seeds of its own generators from `random`.
    names = [name for name in names if name not in drawn and name != "random"]
    if not names:
        return []
    return [
        Finding(
            f"every eager step draws from {listed(names)}, and no traced one after the first",
            f"{listed(names)} draws once, when the step is traced: its numbers are constants of "
            "the graph",
            "draw with tf.random or keras.random, or pass what is drawn to the function",
            "XFR610",
        )
    ]


def _measured(compiled: _Pass, eager: _Pass) -> str:
    losses = zip(compiled.losses, eager.losses, strict=True)
    apart = [abs(a - b) for a, b in losses]
    step = next((i for i, d in enumerate(apart) if d > _FLOOR * _size(eager.losses)), None)
    if step is not None:
        return (
            f"the loss at step {step + 1} is {compiled.losses[step]:.6g} compiled and "
            f"{eager.losses[step]:.6g} eager, from one start and with one seed"
        )
    distances = {n: _apart(compiled.after[n], value) for n, value in eager.after.items()}
    worst = max(distances, key=lambda name: distances[name])
    return f"after {_STEPS} steps {worst} is {distances[worst]:.2g} apart, compiled and eager"


def _retraced(evidence: Evidence, functions: Iterable[Traced]) -> list[Finding]:
    found = list(functions)
    if any(_changing_numbers(each) for each in found):
        seen: dict[Any, Traced] = {}  # for these numbers it may have been traced before
        again = evidence.trainee.compiling.anew(seen)
        if again is not None:
            _train(evidence, again)
            found = list(seen.values())
    return [
        _why_traced(evidence, each)
        for each in found
        if len(each.traces) >= _STEPS and all(each.traces[2:])
    ]


def _changing_numbers(traced: Traced) -> list[tuple[Any, ...]]:
    return [v for v in zip(*traced.numbers, strict=False) if len(set(v)) > 1]


def _why_traced(evidence: Evidence, traced: Traced) -> Finding:
    measured = f"{traced.name} is traced in every step: {sum(traced.traces)} times in {_STEPS}"
    if len(traced.objects) >= len(traced.traces):
        return Finding(
            measured,
            "each call is of another compiled function, made in that step",
            "make it once, outside of the step",
        )
    held = evidence.trainee.compiling.recompiled_for(lambda how: _train(evidence, how))
    if held:
        return Finding(
            measured,
            f"{held} changes in each step, and what is compiled holds for one value of it; with it "
            "held fast it is compiled once",
            "keep it in a tensor (register_buffer), or change it outside of forward",
        )
    seen: dict[Any, Traced] = {}
    again = evidence.trainee.compiling.anew(seen, tensors=True)
    changing = _changing_numbers(traced)
    if again is not None and changing:
        _train(evidence, again)
        others = [each for each in seen.values() if each.name == traced.name]
        if others and not any(t for each in others for t in each.traces[2:]):
            numbers = ", ".join(f"{number:.4g}" for number in changing[0][:3])
            return Finding(
                measured,
                f"it is given Python numbers that change ({numbers}, ...), and each is traced "
                "anew; as tensors they are not",
                "pass them as tensors, tf.constant(...), or hold them in a tf.Variable",
            )
    return Finding(measured, fix="give it the same shapes, types and Python values in each step")


CHECK = Check("compiled", order=79, run=run)
