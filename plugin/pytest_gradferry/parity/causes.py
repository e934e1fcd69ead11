"""Likely causes of a failed rung, each tried out: applied to the port, measured, taken back.

A cause is only reported if the measured difference drops with it. What no hypothesis explains is
said to be unexplained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from . import tree
from .activations import Activation, recognise
from .compare import Comparison, relative
from .flatten import flattened, other_orders
from .localise import Afterwards, Divergence, first_divergence
from .padding import padding_hypothesis
from .pairing import Couple
from .report import Finding
from .settings import Difference, Found, thawed, written
from .side import Event, Side

FORWARD = ("forward-eval", "forward-train")
_TRAINING = ("one-step", "curve", "eval-after")
_MOST = 6  # mistakes of one port that are told apart
# A drop this steep is no accident, even where another mistake remains.
_STEEP = 100.0


@dataclass(frozen=True)
class Hypothesis:
    """`change` completes "with ... the difference drops"; `apply` makes it inside a `with`."""

    cause: str
    change: str
    fix: str
    apply: Callable[[], AbstractContextManager[Any]]
    rule: str | None = None


Where = Divergence | Afterwards | None


def explain(
    comparison: Comparison, rung: str, tolerance: float, settings: Found
) -> tuple[Where, list[Finding], float]:
    """The first divergence, the causes proven, and the difference that is left with all applied."""
    first: Where = None
    findings: list[Finding] = []
    tried: set[str] = set()
    with ExitStack() as applied:
        applied.callback(comparison.port_changed)
        error = comparison.measure(rung).error
        for _ in range(_MOST):
            where = _locate(comparison, rung, tolerance, error)
            first = first or where
            accepted = None
            for hypothesis in _hypotheses(comparison, rung, where, settings):
                if hypothesis.cause in tried:
                    continue
                accepted = _try(comparison, rung, tolerance, error, where, hypothesis)
                if accepted is not None:
                    tried.add(hypothesis.cause)
                    applied.enter_context(hypothesis.apply())
                    comparison.port_changed()
                    findings.append(accepted)
                    error = comparison.measure(rung).error
                    break
            if accepted is None or error <= tolerance:
                break
    return first, findings, error


def _locate(comparison: Comparison, rung: str, tolerance: float, error: float) -> Where:
    if rung not in FORWARD:
        return None
    return first_divergence(comparison, tolerance, rung == "forward-train", error)


def _try(
    comparison: Comparison,
    rung: str,
    tolerance: float,
    before: float,
    where: Where,
    hypothesis: Hypothesis,
) -> Finding | None:
    """What became of the rung and, where another mistake hides that, of the layer itself."""
    try:
        with hypothesis.apply():
            comparison.port_changed()
            after = comparison.measure(rung).error
            local = None
            if after > tolerance and isinstance(where, Divergence):
                local = _error_of(comparison, where.couple, rung == "forward-train")
    except Exception:  # the change does not fit this model: no evidence either way
        return None
    finally:
        comparison.port_changed()
    finding = Finding(hypothesis.cause, hypothesis.change, hypothesis.fix, rule=hypothesis.rule)
    if after <= tolerance or after < before / _STEEP:
        return _with_drop(finding, before, after)
    if local is not None and isinstance(where, Divergence) and local <= tolerance:
        return _with_drop(finding, where.error, local, f" at {where.couple.name}")
    return None


def _with_drop(finding: Finding, before: float, after: float, where: str = "") -> Finding:
    return Finding(finding.cause, finding.change, finding.fix, before, after, where, finding.rule)


def _error_of(comparison: Comparison, couple: Couple, training: bool) -> float | None:
    for now in comparison.couples(comparison.traces(training)):
        if now.reference is couple.reference:
            return relative(now.output(), now.reference.output)
    return None


def _hypotheses(
    comparison: Comparison, rung: str, where: Where, settings: Found
) -> Iterator[Hypothesis]:
    yield from _settings(comparison, settings)
    if isinstance(where, Divergence):
        yield from padding_hypothesis(comparison, where, Hypothesis)
        yield from _flatten_order(comparison, where)
    if where is not None:
        yield from _activation(comparison, where)
    if rung == "loss":
        yield from _logits(comparison)
    if rung in _TRAINING:
        yield from _hyperparameters(comparison)


# -- settings of layers and optimizers --------------------------------------------------------------


def _settings(comparison: Comparison, settings: Found) -> Iterator[Hypothesis]:
    """One hypothesis a setting, over all the layers that have it wrong."""
    framework = comparison.port.framework

    def key(d: Difference) -> tuple[str, str]:
        return (d.setting.name, repr(d.expected))

    fixable = sorted((d for d in settings.differences if d.layer is not None), key=key)
    for _, group in groupby(fixable, key):
        differences = [d for d in group if d.expected is not None]
        if differences:
            yield _setting(framework, differences)
    if settings.frozen:
        names = ", ".join(item.pair.port.name for item in settings.frozen)
        word = "frozen" if settings.frozen[0].trained_in_port else "trained"
        yield Hypothesis(
            f"{names} {'trained' if word == 'frozen' else 'frozen'} in the port alone",
            f"{names} {word}",
            f"set {'requires_grad' if framework == 'torch' else 'trainable'}="
            f"{word == 'trained'} there",
            lambda: thawed(framework, settings.frozen),
            "XFR315",
        )


def _setting(framework: str, differences: list[Difference]) -> Hypothesis:
    first = differences[0]
    attribute = first.setting.attribute(framework)
    names = ", ".join(d.name for d in differences)
    change = f"{attribute}={_number(first.expected)}"
    return Hypothesis(
        f"{first.setting.name} of {names} is {_number(first.ours)}",
        change,
        f"{type(first.layer).__name__}(..., {change})",
        lambda: written(framework, differences),
        first.setting.rule,
    )


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _hyperparameters(comparison: Comparison) -> Iterator[Hypothesis]:
    optimizers = comparison.optimizers
    if optimizers.named:
        return
    keras_port = comparison.port.framework == "keras"
    for hyperparameter, torchs, kerass in optimizers.differences():
        ours, theirs = (kerass, torchs) if keras_port else (torchs, kerass)
        name = hyperparameter.keras if keras_port else hyperparameter.torch
        yield Hypothesis(
            f"{hyperparameter.name} of the port's optimizer is {ours:g}, "
            f"the reference's {theirs:g}",
            f"{name}={theirs:g}",
            f"give the port's optimizer {name}={theirs:g}",
            lambda h=hyperparameter, v=theirs: _optimizer_fix(comparison, h, v),  # type: ignore[misc]
            hyperparameter.rule,
        )


@contextmanager
def _optimizer_fix(comparison: Comparison, hyperparameter: Any, value: Any) -> Iterator[None]:
    fixes = comparison.optimizers.fixes
    fixes[hyperparameter] = value
    try:
        yield
    finally:
        del fixes[hyperparameter]


# -- what stands between the layers -----------------------------------------------------------------


def _flatten_order(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    couple = where.couple
    theirs, ours = couple.reference, couple.port
    if theirs.row.kind != "dense" or theirs.inputs.ndim != 2 or ours.layer is None:
        return
    traces = comparison.traces()
    here = next((e for e in traces[0].events if e.layer is theirs.layer), None)
    source = None if here is None else flattened(traces[0], here)
    if source is None or theirs.inputs.shape != ours.inputs.shape:
        return
    size = theirs.inputs.shape[1]
    expected = np.arange(size) if couple.order is None else couple.order
    words = _axes(source.output.ndim - 1, comparison.reference.framework)
    for axes, order in other_orders(source.output.shape[1:]):
        if np.array_equal(order, expected):
            continue
        if relative(ours.inputs, theirs.inputs[:, order]) < 1e-6:
            found = ", ".join(words[axis] for axis in axes)
            wanted = next(
                ", ".join(words[axis] for axis in a)
                for a, o in other_orders(source.output.shape[1:])
                if np.array_equal(o, expected)
            )
            index = np.argsort(order)[expected]
            yield Hypothesis(
                f"the port flattens ({found}) into {ours.name}",
                f"the features in the order ({wanted})",
                f"flatten in the order ({wanted}): permute the axes, do not reshape them, "
                "or permute the kernel's rows to match",
                lambda: comparison.port.intercepted(
                    ours.layer, before=lambda x: _take(comparison.port, x, index)
                ),
                "XFR506",
            )
            return


def _axes(rank: int, framework: str) -> list[str]:
    spatial = {2: ["L"], 3: ["H", "W"], 4: ["D", "H", "W"]}.get(rank, [str(i) for i in range(rank)])
    return ["C", *spatial] if framework == "torch" else [*spatial, "C"]


def _take(side: Side, tensor: Any, index: Any) -> Any:
    if side.framework == "torch":
        return tensor[..., index.tolist()]
    import tensorflow as tf

    return tf.gather(tensor, index, axis=-1)


def _activation(comparison: Comparison, where: Divergence | Afterwards) -> Iterator[Hypothesis]:
    """What the two sides apply between two layers, recognised from the numbers."""
    traces = comparison.traces()
    couples = comparison.couples(traces)
    if isinstance(where, Divergence):
        at = next((i for i, c in enumerate(couples) if c.reference is where.couple.reference), None)
        if at is None or at == 0:
            return
        after = couples[at].reference.inputs, couples[at].port.inputs
        consumer: Event | None = couples[at].port
        producers = couples[max(0, at - 4) : at]
    else:
        outputs = tree.leaves(traces[0].outputs), tree.leaves(traces[1].outputs)
        if not couples or len(outputs[0]) != 1 or len(outputs[1]) != 1:
            return
        after = outputs[0][0], outputs[1][0]
        consumer = None
        producers = couples[-4:]
    for producer in reversed(producers):
        theirs = recognise(producer.reference.output, after[0], comparison.reference.framework)
        ours = recognise(producer.port.output, after[1], comparison.port.framework)
        if theirs is None or ours is None:
            continue
        if theirs.name == ours.name:
            return
        place = f"after {producer.port.name}"
        port = comparison.port.framework
        yield Hypothesis(
            f"{place} the port has {ours.name}, the reference {theirs.name}",
            f"{theirs.name}",
            f"{theirs.advice(port)} {place}",
            lambda p=producer, t=theirs: _activated(comparison, p, consumer, t),  # type: ignore[misc]
            _probability_rule(ours, theirs) if consumer is None else None,
        )
        return


def _probability_rule(ours: Activation, theirs: Activation) -> str | None:
    return "XFR401" if ours.name == "softmax" and theirs.name == "no activation" else None


@contextmanager
def _activated(
    comparison: Comparison, producer: Couple, consumer: Event | None, wanted: Activation
) -> Iterator[None]:
    """`wanted` in place of whatever the port applies to `producer`'s output before `consumer`."""
    side = comparison.port
    function = wanted.native(side.framework)
    layer = producer.port.layer
    activation = getattr(layer, "activation", None) if hasattr(layer, "kernel") else None
    if activation is not None and getattr(activation, "__name__", "") != "linear":
        layer.__dict__["activation"] = function
        try:
            yield
        finally:
            layer.__dict__["activation"] = activation
        return
    caught: list[Any] = []

    def catch(tensor: Any) -> Any:
        caught.append(tensor)
        return tensor

    def replaced(tensor: Any) -> Any:
        made = function(caught.pop())
        return made.reshape(tensor.shape) if hasattr(made, "reshape") else _reshape(made, tensor)

    with ExitStack() as stack:
        stack.enter_context(side.intercepted(layer, after=catch))
        if consumer is not None:
            stack.enter_context(side.intercepted(consumer.layer, before=replaced))
        else:
            stack.enter_context(side.intercepted(side.model, after=replaced))
        yield


