"""The section of one smoke run."""

from __future__ import annotations

import math
from statistics import median
from typing import TypeAlias
from xml.etree.ElementTree import Element

from .charts import Line, log_span, steps_chart
from .elements import element, table
from .parts import Result, cause, number, shown, status, text

_STATUS = {"failed": "fail", "follows": "fail", "skipped": "skipped", "passed": "pass"}
_UNFOLDED = 12  # weights that stand in the open

_Scale: TypeAlias = "tuple[float, float] | None"


def smoke(result: Result) -> list[Element]:
    parts: list[Element | None] = [element("p", f"{result['summary']}; seed {result['seed']}")]
    for check, outcome in result["outcomes"].items():
        for finding in outcome["findings"]:
            why = [f"{name}: {finding[name]}" for name in ("cause", "fix") if finding[name]]
            parts.append(cause(f"{check}: {finding['measured']}", why, finding["code"]))
    if result["replay"] and not result["passed"]:
        parts.append(element("p", "replay: ", element("code", result["replay"])))
    parts.append(table(["", "check"], _checks(result["outcomes"]), "checks"))
    parts.append(_losses([number(loss) for loss in result["losses"]]))
    parts += _weights([_Weight(each) for each in result["weights"]], len(result["losses"]))
    return [part for part in parts if part is not None]


def _checks(outcomes: Result) -> list[list[Element | str]]:
    """A row for each check, failed ones first; what passed without a remark shares the last."""
    plain = [name for name, o in outcomes.items() if o["status"] == "passed" and not o["reason"]]
    rows: list[list[Element | str]] = []
    worst = sorted(outcomes.items(), key=lambda item: list(_STATUS).index(item[1]["status"]))
    for check, outcome in worst:
        if check not in plain:
            said = outcome["reason"]
            if outcome["status"] == "follows":
                said = f"follows from {said}"
            told = text(f"{check}: {said}" if said else check)
            rows.append([status(_STATUS[outcome["status"]]), told])
    return [*rows, [status("pass"), ", ".join(plain)]] if plain else rows


def _losses(losses: list[float]) -> Element | None:
    """On a logarithmic scale where they fall far."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    far = bool(finite) and min(finite) > 0 and max(finite) > 100 * min(finite)
    return steps_chart("Loss of each training step", [Line("loss", losses, "one")], far)


class _Weight:
    """A row of the table: the two quantities, and how they are told where there is no number."""

    def __init__(self, norms: Result) -> None:
        self.name: str = norms["name"]
        self.shape = "" if norms["shape"] is None else str(tuple(norms["shape"]))
        self.trainable: bool = norms["trainable"]
        self.gradients = [number(g) for g in norms["gradients"] if g is not None]
        size, change = norms["size"], norms["change"]
        self.moved: float | None = None  # as a part of its size
        self.change = "" if change is None else f"{shown(change)}, from 0"
        if change is not None and number(size) > 0:
            self.moved = number(change) / number(size)
            self.change = shown(self.moved)
        self._still = change is not None and number(change) == 0

    def stuck(self) -> bool:
        """Whether a weight that should train does not, or is not finite."""
        values = [*self.gradients, *([] if self.moved is None else [self.moved])]
        if not all(map(math.isfinite, values)):
            return True
        return self.trainable and (not any(self.gradients) or self._still)


def _weights(weights: list[_Weight], steps: int) -> list[Element]:
    """Those that are stuck first, then those farthest from the median, and the frozen ones last."""
    if not weights:
        return []
    moves = [w.moved for w in weights if w.moved is not None]
    scales = _scale([g for w in weights for g in w.gradients]), _scale(moves)
    middles = _middle([max(w.gradients) for w in weights if w.gradients]), _middle(moves)

    def extreme(weight: _Weight) -> float:
        values = max(weight.gradients, default=None), weight.moved
        return max(
            abs(math.log(value / middle)) if value and math.isfinite(value) and middle else 0.0
            for value, middle in zip(values, middles, strict=True)
        )

    order = sorted(weights, key=lambda w: (not w.stuck(), not w.trainable, -extreme(w)))
    watched = max(len(w.gradients) for w in weights)
    said = f"Norms of the gradients in the first {watched} steps, and how far each weight moved in "
    said += f"{steps} steps as a part of its size; the scales are logarithmic."
    parts = [element("h3", "Weights, the most extreme first"), element("p", said, class_="soft")]
    parts.append(_table(order[:_UNFOLDED], scales))
    if folded := order[_UNFOLDED:]:
        title = f"{len(folded)} weights more"
        rest = _table(folded, scales)
        parts.append(element("details", element("summary", title), rest, class_="folded"))
    return parts


def _table(weights: list[_Weight], scales: tuple[_Scale, _Scale]) -> Element:
    rows: list[list[Element | str]] = []
    for weight in weights:
        moves = [] if weight.moved is None else [weight.moved]
        gradient = "none" if weight.trainable else "frozen"
        if weight.gradients:
            low, high = min(weight.gradients), max(weight.gradients)
            gradient = " to ".join(dict.fromkeys((shown(low), shown(high))))
        css = "fail" if weight.stuck() else "" if weight.trainable else "soft"
        rows.append(
            [
                element("span", weight.name, " ", element("span", weight.shape, class_="soft")),
                _quantity(gradient, css, weight.gradients, scales[0]),
                _quantity(weight.change, css, moves, scales[1]),
            ]
        )
    heads = [
        _head(name, scale) for name, scale in zip(("gradients", "moved by"), scales, strict=True)
    ]
    return table(["weight", *heads], rows, "norms")


def _head(name: str, scale: _Scale) -> Element | str:
    if scale is None:
        return name
    range_ = element("span", f"({scale[0]:.0e} to {scale[1]:.0e})", class_="range")
    return element("span", f"{name} ", range_)


def _quantity(said: str, css: str, values: list[float], scale: _Scale) -> Element:
    positive = [value for value in values if value > 0 and math.isfinite(value)]
    bar = [log_span(positive, *scale)] if positive and scale else []
    return element("span", element("span", said, class_=f"number {css}".strip()), " ", *bar)


def _scale(values: list[float]) -> _Scale:
    """Whole powers of ten around them."""
    positive = [value for value in values if value > 0 and math.isfinite(value)]
    if not positive:
        return None
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    return 10.0**low, 10.0 ** max(high, low + 1)


def _middle(values: list[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return median(finite) if finite else 0.0
