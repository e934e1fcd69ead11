"""clipping: gradients are clipped where that changes what the update uses, and to something."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ...wording import listed
from ..acts import Act, Backward, Clip, Update, norm
from ..evidence import Evidence
from ..report import Finding, Outcome, failed, passed, skipped
from . import Check


class Around(NamedTuple):
    """A clip, its call of the step, and what happened to the same weights around it."""

    call: int
    clip: Clip
    backward: bool  # a backward pass ran since the update before
    last: Act | None  # the backward pass or update before it
    following: Update | None  # in the same call, with no backward pass between


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    clips = [
        _around(evidence.acts, index)
        for index, act in enumerate(evidence.acts)
        if isinstance(act[1], Clip) and not math.isinf(act[1].limit)
    ]
    unused = next(
        (record.unused_clips[0] for record in evidence.watched if record.unused_clips), ""
    )
    if unused:
        return failed(
            Finding(
                f"{unused} clips the gradients, and the optimizer is given those from before",
                "its result is not used: it returns new tensors and leaves the old as they are",
                "apply the gradients that it returns; Tensor.clamp_ clips in place",
            )
        )
    if not clips:
        return skipped("the step clips no gradients")
    for around in clips:
        for judge in (_nothing_left, _one_sign, _of_nothing, _of_others, _misplaced, _while_scaled):
            found = judge(evidence, around)
            if found:
                return failed(found)
    return passed()


def _around(acts: list[tuple[int, Act]], index: int) -> Around:
    call, clip = acts[index]
    assert isinstance(clip, Clip)
    last = None
    for _, act in reversed(acts[:index]):
        if isinstance(act, (Backward, Update)) and act.gradients.keys() & clip.names:
            last = act
            break
    following = None
    for number, act in acts[index + 1 :]:
        if number != call or not isinstance(act, (Backward, Update)):
            continue
        if act.gradients.keys() & clip.names:
            following = act if isinstance(act, Update) else None
            break
    return Around(call, clip, isinstance(last, Backward), last, following)


def _nothing_left(evidence: Evidence, around: Around) -> Finding | None:
    clip = around.clip
    if clip.limit > 0:
        return None
    what = f"{clip.function} is told to clip to {clip.limit:.4g}"
    if clip.limit < 0 and "norm" in clip.function:
        what += ", which turns the gradients round"
        return Finding(what, "the limit is negative", "give it a limit above 0")
    return Finding(
        f"{what}: the gradients, of norm {norm(clip.gradients):.4g}, are all 0 after it",
        "nothing is left of the gradients",
        "give it a limit above 0",
    )


def _one_sign(evidence: Evidence, around: Around) -> Finding | None:
    clip = around.clip
    if clip.low < 0 < clip.high:
        return None
    values = np.concatenate([np.zeros(0), *clip.gradients.values()])
    side, lost = ("below", values < 0) if clip.low >= 0 else ("above", values > 0)
    if not lost.any():
        return None
    return Finding(
        f"{clip.function} takes the gradients, {100 * lost.mean():.0f} % of them {side} 0, to "
        f"between {clip.low:.4g} and {clip.high:.4g}",
        f"what is {side} 0 is lost: those weights can move one way only",
        "clip to between -limit and limit",
    )


def _of_nothing(evidence: Evidence, around: Around) -> Finding | None:
    if around.clip.given or not evidence.updated:
        return None
    return Finding(
        f"{around.clip.function} is given no tensor at all",
        "a generator, such as model.parameters(), is empty once it was used",
        "give it list(model.parameters()), or call model.parameters() anew",
        "XFR228",
    )


def _of_others(evidence: Evidence, around: Around) -> Finding | None:
    clip = around.clip
    if not clip.given or not evidence.updated:
        return None
    if not clip.names and not clip.held:
        return Finding(
            f"{clip.function} is given {clip.given} tensors, none of them this model's or any "
            "optimizer's",
            "they belong to another model, one that was copied or replaced, say",
            "give it the parameters that the optimizer holds",
        )
    if clip.names and not clip.held:
        return Finding(
            f"{clip.function} clips {listed(sorted(clip.names))}, which no optimizer holds",
            "the weights that are trained are not clipped",
            "give it the parameters that the optimizer holds",
        )
    return None


def _misplaced(evidence: Evidence, around: Around) -> Finding | None:
    clip = around.clip
    if around.backward or not clip.names:
        return None
    last, following = around.last, around.following
    if isinstance(last, Update) and following is not None and last.key == following.key:
        return None  # a second update by the same gradients: for fresh-gradients to tell
    updates = [
        a for _, a in evidence.acts if isinstance(a, Update) and a.gradients.keys() & clip.names
    ]
    if not updates:
        return None
    if isinstance(around.last, Update) and around.following is None:
        where = "after the optimizer's step, which has used the gradients by then"
    else:
        where = "before the backward pass, which computes the gradients"
    used = max(norm(update.gradients) for update in updates)
    over = f", and an update used gradients of norm {used:.4g}" if used > clip.limit else ""
    return Finding(
        f"{clip.function} is called in step {around.call} with a limit of {clip.limit:.4g}{over}",
        f"it is called {where}",
        evidence.trainee.advice.clipping,
        "XFR227",
    )


def _while_scaled(evidence: Evidence, around: Around) -> Finding | None:
    clip = around.clip
    if clip.scale == 1 or clip.norm <= clip.limit:
        return None
    return Finding(
        f"{clip.function} compares its limit of {clip.limit:.4g} with {clip.norm:.4g}: the "
        f"gradients are still multiplied by the loss scale, {clip.scale:.4g}, so that they end up "
        f"within {clip.limit / clip.scale:.2g}",
        "they are clipped before scaler.unscale_",
        "call scaler.unscale_(optimizer) before clipping",
        "XFR803",
    )


CHECK = Check("clipping", order=8, run=run)