def _reshape(tensor: Any, like: Any) -> Any:
    import tensorflow as tf

    return tf.reshape(tensor, tf.shape(like))


# -- losses -----------------------------------------------------------------------------------------


def _logits(comparison: Comparison) -> Iterator[Hypothesis]:
    losses = comparison.losses
    if losses is None or losses.named:
        return
    keras_loss = losses.keras
    probabilities = _are_probabilities(comparison)
    current = _from_logits(keras_loss)
    if current is None:
        return
    in_port = comparison.port.framework == "keras"
    whose = "port's" if in_port else "reference's"
    torch_takes_logits = "cross_entropy" in _torch_name(losses.torch) or (
        "withlogits" in _torch_name(losses.torch)
    )
    if probabilities and not current and torch_takes_logits:
        yield Hypothesis(
            "the torch model ends in a softmax, but its loss takes logits",
            "the logarithm of the outputs given to torch's loss",
            "leave the softmax out of the torch model, or take NLLLoss of its logarithm",
            lambda: _torch_loss_of_log(comparison),
            "XFR401",
        )
        return
    yield Hypothesis(
        f"the {whose} Keras loss has from_logits={current}",
        f"from_logits={not current}",
        f"{type(keras_loss).__name__ if hasattr(keras_loss, '_fn_kwargs') else keras_loss.__name__}"
        f"(from_logits={not current})",
        lambda: _flipped_logits(comparison, not current),
        "XFR403" if current else "XFR402",
    )


