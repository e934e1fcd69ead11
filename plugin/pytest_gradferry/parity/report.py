"""What a comparison found: the ladder, the first divergence, the causes that were proven."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

from ..wording import jsonable, rule_name

RUNGS = (
    "structure",
    "weights",
    "settings",
    "forward-eval",
    "forward-train",
    "loss",
    "gradients",
    "one-step",
    "curve",
    "eval-after",
    "float32",
)

PASS, FAIL, EXPLAINED, SKIPPED = "pass", "FAIL", "explained", "skipped"


@dataclass(frozen=True)
class Rung:
    """`error` is max|a - b| / max|b| where the rung measures one; `bound` what it may be."""

    name: str
    status: str
    error: float | None = None
    bound: float | None = None
    detail: str = ""

    def __str__(self) -> str:
        parts = []
        if self.error is not None:
            parts.append(f"{self.error:.1e}")
            if self.bound is not None:
                parts[0] += f" {'>' if self.status == FAIL else '<='} {self.bound:.1e}"
        if self.detail:
            parts.append(self.detail)
        return f"  {self.status:<9}  {self.name:<13}  {'; '.join(parts)}".rstrip()


@dataclass(frozen=True)
class Finding:
    """A cause: `change` was applied to the port, and the difference fell from `before` to `after`.

    Without numbers it is a plain difference that no rung can measure.
    """

    cause: str
    change: str
    fix: str
    before: float | None = None
    after: float | None = None
    where: str = ""
    rule: str | None = None

    def __str__(self) -> str:
        text = f"cause: {self.cause}"
        if self.before is not None and self.after is not None:
            text += (
                f": with {self.change} the difference{self.where} drops from {self.before:.1e} "
                f"to {self.after:.1e}"
            )
        text += f"\n  fix: {self.fix}"
        if name := rule_name(self.rule):
            text += f"\n  rule: {name}"
        return text


@dataclass(frozen=True)
class LayerDifference:
    """How far the outputs of a pair of layers differ in evaluation, as max|a - b| / max|b|."""

    reference: str
    port: str
    error: float


@dataclass(frozen=True)
class MappedWeight:
    """A weight of the reference and the one of the port that it is."""

    reference: str
    reference_shape: tuple[int, ...]
    port: str
    port_shape: tuple[int, ...]


@dataclass(frozen=True)
class Curves:
    """The losses before each training step."""

    reference: list[float]
    port: list[float]


@dataclass
class ParityReport:
    """The result of one comparison; `text()` is what a failure prints.

    `layers` and `mapping` are in the order of the calls; `curves` is there once both have trained.
    """

    reference: str
    port: str
    dtype: str = "float64"
    rungs: list[Rung] = field(default_factory=list)
    divergence: str = ""
    findings: list[Finding] = field(default_factory=list)
    unexplained: str = ""
    notes: list[str] = field(default_factory=list)
    layers: list[LayerDifference] = field(default_factory=list)
    mapping: list[MappedWeight] = field(default_factory=list)
    curves: Curves | None = None

    @property
    def passed(self) -> bool:
        return all(rung.status != FAIL for rung in self.rungs)

    @property
    def failed_rung(self) -> str | None:
        return next((rung.name for rung in self.rungs if rung.status == FAIL), None)

    def rung(self, name: str) -> Rung:
        """Raises KeyError for a name that is no rung."""
        found = {rung.name: rung for rung in self.rungs}
        return found[name]

    def summary(self) -> str:
        """One line."""
        if self.passed:
            errors = [r.error for r in self.rungs if r.error is not None and r.name != "float32"]
            return f"parity: {self.port} equals {self.reference}, {max(errors, default=0.0):.1e}"
        return f"parity: {self.port} differs from {self.reference} at {self.failed_rung}"

    def text(self) -> str:
        verb = "equals" if self.passed else "differs from"
        lines = [f"parity: {self.port} {verb} {self.reference}, in {self.dtype}"]
        lines += self._rung_lines()
        if self.divergence:
            lines.append(f"first divergence: {self.divergence}")
        lines += [str(finding) for finding in self.findings]
        if self.unexplained:
            lines.append(self.unexplained)
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)

    __str__ = text

    def _rung_lines(self) -> list[str]:
        """A line for each rung; those that one reason left out share one."""
        lines = []
        for (status, detail), group in groupby(self.rungs, lambda r: (r.status, r.detail)):
            rungs = list(group)
            if status == SKIPPED:
                names = ", ".join(rung.name for rung in rungs)
                lines.append(f"  {SKIPPED:<9}  {names}: {detail}")
            else:
                lines += [str(rung) for rung in rungs]
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; numbers that JSON has no word for come as strings."""
        result = asdict(self) | {
            "kind": "parity",
            "summary": self.summary(),
            "passed": self.passed,
            "failed_rung": self.failed_rung,
        }
        for finding in result["findings"]:
            finding["rule"] = rule_name(finding["rule"])
        plain: dict[str, Any] = jsonable(result)
        return plain
