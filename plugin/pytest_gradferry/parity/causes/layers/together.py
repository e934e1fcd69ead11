"""Several mistakes in one layer that hide each other: none helps alone, all of them together do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ...compare import Comparison
from ...settings import Difference, Found, written
from ..hypothesis import Hypothesis
from ..localise import Divergence
from ..padding import padding
from .cropping import cropping


def several(comparison: Comparison, where: Divergence, settings: Found) -> Iterator[Hypothesis]:
    """All the settings that the port's layer has wrong at once, and its padding besides."""
    layer, framework = where.couple.port.layer, comparison.port.framework
    wrong = [
        d
        for d in settings.differences
        if d.layer is layer and layer is not None and d.expected is not None
    ]
    if not wrong:
        return
    traces = comparison.traces(where.training)
    with written(framework, wrong):  # what it pads depends on its size and stride
        pads = [*padding(comparison, where, traces), *cropping(comparison, where)]
    for pad in pads:
        yield _together(framework, wrong, pad)
    if len(wrong) > 1:
        yield _together(framework, wrong, None)


def _together(framework: str, wrong: list[Difference], pad: Hypothesis | None) -> Hypothesis:
    first = wrong[0]
    changes = [d.change(framework) for d in wrong]
    fixes = [f"{type(first.layer).__name__}(..., {', '.join(changes)})"]
    causes = [f"{d.setting.name} of {d.name} is {d.what.split(' ', 1)[1]}" for d in wrong]
    rules = [d.setting.rule for d in wrong]
    if pad is not None:
        causes.append(pad.cause)
        changes.append(pad.change)
        fixes.append(pad.fix)
        rules.insert(0, pad.rule)

    @contextmanager
    def applied() -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(written(framework, wrong))
            if pad is not None:
                stack.enter_context(pad.apply())
            yield

    return Hypothesis(
        "; and ".join(causes),
        " and ".join(changes),
        "; ".join(fixes),
        applied,
        next((rule for rule in rules if rule), None),
    )
