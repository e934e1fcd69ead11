"""The page of a session's results, as `SessionReport` collects them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from xml.etree.ElementTree import Element

from .elements import document, element
from .parity import parity
from .parts import Result, status
from .smoke import smoke


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
                    "h1", f"gradferry: {counted}, ", status("fail" if failed else "pass", verdict)
                ),
                element("p", versions, class_="soft"),
                _overview(results),
                *(_section(i, result) for i, result in enumerate(results)),
            ),
            lang="en",
        )
    )


def _overview(results: list[Result]) -> Element:
    return element(
        "ul",
        *(
            element(
                "li",
                status("pass" if result["passed"] else "fail"),
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
                element("h2", status("pass" if result["passed"] else "fail"), " ", result["test"]),
            ),
            *body,
            **opened,
        ),
        id=f"r{number}",
    )


_BODIES: dict[str, Callable[[Result], list[Element]]] = {"parity": parity, "smoke": smoke}
