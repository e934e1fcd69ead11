"""accumulation: gradients summed over parts of the batch are those of the batch as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...wording import listed
from ..acts import (
    Act,
    Backward,
    Clip,
    Forward,
    Gradients,
    Update,
    norm,
    same,
    scaled,
    total,
    window,
)
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed, skipped
from ..tree import leaves, map_arrays
from . import Check
from . import failed as has_failed

# Forward passes that are taken for a loop over micro-batches: two may be two views of the data.
_MICRO_BATCHES = 3

# Optimizers that divide by the size of the gradients: a multiple of them makes the same update.
_SCALE_FREE = (
    "adafactor",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "lion",
    "nadam",
    "radam",
    "rmsprop",
)


@dataclass
class Part:
    """A forward and a backward pass on some rows of the batch, in a call of the step."""

    call: int
    rows: int
    backward: Backward


@dataclass
class Group:
    """An update and the parts since the update before."""

    call: int
    update: Update
    used: Gradients  # before they were clipped
    clipped: bool
    parts: list[Part]


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    if has_failed(earlier, "fresh-gradients"):
        return skipped("each update uses the gradients of earlier ones")
    left_out = _left_out(evidence)
    if left_out:
        return failed(left_out)
    groups = _groups(evidence, evidence.acts)
    if not any(len(group.parts) > 1 for group in groups):
        return skipped("the step does not accumulate: one backward pass an update")
    remark = ""
    seldom = len(groups[-1].parts) == 1  # updates left out at first, for gradients too large, say
    for group in groups:
        if seldom and len({part.call for part in group.parts}) > 1:
            continue
        for judge in (_dropped, _only_last, _undivided):
            found = judge(evidence, group)
            if isinstance(found, Finding):
                return failed(found)
            remark = found or remark
    return passed(remark)


def _left_out(evidence: Evidence) -> Finding | None:
    """A loop over micro-batches with one backward pass behind it, of the last one's loss."""
    for record in evidence.watched:
        forwards = [act for act in record.acts if isinstance(act, Forward)]
        rows = [act.rows or 0 for act in forwards]
        if len(forwards) < _MICRO_BATCHES or sum(rows) != _batch_size(evidence):
            continue
        backward = sum(isinstance(act, Backward) for act in record.acts)
        *first, last = forwards
        if backward != 1 or not last.reached or not all(act.trains for act in forwards):
            continue
        if not any(act.reached for act in first):
            return Finding(
                f"of {len(forwards)} forward passes over parts of the batch, gradients are "
                f"computed of the last alone: of {last.rows} of {sum(rows)} samples",
                "the backward pass runs once, on the loss of the last micro-batch",
                "run the backward pass of each micro-batch's loss, or of their sum",
            )
    return None


def _groups(evidence: Evidence, acts: list[tuple[int, Act]]) -> list[Group]:
    """Updates whose backward passes saw parts of the batch, or, over calls, all of it each time."""
    size = _batch_size(evidence)
    whole = {
        call
        for call in {call for call, _ in acts}
        if size and sum(p.rows for p in _parts([a for a in acts if a[0] == call])) == size
    }
    found = []
    for end, (call, act) in enumerate(acts):
        if not isinstance(act, Update) or not act.gradients:
            continue
        since = window(acts, end)
        parts = list(_parts(since, act.gradients))
        if any(part.call not in whole for part in parts):
            continue
        clips = [a for _, a in since if isinstance(a, Clip) and a.names & act.gradients.keys()]
        used = {**act.gradients, **(clips[0].gradients if clips else {})}
        used = {name: value for name, value in used.items() if name in act.gradients}
        found.append(Group(call, act, used, bool(clips), parts))
    return found


def _parts(acts: list[tuple[int, Act]], names: Gradients | None = None) -> Iterator[Part]:
    """Backward passes behind one forward pass each; none at all if any has more, or less."""
    found: list[Part] = []
    forwards: list[int | None] = []
    for call, act in acts:
        if isinstance(act, Forward):
            forwards.append(act.rows)
        elif isinstance(act, Backward):
            if names is None or names.keys() & act.gradients.keys():
                if len(forwards) != 1 or forwards[0] is None:
                    return
                found.append(Part(call, forwards[0], act))
            forwards = []
    yield from found


def _batch_size(evidence: Evidence) -> int | None:
    sizes = [leaf.shape[0] for leaf in leaves(evidence.trainee.inputs) if getattr(leaf, "ndim", 0)]
    return int(sizes[0]) if sizes else None


