"""Likely causes of a failed rung, each tried out: applied to the port, measured, taken back.

A cause is only reported if the measured difference drops with it. What no hypothesis explains is
said to be unexplained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import combinations, groupby, islice
from typing import Any

from ...wording import listed
from ..compare import Comparison, relative
from ..errors import ParityInputError
from ..report import Finding
from ..settings import Difference, Found, thawed, written
from ..training.embeddings import ties, untied
from .arithmetic import residual, scale
from .attention import attention
from .calls import always_on, batch_norm
from .glue import activation, flatten_order
from .hypothesis import Hypothesis
from .layers import of_layer
from .localise import Afterwards, Divergence, first_divergence
from .losses import loss_causes
from .norm_order import norm_order
from .operations.cause import located, operations, output_error
from .optimizers import optimizer_causes
from .order import swapped
from .outputs import in_another_order
from .parts import parts
from .pooling import padded_pooling
from .repeated import Step, mistakes, told_once
from .sequences import kept_states, masks_of_padding, recurrent
from .summaries import summary
from .together import together

FORWARD = ("forward-eval", "forward-train")
_TRAINING = ("one-step", "curve", "eval-after")
_MOST = 6  # mistakes of one port that are told apart
_MOST_STEPS = 40  # places where one of them is made
# A drop this steep is no accident, even where another mistake remains.
_STEEP = 100.0


Where = Divergence | Afterwards | None


def explain(
    comparison: Comparison, rungs: list[str], bound: Callable[[str], float], settings: Found
) -> tuple[Where, list[Finding], float]:
    """Causes of the first of `rungs`, which failed; and with those mended, of the rungs after it.

    Returns the first divergence, the causes proven, and what is left of the first rung's error
    with all of them applied.
    """
    first: Where = None
    findings: list[Finding] = []
    left = 0.0
    with ExitStack() as applied:
        applied.enter_context(comparison.unsteady())
        for rung in rungs:
            try:
                where, found, error = _mend(comparison, rung, bound(rung), settings, applied)
            except ParityInputError:  # what mended one rung does not run in this one
                if rung == rungs[0]:
                    raise
                break
            if rung == rungs[0]:
                first, left = where, error
            elif found:
                found = [replace(f, where=f"{f.where} of {rung}") for f in found]
            findings += found
            if error > bound(rung):
                break
    return first, findings, left


def _mend(
    comparison: Comparison, rung: str, tolerance: float, settings: Found, applied: ExitStack
) -> tuple[Where, list[Finding], float]:
    """Apply to the port what makes the rung's difference drop, until nothing more does."""
    first: Where = None
    steps: list[Step] = []
    error = comparison.measure(rung).error
    while error > tolerance and mistakes(steps) < _MOST and len(steps) < _MOST_STEPS:
        where = _locate(comparison, rung, tolerance, error)
        first = first or where
        for hypothesis in _hypotheses(comparison, rung, where, settings):
            accepted = _try(comparison, rung, tolerance, error, where, hypothesis)
            if accepted is not None:
                proven = [(hypothesis, accepted)]
                break
        else:
            proven = _together(comparison, rung, tolerance)
        if not proven:
            break
        for hypothesis, _ in proven:
            applied.enter_context(hypothesis.apply())
        comparison.port_changed()
        before, error = error, comparison.measure(rung).error
        steps += [Step(hypothesis, finding, before, error) for hypothesis, finding in proven]
    return first, told_once(steps), error


def _locate(comparison: Comparison, rung: str, tolerance: float, error: float) -> Where:
    if rung not in FORWARD:
        return None
    where = first_divergence(comparison, tolerance, rung == "forward-train", error)
    return located(comparison, where)


