"""A loss that is the reference's but for a factor or a constant, which its gradients confirm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from ... import tree
from ...compare import Comparison, relative
from ..hypothesis import Hypothesis
from .edits import CallPair
from .formula import times
from .weights import class_weights

_SAME = 1e-7
_OVER_CLASSES = ("cross_entropy", "kl_div")  # sums over the last axis, not means of it


def reduction(pair: CallPair) -> Iterator[Hypothesis]:
    """One loss is a sum of what the other averages, over the samples, the elements or both."""
    torch, keras = (str(call.arguments.get("reduction")) for call in (pair.torch, pair.keras))
    output, _ = pair.numbers("keras")
    if not output.ndim or not output.size:
        return
    last, elements = output.shape[-1], output.size
    of_classes = pair.keras.kind in _OVER_CLASSES
    samples = _divisor(pair, elements // last)
    rule, fix = "XFR422", _SAME_REDUCTION
    if pair.torch.kind == "kl_div" and torch == "mean":
        factor = 1 / last
        cause = (
            f"torch's kl_div divides by all elements, Keras' by the samples alone ({last} times "
            "fewer)"
        )
        fix, rule = 'reduction="batchmean" in torch', "XFR407"
    elif keras == "sum" and torch == "mean":
        factor = 1 / samples
        cause = (
            f"the {pair.role('keras')}'s loss is a sum over the samples ({samples:g}), the "
            f"{pair.role('torch')}'s a mean"
        )
    elif torch == "sum" and keras != "sum":
        factor = samples if of_classes else float(elements)
        over = "the samples" if of_classes else "all elements"
        cause = (
            f"the {pair.role('torch')}'s loss is a sum over {over} ({factor:g}), the "
            f"{pair.role('keras')}'s a mean"
        )
    elif torch == keras == "sum" and not of_classes:
        factor = float(last)
        cause = (
            f"Keras' sum adds up means over the last axis ({last}), torch's sum adds all elements"
        )
        fix = f"multiply Keras' by {last}, or take means on both sides"
    else:
        return
    if not pair.keras_port:
        factor = 1 / factor
    framework = pair.port.framework
    edit = partial(times, factor=factor)
    yield Hypothesis(cause, _change(factor), fix, partial(pair.edited, framework, edit), rule)


def _divisor(pair: CallPair, samples: int) -> float:
    """What torch's mean divides by: the sum of the weights of what is not left out."""
    weights = class_weights(pair)
    if weights is not None:
        return float(weights.sum())
    _, target = pair.numbers("torch")
    ignored = pair.torch.arguments.get("ignore_index")
    if target.dtype.kind in "iu" and ignored is not None:
        return float(np.sum(target != ignored))
    return float(samples)


_SAME_REDUCTION = "take the same reduction on both sides"


def sums(comparison: Comparison) -> Iterator[Hypothesis]:
    """The same of a loss written by hand, where only its value tells."""
    factor = _factor(comparison)
    if factor is None:
        return
    outputs = tree.leaves(comparison.reference_outputs())
    if len(outputs) != 1 or not outputs[0].ndim:
        return
    samples, elements = outputs[0].shape[0], outputs[0].size
    counts = {
        samples: "the samples",
        elements: "all elements",
        elements // samples: "the elements of a sample",
    }
    for count, over in counts.items():
        if count < 3:  # a factor of two has other causes
            continue
        for sums, wanted in (("port", 1 / count), ("reference", float(count))):
            if _near(factor, wanted):
                other = "reference" if sums == "port" else "port"
                yield Hypothesis(
                    f"the {sums}'s loss is a sum over {over} ({count}), the {other}'s a mean",
                    _change(factor),
                    _SAME_REDUCTION,
                    partial(_multiplied, comparison, factor),
                    "XFR422",
                )
                return


def scaled(comparison: Comparison) -> Iterator[Hypothesis]:
    """Any factor, where all gradients have it too."""
    factor = _factor(comparison)
    if factor is None:
        return
    yield Hypothesis(
        f"the port's loss and all its gradients are {1 / factor:.6g} times the reference's",
        _change(factor),
        f"multiply the port's loss by {factor:.6g}",
        partial(_multiplied, comparison, factor),
        "XFR421" if _near(factor, -1.0) else None,
    )


def offset(comparison: Comparison) -> Iterator[Hypothesis]:
    """A constant, which no gradient sees."""
    theirs, ours = comparison.loss_values()
    if not np.isfinite(theirs - ours) or comparison.gradients().error > _SAME:
        return
    yield Hypothesis(
        f"the port's loss is the reference's {ours - theirs:+.6g}, with the same gradients",
        f"{theirs - ours:+.6g} on the port's loss",
        "leave the constant out, or add it on both sides; training does not see it",
        partial(_shifted, comparison, theirs - ours),
        "XFR421" if _near(abs(ours - theirs), 1.0) else None,
    )


def _factor(comparison: Comparison) -> float | None:
    """What makes the port's loss and its gradients the reference's, if one number does."""
    theirs, ours = comparison.loss_values()
    if not ours or not theirs or not np.isfinite(theirs / ours):
        return None
    factor = theirs / ours
    with _multiplied(comparison, factor):
        same = comparison.gradients().error < _SAME
    return factor if same else None


def _near(factor: float, wanted: float) -> bool:
    return relative(np.array(factor), np.array(wanted)) < _SAME


def _change(factor: float) -> str:
    if abs(factor) < 1 and abs(round(1 / factor) * factor - 1) < _SAME:
        return f"the port's loss / {round(1 / factor)}"
    return f"the port's loss * {factor:.6g}"


@contextmanager
def _multiplied(comparison: Comparison, factor: float) -> Iterator[None]:
    assert comparison.losses is not None
    factors, framework = comparison.losses.factors, comparison.port.framework
    saved = factors[framework]
    factors[framework] = saved * factor
    try:
        yield
    finally:
        factors[framework] = saved


@contextmanager
def _shifted(comparison: Comparison, constant: float) -> Iterator[None]:
    assert comparison.losses is not None
    offsets, framework = comparison.losses.offsets, comparison.port.framework
    saved = offsets[framework]
    offsets[framework] = saved + constant
    try:
        yield
    finally:
        offsets[framework] = saved
