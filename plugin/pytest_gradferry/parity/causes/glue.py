"""What stands between two layers: the order of a flatten, an activation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from .. import tree
from ..compare import Comparison, relative
from ..layout import Array
from ..pairing.couples import Couple
from ..pairing.flatten import axis_orders, flattened
from ..sides.side import Event
from .activations import Activation, recognise
from .hypothesis import Hypothesis
from .localise import Afterwards, Divergence
from .losses.edits import keras_from_logits
from .operations.transplant import for_all, in_place

_SAME = 1e-6


def flatten_order(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """The port's dense layer gets the right features, flattened in another order of the axes."""
    couple, side = where.couple, comparison.port
    theirs, ours = couple.reference, couple.port
    if theirs.row.kind != "dense" or theirs.inputs.ndim != 2 or ours.layer is None:
        return
    trace = comparison.traces(where.training)[0]
    here = next((e for e in trace.events if e.layer is theirs.layer), None)
    source = None if here is None else flattened(trace, here)
    if source is None or theirs.inputs.shape != ours.inputs.shape:
        return
    expected = np.arange(ours.inputs.shape[1]) if couple.order is None else couple.order
    orders = axis_orders(source.output.shape[1:], comparison.reference.framework)
    found = next(
        (axes for axes, o in orders.items() if relative(ours.inputs, theirs.inputs[:, o]) < _SAME),
        None,
    )
    wanted = next((axes for axes, o in orders.items() if np.array_equal(o, expected)), None)
    if found is None or wanted is None or found == wanted:
        return
    index = np.argsort(orders[found])[expected]
    yield Hypothesis(
        f"the port flattens {found} into {ours.name}",
        f"the features in the order {wanted}",
        f"flatten in the order {wanted}: permute the axes, do not reshape them, or permute the "
        "kernel's rows to match",
        lambda: side.intercepted(ours.layer, before=lambda x: side.take(x, index)),
        "XFR506",
    )


def between(
    comparison: Comparison, where: Divergence | Afterwards
) -> tuple[list[Couple], tuple[Array, Array], Event | None] | None:
    """The calls before the divergence, what is made of the last one's output in the reference and
    in the port, and who takes that in the port (None: it is the model's output)."""
    traces = comparison.traces(where.training)
    couples = comparison.couples(traces)
    if isinstance(where, Divergence):
        at = next((i for i, c in enumerate(couples) if c.reference is where.couple.reference), None)
        if not at:
            return None
        here = couples[at]
        return couples[:at], (here.reference.inputs, here.port.inputs), here.port
    outputs = [tree.leaves(trace.outputs) for trace in traces]
    if not couples or any(len(found) != 1 for found in outputs):
        return None
    return couples, (outputs[0][0], outputs[1][0]), None


def activation(comparison: Comparison, where: Divergence | Afterwards) -> Iterator[Hypothesis]:
    """What the two sides apply between two layers, recognised from the numbers."""
    found = between(comparison, where)
    if found is None:
        return
    couples, after, consumer = found
    for producer in reversed(couples[-4:]):
        theirs = recognise(producer.reference.output, after[0], comparison.reference.framework)
        ours = recognise(producer.port.output, after[1], comparison.port.framework)
        if theirs is None or ours is None:
            continue
        if theirs.name == ours.name:
            return
        name = producer.port.name
        place = f"after {name}"
        if consumer is None and ours.nothing and _losses_agree(comparison, theirs):
            yield _logits_for_probabilities(comparison, theirs)
            return
        hypothesis = Hypothesis(
            f"{place} the port has {ours.name}, the reference {theirs.name}",
            f"{theirs.name}",
            _advice(comparison.port.framework, producer.port.layer, name, ours, theirs),
            partial(_activated, comparison, producer, consumer, ours, theirs),
            _probability_rule(comparison, ours, theirs) if consumer is None else None,
            f"{ours.name} for {theirs.name}",
            place,
        )
        if not has_own_activation(producer.port.layer) and for_all(where.glue):
            # Others may take the same value: a shortcut around the next layer.
            yield replace(hypothesis, apply=partial(in_place, comparison, where.glue))
        yield hypothesis
        return


