"""Hyperparameters of paired layers that disagree, and what to set them to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from ..wording import listed
from .activation_settings import OtherActivation, other_activations
from .compare import Comparison
from .mapping import Setting, equal
from .mapping.row import RATE
from .pairing.couples import Couple
from .pairing.layers import WeightPair
from .report import Finding
from .sides.side import Event, Trace

_DROPOUT = ("dropout", "spatialdropout")
_NO_DROPOUT = "dropout is off in the other rungs"
_NOT_SHOWN = "the rungs that ran do not show it"


@dataclass(frozen=True)
class Difference:
    """The port's layer has `ours`, where `expected` (in its own convention) does as the reference's
    `theirs` does."""

    setting: Setting
    layer: Any
    name: str
    theirs: Any
    ours: Any
    expected: Any

    @property
    def what(self) -> str:
        text = f"{self.setting.name} {_short(self.ours)}, reference {_short(self.theirs)}"
        if self.theirs == self.expected or self.expected is None:
            return text
        return f"{text} (that is {_short(self.expected)} here)"

    def change(self, framework: str) -> str:
        """`epsilon=1e-05`, as the port's layer takes it."""
        name = self.setting.attribute(framework).rsplit(".", 1)[-1]
        return f"{name}={_short(self.expected)}"

    def fix(self, framework: str) -> str:
        kind, change = type(self.layer).__name__, self.change(framework)
        if framework == "torch" and self.setting.only_in_keras:
            name, ours = self.setting.name, _short(self.ours)
            return f"nn.{kind} is always {name}={ours}: take that in Keras, or write it by hand"
        return f"{kind}(..., {change})"


@dataclass(frozen=True)
class Frozen:
    """A weight that is trained on one side only."""

    pair: WeightPair
    trained_in_port: bool

    @property
    def name(self) -> str:
        return self.pair.port.name

    @property
    def what(self) -> str:
        here, there = ("trained", "frozen") if self.trained_in_port else ("frozen", "trained")
        return f"{here}, {there} in the reference"


@dataclass(frozen=True)
class Found:
    differences: list[Difference]
    frozen: list[Frozen]
    dropout: str  # empty where both drop alike
    activations: list[OtherActivation]

    def __bool__(self) -> bool:
        return bool(self.differences or self.frozen or self.dropout or self.activations)

    def __str__(self) -> str:
        """The same difference in several layers is said once."""
        layers: dict[str, list[str]] = {}
        found: list[Difference | Frozen | OtherActivation]
        found = [*self.differences, *self.frozen, *self.activations]
        for difference in found:
            layers.setdefault(difference.what, []).append(difference.name)
        texts = [f"{listed(names)}: {what}" for what, names in layers.items()]
        return "; ".join(texts + ([self.dropout] if self.dropout else []))


def compare_settings(comparison: Comparison, traces: tuple[Trace, Trace]) -> Found:
    """`traces` are of both models in evaluation, with the weights they are compared with."""
    couples = {id(c.port.layer): c for c in comparison.couples(traces)}
    differences = [d for couple in couples.values() for d in _of_couple(couple, comparison)]
    dropped, missing = _dropout(traces, comparison)
    if missing:  # a function called `if training` is not seen in evaluation
        dropped, missing = _dropout(comparison.traces(training=True), comparison)
    reference, port = comparison.reference, comparison.port
    frozen = [
        Frozen(w, port.trainable(w.port))
        for w in comparison.trained_weights()
        if reference.trainable(w.reference) != port.trainable(w.port)
    ]
    activations = [] if comparison.recorded else other_activations(comparison, traces)
    return Found(differences + dropped, frozen, missing, activations)


def _of_couple(couple: Couple, comparison: Comparison) -> Iterator[Difference]:
    if couple.reference.layer is None or couple.port.layer is None:
        return  # a function call: its settings are not kept anywhere
    for setting in couple.settings:
        found = _difference(couple.reference, couple.port, setting, comparison)
        if found is not None:
            yield found


