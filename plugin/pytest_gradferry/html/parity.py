"""The section of one comparison."""

from __future__ import annotations

import math
from itertools import groupby
from typing import Any
from xml.etree.ElementTree import Element

from .charts import Line, log_bar, steps_chart
from .elements import element, table
from .parts import Result, cause, number, shown, status, text


def parity(result: Result) -> list[Element]:
    bound = next((number(r["bound"]) for r in result["rungs"] if r["bound"] is not None), None)
    parts: list[Element | None] = [
        element("p", result["summary"]),
        table(["rung", "", "difference", "bound", ""], _ladder(result["rungs"])),
    ]
    if result["divergence"]:
        parts.append(element("p", element("b", "first divergence: "), result["divergence"]))
    parts += [_cause(finding) for finding in result["findings"]]
    if result["unexplained"]:
        parts.append(element("pre", result["unexplained"]))
    parts += [element("p", f"note: {note}", class_="soft") for note in result["notes"]]
    parts += _curves(result["curves"])
    if result["layers"]:
        parts.append(element("h3", "Layers, by how far their outputs differ"))
        parts.append(_layers(result["layers"], bound))
    if result["mapping"]:
        parts.append(_mapping(result["mapping"]))
    return [part for part in parts if part is not None]


def _ladder(rungs: list[Result]) -> list[list[Element | str]]:
    """A line for each rung; those that one reason left out share one."""
    lines: list[list[Element | str]] = []
    for (came_to, detail), group in groupby(rungs, lambda r: (r["status"], r["detail"])):
        alike = list(group)
        if came_to == "skipped":
            names = ", ".join(rung["name"] for rung in alike)
            lines.append(["", status(came_to), "", "", f"{names}: {detail}"])
        else:
            lines += [
                [r["name"], status(came_to), shown(r["error"]), shown(r["bound"]), text(detail)]
                for r in alike
            ]
    return lines


def _cause(finding: Result) -> Element:
    drop = ""
    if finding["before"] is not None:
        drop = (
            f"with {finding['change']} the difference{finding['where']} drops from "
            f"{shown(finding['before'])} to {shown(finding['after'])}"
        )
    return cause(f"cause: {finding['cause']}", [drop, f"fix: {finding['fix']}"], finding["rule"])


def _curves(curves: dict[str, list[Any]] | None) -> list[Element | None]:
    if not curves:
        return []
    theirs, ours = (list(map(float, curves[side])) for side in ("reference", "port"))
    differences = [
        abs(a - b) / (abs(a) or 1.0) if math.isfinite(a) and math.isfinite(b) else math.nan
        for a, b in zip(theirs, ours, strict=False)
    ]
    return [
        steps_chart(
            "Loss before each step", [Line("reference", theirs, "one"), Line("port", ours, "two")]
        ),
        steps_chart(
            "Relative difference of the losses",
            [Line("|port - reference| / |reference|", differences, "one")],
            logarithmic=True,
        ),
    ]


def _layers(layers: list[Result], bound: float | None) -> Element:
    return table(
        ["difference", "1e-17 to 1", "reference", "port"],
        [
            [
                shown(layer["error"]),
                log_bar(float(layer["error"]), bound),
                layer["reference"],
                layer["port"],
            ]
            for layer in layers
        ],
    )


def _mapping(weights: list[Result]) -> Element:
    rows: list[list[Element | str]] = [
        [w["reference"], str(tuple(w["reference_shape"])), w["port"], str(tuple(w["port_shape"]))]
        for w in weights
    ]
    return element(
        "details",
        element("summary", f"Weights: how {len(weights)} of them correspond"),
        table(["reference", "shape", "port", "shape"], rows),
    )