def _advice(framework: str, layer: Any, name: str, ours: Activation, theirs: Activation) -> str:
    own = framework == "keras" and hasattr(layer, "kernel")
    if own and has_own_activation(layer):
        return f"{name}: activation={theirs.argument}"
    if theirs.nothing:
        return f"remove the {ours.name} after {name}"
    if not ours.nothing:
        return f"{theirs.advice(framework)} in place of the {ours.name} after {name}"
    if own and theirs.argument.startswith('"'):
        return f"{name}: activation={theirs.argument}"
    return f"{theirs.advice(framework)} after {name}"


def _probability_rule(comparison: Comparison, ours: Activation, theirs: Activation) -> str | None:
    """A softmax too many, where the port's own loss puts on another."""
    if ours.name != "softmax" or not theirs.nothing:
        return None
    if comparison.port.framework == "torch":
        return "XFR401"
    return "XFR403" if keras_from_logits(comparison) else None


def has_own_activation(layer: Any) -> bool:
    """A Keras layer with `activation=` that does something."""
    activation = getattr(layer, "activation", None) if hasattr(layer, "kernel") else None
    return activation is not None and getattr(activation, "__name__", "") != "linear"


_OF_LOGITS = ("softmax", "log_softmax", "sigmoid")


def _losses_agree(comparison: Comparison, theirs: Activation) -> bool:
    """The port returns logits on purpose: its loss takes them."""
    losses = comparison.losses
    if losses is None or losses.named or theirs.name not in _OF_LOGITS:
        return False
    return comparison.loss().error < _SAME


def _logits_for_probabilities(comparison: Comparison, theirs: Activation) -> Hypothesis:
    return Hypothesis(
        f"the port returns logits, as its loss takes them, the reference {theirs.name} of them",
        f"{theirs.name} of the port's outputs",
        f"compare the {theirs.name} of its outputs: give port_outputs=; or end the port in "
        f"{theirs.advice(comparison.port.framework)}, with a loss of that",
        lambda: _compared_after(comparison, theirs),
    )


@contextmanager
def _compared_after(comparison: Comparison, wanted: Activation) -> Iterator[None]:
    """`wanted` of the port's outputs where they are compared, and nowhere else."""
    saved = comparison.port_outputs
    plain = comparison.in_reference_layout
    torch = comparison.reference.framework == "torch"

    def activated(outputs: Any) -> Any:
        comparison.port_outputs = saved
        try:
            arrays = plain(outputs)
        finally:
            comparison.port_outputs = activated
        return tree.transform(
            lambda a: wanted.of_array(a, 1 if torch and a.ndim > 3 else -1), arrays
        )

    comparison.port_outputs = activated
    try:
        yield
    finally:
        comparison.port_outputs = saved


@contextmanager
def _activated(
    comparison: Comparison,
    producer: Couple,
    consumer: Event | None,
    ours: Activation,
    wanted: Activation,
) -> Iterator[None]:
    """`wanted` in place of whatever the port applies to `producer`'s output before `consumer`."""
    side = comparison.port
    function = wanted.native(side.framework)
    layer = producer.port.layer
    if has_own_activation(layer):
        activation = layer.activation
        layer.__dict__["activation"] = function
        try:
            yield
        finally:
            layer.__dict__["activation"] = activation
        return
    if ours.nothing and consumer is not None and consumer.inputs.size < producer.port.output.size:
        with side.intercepted(layer, behind=function):  # a mean over the positions follows
            yield
        return
    caught: list[Any] = []

    def catch(tensor: Any) -> Any:
        caught.append(tensor)
        return tensor

    def replaced(tensor: Any) -> Any:
        return side.reshape(function(caught.pop()), tensor)

    with ExitStack() as stack:
        stack.enter_context(side.intercepted(layer, after=catch))
        if consumer is not None:
            stack.enter_context(side.intercepted(consumer.layer, before=replaced))
        else:
            stack.enter_context(side.intercepted(side.model, after=replaced))
        yield