def _torch_name(loss: Any) -> str:
    name = getattr(loss, "__name__", type(loss).__name__).lower()
    return "cross_entropy" if name == "crossentropyloss" else name


def _are_probabilities(comparison: Comparison) -> bool:
    found = tree.leaves(comparison.reference_outputs())
    if len(found) != 1 or found[0].ndim < 2 or found[0].min() < 0:
        return False
    axis = 1 if comparison.reference.framework == "torch" else -1
    return bool(np.allclose(found[0].sum(axis=axis), 1.0, atol=1e-5))


def _from_logits(loss: Any) -> bool | None:
    """What a Keras loss does, None where it has no such choice."""
    if hasattr(loss, "_fn_kwargs"):
        value = loss._fn_kwargs.get("from_logits")
        return None if value is None else bool(value)
    return False if "crossentropy" in getattr(loss, "__name__", "") else None


@contextmanager
def _flipped_logits(comparison: Comparison, value: bool) -> Iterator[None]:
    losses = comparison.losses
    assert losses is not None
    saved = losses.keras
    if hasattr(saved, "_fn_kwargs"):
        old = saved._fn_kwargs
        saved._fn_kwargs = old | {"from_logits": value}
    else:
        losses.keras = lambda target, output: saved(target, output, from_logits=value)
    changed_reference = comparison.reference.framework == "keras"
    if changed_reference:
        comparison.forget()
    try:
        yield
    finally:
        losses.keras = saved
        if hasattr(saved, "_fn_kwargs"):
            saved._fn_kwargs = old
        if changed_reference:
            comparison.forget()


@contextmanager
def _torch_loss_of_log(comparison: Comparison) -> Iterator[None]:
    losses = comparison.losses
    assert losses is not None
    saved = losses.torch

    class OfLog:
        def __call__(self, output: Any, target: Any) -> Any:
            return saved(output.log(), target)

    losses.torch = OfLog()
    comparison.forget()
    try:
        yield
    finally:
        losses.torch = saved
        comparison.forget()
