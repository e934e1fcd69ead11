"""HTML and SVG as elements, so that what tests and models are called is escaped in one place."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, tostring


def element(tag: str, *children: Element | str, **attributes: object) -> Element:
    """`class_` stands for the attribute `class`, `stroke_width` for `stroke-width`."""
    made = Element(
        tag,
        {key.rstrip("_").replace("_", "-"): _plain(value) for key, value in attributes.items()},
    )
    last: Element | None = None
    for child in children:
        if isinstance(child, Element):
            made.append(child)
            last = child
        elif last is None:
            made.text = (made.text or "") + child
        else:
            last.tail = (last.tail or "") + child
    return made


def _plain(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def document(root: Element) -> str:
    return "<!doctype html>\n" + tostring(root, encoding="unicode", method="html") + "\n"


def table(head: Sequence[Element | str], rows: list[list[Element | str]], css: str = "") -> Element:
    """In a frame that scrolls by itself, so that a wide table does not widen a phone's page."""
    return element(
        "div",
        element(
            "table",
            element("thead", element("tr", *(element("th", name) for name in head))),
            element(
                "tbody", *(element("tr", *(element("td", cell) for cell in row)) for row in rows)
            ),
        ),
        class_=f"scroll {css}".strip(),
    )