def _gradients(parts: list[Part]) -> list[Gradients]:
    return [part.backward.gradients for part in parts]


def _dropped(evidence: Evidence, group: Group) -> Finding | None:
    """Passes at the end of the call before that no update has used."""
    old = [part for part in group.parts if part.call < group.call]
    new = [part for part in group.parts if part.call == group.call]
    if not old or not new or not norm(total(_gradients(old))):
        return None
    stepped = {call for call, act in evidence.acts if isinstance(act, Update)}
    if not {part.call for part in old} <= stepped or not _is(group, _gradients(new)):
        return None
    rows, size = sum(part.rows for part in old), _batch_size(evidence)
    return Finding(
        f"the gradients of the last {rows} of {size} samples of a batch are computed and never "
        "used: the next step clears them",
        "the last micro-batches make no full group, and nothing steps the optimizer after them",
        "step the optimizer after the last micro-batch too, whatever their number",
    )


def _only_last(evidence: Evidence, group: Group) -> Finding | None:
    if not _uses_last(group):
        return None
    if _alike(group):  # then the last is their average, too
        varied = _with_other_targets(evidence, group.call)
        if varied is None or _alike(varied) or not _uses_last(varied):
            return None
    gradients, advice = _gradients(group.parts), evidence.trainee.advice
    count = len(gradients)
    return Finding(
        f"of {count} backward passes since the update before, step {group.call}'s update used the "
        f"last one's gradients alone: {group.parts[-1].rows} of "
        f"{sum(part.rows for part in group.parts)} samples",
        "the gradients of the other micro-batches are thrown away",
        advice.summing,
        "XFR238" if group.parts[0].call == group.call else advice.skipping_code,
    )


def _uses_last(group: Group) -> bool:
    gradients = _gradients(group.parts)
    if len(gradients) < 2 or _is(group, gradients) or not _is(group, gradients[-1:]):
        return False
    thrown_away = norm(total(gradients[:-1]))
    return bool(thrown_away) and bool(np.isfinite(thrown_away))  # a loss scale may be too large


def _alike(group: Group) -> bool:
    gradients = _gradients(group.parts)
    return all(same(each, gradients[-1]) for each in gradients)


def _with_other_targets(evidence: Evidence, calls: int) -> Group | None:
    """The same update where each call of the step has its targets in another order."""
    trainee = evidence.trainee

    def rolled(by: int, leaf: Any) -> Any:
        if not getattr(leaf, "ndim", 0):
            return leaf
        return np.roll(trainee.framework.to_numpy(leaf), by, axis=0)

    if trainee.targets is None:
        return None
    acts: list[tuple[int, Act]] = []
    with evidence.from_start():
        for call in range(1, calls + 1):
            trainee.reseed(evidence.seed + call - 1)
            record = evidence.watch_step(map_arrays(partial(rolled, call), trainee.targets))
            acts += [(call, act) for act in record.acts]
    return next((g for g in _groups(evidence, acts) if g.call == calls), None)


def _undivided(evidence: Evidence, group: Group) -> Finding | str:
    gradients, count = _gradients(group.parts), len(group.parts)
    losses = {part.backward.mean_of for part in group.parts}
    if count < 2 or len(losses) != 1 or losses == {""} or not _is(group, gradients):
        return ""
    rows = sum(part.rows for part in group.parts)
    shares = [scaled(part.backward.gradients, part.rows / rows) for part in group.parts]
    whole = total(shares)
    if not norm(whole):
        return ""
    ratio = norm(group.used) / norm({name: whole[name] for name in group.used if name in whole})
    if abs(ratio - count) > 0.1 * count:
        return ""
    found = (
        f"the gradients used are {ratio:.3g} times those of the {rows} samples together: "
        f"{count} backward passes, each of a whole {listed(sorted(losses))}, are summed"
    )
    if not group.clipped and group.update.optimizer.lower() in _SCALE_FREE:
        return f"{found}, which {group.update.optimizer} does not feel"
    return Finding(
        found,
        f"the loss is not divided by the number of micro-batches, {count}",
        f"divide the loss by {count} before its backward pass, or the gradients before the update",
    )


def _is(group: Group, gradients: list[Gradients]) -> bool:
    """Whether the update used the sum of these, as far as it used any."""
    return same(total(gradients), group.used)


CHECK = Check("accumulation", order=32, run=run)
