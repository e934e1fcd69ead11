"""The page of a session's results, as `SessionReport` collects them."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import resources
from itertools import groupby
from typing import Any
from xml.etree.ElementTree import Element

from .charts import Line, log_bar, steps_chart
from .elements import document, element, table

Result = dict[str, Any]


def page(results: list[Result], versions: str) -> str:
    """One HTML document without anything to load; each result is what `to_dict` of a parity or a
    smoke report gave, with the test's name as "test"."""
    failed = sum(not result["passed"] for result in results)
    counted = f"{len(results)} result{'s' * (len(results) != 1)}"
    verdict = f"{failed} failed" if failed else "none failed"
    style = resources.files(__package__).joinpath("style.css").read_text("utf-8")
    return document(
        element(
            "html",
            element(
                "head",
                element("meta", charset="utf-8"),
                element("meta", name="viewport", content="width=device-width, initial-scale=1"),
                element("title", f"gradferry: {counted}, {verdict}"),
                element("style", style),
            ),
            element(
                "body",
                element(
                    "h1", f"gradferry: {counted}, ", _status("fail" if failed else "pass", verdict)
                ),
                element("p", versions, class_="soft"),
                _overview(results),
                *(_section(i, result) for i, result in enumerate(results)),
            ),
            lang="en",
        )
    )


def _status(css: str, text: str | None = None) -> Element:
    return element("span", text or css, class_=css.lower())


def _overview(results: list[Result]) -> Element:
    return element(
        "ul",
        *(
            element(
                "li",
                _status("pass" if result["passed"] else "fail"),
                " ",
                element("a", result["test"], href=f"#r{i}"),
                element("div", result["summary"], class_="soft"),
            )
            for i, result in enumerate(results)
        ),
        class_="results",
    )


def _section(number: int, result: Result) -> Element:
    body = _BODIES[result["kind"]](result)
    opened = {} if result["passed"] else {"open": "open"}
    return element(
        "section",
        element(
            "details",
            element(
                "summary",
                element("h2", _status("pass" if result["passed"] else "fail"), " ", result["test"]),
            ),
            *body,
            **opened,
        ),
        id=f"r{number}",
    )


def _parity(result: Result) -> list[Element]:
    bound = next((_number(r["bound"]) for r in result["rungs"] if r["bound"] is not None), None)
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
    for (status, detail), group in groupby(rungs, lambda r: (r["status"], r["detail"])):
        alike = list(group)
        if status == "skipped":
            names = ", ".join(rung["name"] for rung in alike)
            lines.append(["", _status(status), "", "", f"{names}: {detail}"])
        else:
            lines += [
                [r["name"], _status(status), _shown(r["error"]), _shown(r["bound"]), _text(detail)]
                for r in alike
            ]
    return lines


def _text(said: str) -> Element | str:
    """What has lines of its own keeps them."""
    return element("pre", said) if "\n" in said else said


def _cause(finding: Result) -> Element:
    drop = ""
    if finding["before"] is not None:
        drop = (
            f"with {finding['change']} the difference{finding['where']} drops from "
            f"{_shown(finding['before'])} to {_shown(finding['after'])}"
        )
    lines = [element("b", f"cause: {finding['cause']}")]
    lines += [element("div", text) for text in (drop, f"fix: {finding['fix']}") if text]
    if finding["rule"]:
        lines.append(element("div", f"rule: {finding['rule']}", class_="soft"))
    return element("div", *lines, class_="cause")


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
                _shown(layer["error"]),
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


def _number(value: Any) -> float:
    """JSON has no word for infinity: it comes as a string."""
    return float(value)


def _shown(value: Any) -> str:
    return "" if value is None else f"{_number(value):.1e}"


def _smoke(result: Result) -> list[Element]:
    parts: list[Element | None] = [element("p", f"{result['summary']}; seed {result['seed']}")]
    rows: list[list[Element | str]] = []
    for check, outcome in result["outcomes"].items():
        status = {"passed": "pass", "failed": "fail", "follows": "fail"}.get(
            outcome["status"], "skipped"
        )
        said = outcome["reason"]
        if outcome["status"] == "follows":
            said = f"follows from {said}"
        rows.append([check, _status(status), said])
    parts.append(table(["check", "", ""], rows))
    for check, outcome in result["outcomes"].items():
        for finding in outcome["findings"]:
            lines = [element("b", f"{check}: {finding['measured']}")]
            for name in ("cause", "fix"):
                if finding[name]:
                    lines.append(element("div", f"{name}: {finding[name]}"))
            if finding["code"]:
                lines.append(element("div", f"rule: {finding['code']}", class_="soft"))
            parts.append(element("div", *lines, class_="cause"))
    losses = [float(loss) for loss in result["losses"]]
    parts.append(steps_chart("Loss of each training step", [Line("loss", losses, "one")]))
    return [part for part in parts if part is not None]


_BODIES: dict[str, Callable[[Result], list[Element]]] = {"parity": _parity, "smoke": _smoke}
