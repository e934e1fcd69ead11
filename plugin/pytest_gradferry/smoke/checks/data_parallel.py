"""data-parallel: two replicas with half of the batch each train as one does with all of it."""

from __future__ import annotations

import numpy as np

from ..errors import SmokeError
from ..evidence import Curve, Evidence
from ..parallel import REPLICAS, ParallelError, Replica, batch_size
from ..report import Finding, Outcome, failed, passed, skipped
from . import Check
from . import failed as has_failed

_STEPS = 3
_APART = 0.02  # of how far a weight moves
_ROUNDING = 1e-6  # of the weight


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    trainee = evidence.trainee
    parallel = trainee.parallel
    if reason := parallel.absent():
        return skipped(reason)
    try:
        batch_size(trainee.inputs, trainee.targets)
        with parallel.quiet():
            if _draws(evidence):
                return skipped("the step draws random numbers, other ones for each half")
            single = evidence.train(_STEPS)
        replicas, remark = _replicas(evidence)
    except SmokeError as error:
        return skipped(str(error))
    except ParallelError as error:
        return failed(Finding(f"{parallel.what} fails: {error}"))
    if not _same(evidence, single, replicas[0], replicas[1]):
        return failed(_never_synchronised(evidence, single, replicas))
    if _same(evidence, single, replicas[0]):
        return passed(remark)
    if _summed(evidence, single, replicas):
        return failed(_of_a_sum(evidence, single, replicas))
    apart = _distance(evidence, single, replicas[0])
    told = f"{parallel.what} moves the weights by up to {apart:.0%} otherwise than one does"
    if parallel.has_batch_norm():
        with parallel.quiet(batch_norm=True):
            quiet = evidence.train(_STEPS)
        other, _ = _replicas(evidence, batch_norm=True)
        if _same(evidence, quiet, other[0]):
            return passed(
                f"{told}, which is batch norm's doing: each half has its own statistics "
                f"({parallel.without_statistics})"
            )
    times = _times(evidence)
    if times is not None:
        return failed(_multiplied(evidence, times))
    return passed(
        f"{told}, though the replicas agree: the loss of the batch is not the mean of its halves'"
    )


def _draws(evidence: Evidence) -> bool:
    """Whether the losses of the first step change with the seed."""
    losses = []
    for seed in (0, 1):
        with evidence.from_start():
            evidence.trainee.reseed(seed)
            losses.append(evidence.step())
    return abs(losses[0] - losses[1]) > 1e-5 * max(abs(losses[0]), 1e-12)


def _replicas(evidence: Evidence, batch_norm: bool = False) -> tuple[list[Replica], str]:
    """(what they came to, a remark)"""
    parallel = evidence.trainee.parallel
    try:
        with evidence.from_start(), parallel.quiet(batch_norm):
            return parallel.train(_STEPS, evidence.seed), ""
    except ParallelError as error:
        how = parallel.unused_allowed(error)
        if not how:
            raise
        with evidence.from_start(), parallel.quiet(batch_norm):
            return parallel.train(_STEPS, evidence.seed, unused=True), how


def _distance(
    evidence: Evidence, single: Curve, found: Replica, expected: Replica | None = None
) -> float:
    """The largest difference of a weight, as a part of how far it moves."""
    goal = single.after if expected is None else expected.after
    worst = 0.0
    for name in evidence.reached:
        if name not in found.after or name not in goal:
            continue
        moved = float(np.linalg.norm(single.after[name] - single.before[name]))
        rounding = _ROUNDING * float(np.linalg.norm(goal[name]))
        apart = float(np.linalg.norm(found.after[name].astype(np.float64) - goal[name]))
        if apart > rounding:
            worst = max(worst, apart / (moved or apart))
    return worst


def _same(
    evidence: Evidence, single: Curve, found: Replica, expected: Replica | None = None
) -> bool:
    return _distance(evidence, single, found, expected) <= _APART


def _never_synchronised(evidence: Evidence, single: Curve, replicas: list[Replica]) -> Finding:
    apart = _distance(evidence, single, *replicas)
    measured = (
        f"after {_STEPS} steps the replicas' weights are apart by {apart:.0%} of how far they move"
    )
    if not any("forward" in record.events for record in evidence.watched):
        return Finding(
            measured,
            f"the step never calls {type(evidence.trainee.model).__name__} itself but parts of it, "
            "past the wrapper that shares the gradients",
            "call the wrapped model: put what the step does with its parts into forward",
        )
    return Finding(measured, fix="look for weights that are updated outside of the optimizer")


def _summed(evidence: Evidence, single: Curve, replicas: list[Replica]) -> bool:
    """Whether the loss of the batch is the sum of the halves' losses."""
    whole, halves = single.losses[0], [replica.losses[0] for replica in replicas]
    close = abs(sum(halves) - whole) <= 1e-4 * abs(whole)
    return close and abs(np.mean(halves) - whole) > 1e-2 * abs(whole)


def _of_a_sum(evidence: Evidence, single: Curve, replicas: list[Replica]) -> Finding:
    halves = " + ".join(f"{replica.losses[0]:.4g}" for replica in replicas)
    return Finding(
        f"{evidence.trainee.parallel.what} trains otherwise than one does: the loss of the batch, "
        f"{single.losses[0]:.4g}, is the sum of its halves', {halves}",
        "the loss is a sum over the samples, and the replicas' gradients are averaged: they come "
        f"out {len(replicas)} times too small",
        "average the loss over the samples, or multiply it by the number of replicas",
    )


def _times(evidence: Evidence) -> float | None:
    """How many times as far the replicas' first update goes as that of one; None if it is none."""
    parallel = evidence.trainee.parallel
    with parallel.quiet():
        single = evidence.train(1)
    with evidence.from_start(), parallel.quiet():
        found = parallel.train(1, evidence.seed, unused=True)[0]
    names = [name for name in evidence.reached if name in found.after]
    alone = np.concatenate([(single.after[n] - single.before[n]).ravel() for n in names])
    both = np.concatenate([(found.after[n] - single.before[n]).ravel() for n in names])
    if not alone.any() or not both.any():
        return None
    straight = float(alone @ both / (np.linalg.norm(alone) * np.linalg.norm(both)))
    times = float(np.linalg.norm(both) / np.linalg.norm(alone))
    return times if straight > 0.999 and abs(times - 1) > 0.05 else None


def _multiplied(evidence: Evidence, times: float) -> Finding:
    measured = (
        f"the first update of {evidence.trainee.parallel.what} goes {times:.3g} times as far "
    )
    measured += "as that of one, in the same direction"
    if abs(times - REPLICAS) < 0.02:
        return Finding(
            measured,
            "the replicas' gradients are added up, and each is of the mean over its own part",
            "divide the loss by the number of replicas (strategy.num_replicas_in_sync), or take it "
            "from self.compute_loss, which does",
        )
    return Finding(measured, fix="see how the loss is reduced, over the samples and the replicas")


CHECK = Check("data-parallel", order=120, run=run, default=False)
