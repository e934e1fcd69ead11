"""The operations between two layers as a cause: the reference's in the port's place as proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ... import tree
from ...compare import Comparison, relative
from ..hypothesis import Hypothesis
from ..localise import Afterwards, Divergence
from ..order import call_order
from .glue import LONGEST, Glue, glue_of, narrowed
from .transplant import faithful, for_consumer, in_place
from .words import axes_of, calls, difference, end_of, told

_NAMED = 3  # calls


def located(comparison: Comparison, where: Divergence | Afterwards) -> Divergence | Afterwards:
    """The same with the operations behind it, where it is a layer's input that differs."""
    if isinstance(where, Divergence) and not where.input_differs:
        return where
    try:
        glue = glue_of(comparison, where)
        order = call_order(comparison, where.training)
    except Exception:  # what cannot be recorded leaves the layers' own account, which stands
        return where
    if glue is None:
        return where
    between = f" (reference: {told(glue.reference)}; port: {told(glue.port)})"
    return replace(where, glue=glue, between=between + order)


def operations(comparison: Comparison, where: Divergence | Afterwards) -> Iterator[Hypothesis]:
    """Where no named cause explains it: the reference's operations instead of the port's."""
    glue = where.glue
    if glue is None:
        return
    for narrow in narrowed(glue):
        if faithful(comparison, narrow):
            yield _hypothesis(comparison, narrow, glue, in_place)
    if len(calls(glue.reference)) > LONGEST or not faithful(comparison, glue):
        return
    if glue.target.ours.maker is not None:
        yield _hypothesis(comparison, glue, glue, in_place)
    yield _hypothesis(comparison, glue, glue, for_consumer)


def _hypothesis(comparison: Comparison, glue: Glue, whole: Glue, way: Any) -> Hypothesis:
    """`way` puts the reference's part of `glue` in the port's place; `whole` leads to a layer."""
    cause, remedy = difference(glue, whole)
    axes = axes_of(glue, comparison.reference.framework) if remedy.startswith("compute") else ""
    theirs = [call.text for call in calls(glue.reference)]
    change = f"the reference's {', '.join(theirs)} there" if theirs else "that value as it is"
    return Hypothesis(
        cause,
        change if len(theirs) <= _NAMED else "the reference's operations there",
        f"{remedy} before {end_of(whole)}{axes}",
        partial(way, comparison, glue),
        kind=" ".join(call.where for s in (glue.reference, glue.port) for call in calls(s)).strip(),
        place=f"before {end_of(whole)}",
    )


def output_error(comparison: Comparison, where: Afterwards) -> float:
    """Of the one output that `where` is about, as the port is now."""
    traces = comparison.traces(where.training)
    theirs = tree.leaves(traces[0].outputs)
    ours = tree.leaves(comparison.in_reference_layout(traces[1].outputs))
    leaf = where.glue.target.leaf
    return relative(np.asarray(ours[leaf]), theirs[leaf])
