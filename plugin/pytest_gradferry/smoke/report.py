"""What a smoke run found, and how it is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ..wording import jsonable, rule_name


@dataclass(frozen=True)
class Finding:
    """One thing wrong.

    `measured` says what was seen and where; `cause` is set only if a test singled it out; `code`
    is the lint rule that finds the same mistake in source.
    """

    measured: str
    cause: str = ""
    fix: str = ""
    code: str = ""

    def __str__(self) -> str:
        lines = [self.measured]
        if self.cause:
            lines.append(f"cause: {self.cause}")
        if self.fix:
            lines.append(f"fix:   {self.fix}")
        if rule := rule_name(self.code):
            lines.append(f"lint:  {rule} finds this in the source")
        return "\n".join(lines)


@dataclass(frozen=True)
class Outcome:
    """What one check came to: "passed", "failed", "skipped", or "follows" from a failed one."""

    status: str
    findings: tuple[Finding, ...] = ()
    reason: str = ""  # why skipped; which check it follows from; a remark on a pass


def passed(remark: str = "") -> Outcome:
    return Outcome("passed", reason=remark)


def failed(*findings: Finding) -> Outcome:
    return Outcome("failed", findings)


def skipped(reason: str) -> Outcome:
    return Outcome("skipped", reason=reason)


def follows(check: str) -> Outcome:
    """A failure that is a consequence of the named check's, which tells the cause."""
    return Outcome("follows", reason=check)


@dataclass(frozen=True)
class WeightNorms:
    """L2 norms of one weight: its own at the start, its change in the training run, and those of
    its gradients in the first steps, None for a step without one.

    `shape`, `size` and `change` are None where no check trained, and the norms where the weight
    holds no floats.
    """

    name: str
    trainable: bool
    shape: tuple[int, ...] | None
    size: float | None
    change: float | None
    gradients: list[float | None]


@dataclass
class SmokeReport:
    """The outcomes by check id, in the order they ran, the loss at each training step, and how the
    weights fared.

    `replay` is the command that does the run again.
    """

    model: str
    seed: int
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    weights: list[WeightNorms] = field(default_factory=list)
    seconds: float = 0.0
    replay: str = ""

    @property
    def failed(self) -> dict[str, Outcome]:
        return {k: o for k, o in self.outcomes.items() if o.status in ("failed", "follows")}

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    def codes(self) -> set[str]:
        """The lint rules named by the findings."""
        return {f.code for o in self.outcomes.values() for f in o.findings if f.code}

    def summary(self) -> str:
        """One line."""
        count = len(self.outcomes)
        skips = sum(o.status == "skipped" for o in self.outcomes.values())
        text = f"training_smoke {self.model}, {count} checks"
        text += f", failed: {', '.join(self.failed)}" if self.failed else ", all passed"
        text += f" ({skips} skipped)" if skips else ""
        if self.losses:
            text += f", loss {self.losses[0]:.4g} -> {self.losses[-1]:.4g}"
        return f"{text}, {self.seconds:.1f} s"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; numbers that JSON has no word for come as strings."""
        result = asdict(self) | {
            "kind": "smoke",
            "summary": self.summary(),
            "passed": self.passed,
        }
        for outcome in result["outcomes"].values():
            for finding in outcome["findings"]:
                finding["code"] = rule_name(finding["code"]) or finding["code"]
        plain: dict[str, Any] = jsonable(result)
        return plain

    def __str__(self) -> str:
        head = f"training_smoke of {self.model}: "
        if self.passed:
            head += f"{len(self.outcomes)} checks, none failed"
        else:
            head += f"{len(self.failed)} of {len(self.outcomes)} checks failed (seed {self.seed})"
        blocks = [head]
        for check, outcome in self.outcomes.items():
            for finding in outcome.findings:
                blocks.append(f"{check}: " + str(finding).replace("\n", "\n    "))
        blocks += [
            f"{check}: failed too, which follows from {outcome.reason}"
            for check, outcome in self.outcomes.items()
            if outcome.status == "follows"
        ]
        blocks += [*self._quiet("passed"), *self._quiet("skipped")]
        if self.replay and not self.passed:
            blocks.append(f"replay: {self.replay}")
        return "\n".join(blocks)

    def _quiet(self, status: str) -> list[str]:
        """One line for the checks of a status, those with the same remark together."""
        by_reason: dict[str, list[str]] = {}
        for check, outcome in self.outcomes.items():
            if outcome.status == status:
                by_reason.setdefault(outcome.reason, []).append(check)
        parts = [
            ", ".join(checks) + (f" ({reason})" if reason else "")
            for reason, checks in sorted(by_reason.items())
        ]
        return [f"{status}: {'; '.join(parts)}"] if parts else []