def _difference(
    theirs: Event, ours: Event, setting: Setting, comparison: Comparison
) -> Difference | None:
    reference, port = comparison.reference.framework, comparison.port.framework
    value = setting.read(port, ours.layer)
    there = setting.read(reference, theirs.layer)
    expected = there if reference == port else setting.expected(port, theirs.layer)
    if equal(value, expected):
        return None
    return Difference(setting, ours.layer, ours.name, there, value, expected)


def _dropout(traces: tuple[Trace, Trace], comparison: Comparison) -> tuple[list[Difference], str]:
    """Dropouts pair in the order of their calls, functional ones too."""
    sides = (comparison.reference.framework, comparison.port.framework)
    theirs, ours = (
        [(event, rate) for event in trace.events if (rate := _rate(event, framework))]
        for trace, framework in zip(traces, sides, strict=True)
    )
    if len(theirs) != len(ours):
        return [], (f"dropout: {_rates(ours)} in the port, {_rates(theirs)} in the reference")
    return [
        Difference(RATE, b.layer, b.name, there, here, there)
        for (a, there), (b, here) in zip(theirs, ours, strict=True)
        if not equal(there, here)
    ], ""


def _rate(event: Event, framework: str) -> float:
    if event.row.kind not in _DROPOUT:
        return 0.0
    if event.layer is None:
        return float(event.detail["rate"])
    return float(event.row.settings[0].read(framework, event.layer))


def _rates(dropouts: list[tuple[Event, float]]) -> str:
    return ", ".join(f"{event.name} {rate:g}" for event, rate in dropouts) or "none"


def unmeasured(found: Found, findings: list[Finding], framework: str) -> list[Finding]:
    """What differs though no rung that ran could show it, and `findings` do not say it."""
    proven = {finding.change for finding in findings}
    more = []
    left: dict[str, list[Difference]] = {}
    for difference in found.differences:
        if difference.change(framework) not in proven:
            left.setdefault(difference.what, []).append(difference)
    for what, differences in left.items():
        setting, change = differences[0].setting, differences[0].change(framework)
        blind = _NO_DROPOUT if setting.name == "rate" else _NOT_SHOWN
        cause = f"{listed([d.name for d in differences])}: {what} ({blind})"
        more.append(Finding(cause, "", change, rule=setting.rule))
    others: dict[str, list[OtherActivation]] = {}
    for activation in found.activations:
        others.setdefault(activation.what, []).append(activation)
    for what, group in others.items():
        first, mended = group[0], group[0].mended
        cause = f"{listed([a.name for a in group])}: {what}"
        if mended is None:
            more.append(Finding(f"{cause} ({_NOT_SHOWN})", "", first.fix))
        else:
            where = " on inputs beyond this batch's"
            more.append(Finding(cause, first.theirs, first.fix, first.error, mended, where))
    if found.dropout:
        fix = "give the port the dropouts that the reference has"
        more.append(Finding(f"{found.dropout} ({_NO_DROPOUT})", "", fix))
    return more


@contextmanager
def written(framework: str, differences: list[Difference]) -> Iterator[None]:
    """The port's settings as the reference has them."""
    with ExitStack() as stack:
        for d in differences:
            stack.enter_context(d.setting.written(framework, d.layer, d.expected))
        yield


@contextmanager
def thawed(framework: str, frozen: list[Frozen]) -> Iterator[None]:
    """The port's weights trained or frozen as the reference's are."""
    changed = []
    for item in frozen:
        handle = item.pair.port
        torch = framework == "torch"
        whole = getattr(handle.owner, "whole", handle.owner)  # of a part of a Keras layer
        owner = handle.variable if torch else whole
        name = "requires_grad" if torch else "trainable"
        changed.append((owner, name, getattr(owner, name)))
        setattr(owner, name, not item.trained_in_port)
    try:
        yield
    finally:
        for owner, name, value in reversed(changed):
            setattr(owner, name, value)


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
