"""What the sections of both fixtures are made of."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

from .elements import element

Result = dict[str, Any]


def status(css: str, text: str | None = None) -> Element:
    return element("span", text or css, class_=css.lower())


def cause(title: str, lines: list[str], rule: str | None) -> Element:
    """One thing wrong, framed; empty lines are left out."""
    parts = [element("b", title), *(element("div", line) for line in lines if line)]
    if rule:
        parts.append(element("div", f"rule: {rule}", class_="soft"))
    return element("div", *parts, class_="cause")


def number(value: Any) -> float:
    """JSON has no word for infinity: it comes as a string."""
    return float(value)


def shown(value: Any) -> str:
    return "" if value is None else f"{number(value):.1e}"


def text(said: str) -> Element | str:
    """What has lines of its own keeps them."""
    return element("pre", said) if "\n" in said else said