def _try(
    comparison: Comparison,
    rung: str,
    tolerance: float,
    before: float,
    where: Where,
    hypothesis: Hypothesis,
) -> Finding | None:
    """What became of the rung and, where another mistake hides that, of the layer itself."""
    comparison.tell(f"{rung}: trying {hypothesis.change}")
    try:
        with hypothesis.apply():
            comparison.port_changed()
            after = comparison.measure(rung).error
            local = None
            if after > tolerance and where is not None:
                local = _local_error(comparison, where)
    except Exception:  # the change does not fit this model: no evidence either way
        return None
    finally:
        comparison.port_changed()
    finding = Finding(hypothesis.cause, hypothesis.change, hypothesis.fix, rule=hypothesis.rule)
    if after <= tolerance or after < before / _STEEP:
        return _with_drop(finding, before, after)
    if where is None or local is None:
        return None
    if local <= tolerance and local < where.error / _STEEP:
        return _with_drop(finding, where.error, local, f" at {where.place}")
    return None


def _with_drop(finding: Finding, before: float, after: float, where: str = "") -> Finding:
    return Finding(finding.cause, finding.change, finding.fix, before, after, where, finding.rule)


def _local_error(comparison: Comparison, where: Divergence | Afterwards) -> float | None:
    """What is left of it at the layer or the output where it began."""
    if isinstance(where, Afterwards):
        return None if where.glue is None else output_error(comparison, where)
    for now in comparison.couples(comparison.traces(where.training)):
        if now.reference is where.couple.reference:
            return relative(now.output(), now.reference.output)
    return None


def _hypotheses(
    comparison: Comparison, rung: str, where: Where, settings: Found
) -> Iterator[Hypothesis]:
    for source in _sources(comparison, rung, where, settings):
        try:
            yield from source
        except Exception:
            if not comparison.recorded:
                raise  # a record ends those that need more of the reference than was kept


def _sources(
    comparison: Comparison, rung: str, where: Where, settings: Found
) -> Iterator[Iterator[Hypothesis]]:
    yield always_on(comparison)
    yield _settings(comparison, settings)
    if where is not None:
        yield in_another_order(comparison, where)
        yield untied(comparison)
        yield norm_order(comparison)
        yield swapped(comparison, where)
        yield summary(comparison, where)
        yield padded_pooling(comparison, where)
    if isinstance(where, Divergence):
        yield batch_norm(comparison, where)
        yield of_layer(comparison, where, settings)
        yield flatten_order(comparison, where)
        yield scale(comparison, where)
        yield recurrent(comparison, where)
        yield attention(comparison, where)
        yield parts(comparison, where)
    if where is not None:
        yield masks_of_padding(comparison)
        yield activation(comparison, where)
        yield residual(comparison, where)
        yield operations(comparison, where)
    if rung == "loss":
        yield loss_causes(comparison)
    if rung == "gradients":
        yield ties(comparison)
    if rung in _TRAINING:
        yield kept_states(comparison)
        yield optimizer_causes(comparison)


def _together(
    comparison: Comparison, rung: str, tolerance: float
) -> list[tuple[Hypothesis, Finding]]:
    """Several mistakes of the loss or of the optimizer, which hide each other."""
    if comparison.recorded:
        return []
    if rung in _TRAINING:
        return together(comparison, rung, tolerance, list(optimizer_causes(comparison)))
    if rung == "loss":
        found = islice(loss_causes(comparison), _MOST)
        for pair in combinations(found, 2):
            if proven := together(comparison, rung, tolerance, list(pair)):
                return proven
    return []


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
    for _, group in groupby(fixable, lambda d: d.setting.name):
        differences = [d for d in group if d.expected is not None]
        if len({repr(d.expected) for d in differences}) > 1:  # a stride in another layer of a block
            yield _moved(framework, differences)
    if settings.frozen:
        names = listed([item.pair.port.name for item in settings.frozen])
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
    names = listed([d.name for d in differences])
    change = first.change(framework)
    return Hypothesis(
        f"{first.setting.name} of {names} is {_number(first.ours)}",
        change,
        first.fix(framework),
        lambda: written(framework, differences),
        first.setting.rule,
    )


def _moved(framework: str, differences: list[Difference]) -> Hypothesis:
    changes = listed([f"{d.change(framework)} in {d.name}" for d in differences])
    said = listed([f"{_number(d.ours)} in {d.name}" for d in differences])
    return Hypothesis(
        f"{differences[0].setting.name} is {said}",
        changes,
        changes,
        lambda: written(framework, differences),
        differences[0].setting.rule,
    )


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
