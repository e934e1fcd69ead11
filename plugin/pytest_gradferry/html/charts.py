"""Line charts of what happens over the training steps, and bars on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from .elements import element

_WIDTH, _HEIGHT = 480.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 12.0, 12.0, 28.0
# Rounding in float64 ends about here; what is smaller is drawn as this.
_LEAST = 1e-17


@dataclass(frozen=True)
class Line:
    name: str
    values: Sequence[float]  # one a step
    css: str


def steps_chart(title: str, lines: Sequence[Line], logarithmic: bool = False) -> Element | None:
    """An SVG figure of the lines over their steps; None where nothing finite is to be drawn.

    On a logarithmic axis zero is drawn at the bottom; values that are not finite leave a gap.
    """
    shown = [v for line in lines for v in line.values if math.isfinite(v)]
    if not shown:
        return None

    def scale(value: float) -> float:
        return math.log10(max(value, _LEAST)) if logarithmic else value

    low, high = min(map(scale, shown)), max(map(scale, shown))
    if logarithmic:
        low, high = math.floor(low), math.floor(high) + 1
    if high - low < 1e-12 * max(1.0, abs(high)):
        low, high = low - 0.5, high + 0.5
    count = max(len(line.values) for line in lines)

    def x(step: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (step / max(count - 1, 1))

    def y(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - (scale(value) - low) / (high - low))

    drawn: list[Element] = []
    for at in _ticks(low, high, logarithmic):
        height = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - (at - low) / (high - low))
        label = f"1e{at:.0f}" if logarithmic else f"{at:.4g}"
        drawn.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=height, y2=height))
        drawn.append(element("text", label, x=_LEFT - 6, y=height + 4, text_anchor="end"))
    for step, anchor in ((0, "start"), (count - 1, "end")):
        drawn.append(
            element("text", f"step {step + 1}", x=x(step), y=_HEIGHT - 8, text_anchor=anchor)
        )
    for line in lines:
        for piece in _pieces(line.values):
            points = " ".join(f"{x(i):.1f},{y(line.values[i]):.1f}" for i in piece)
            drawn.append(element("polyline", points=points, class_=line.css))
            drawn += [
                element(
                    "circle",
                    element("title", f"{line.name}, step {i + 1}: {line.values[i]:.10g}"),
                    cx=x(i),
                    cy=y(line.values[i]),
                    r=3,
                    class_=line.css,
                )
                for i in piece
                if count <= 100
            ]
    svg = element(
        "svg",
        *drawn,
        viewBox=f"0 0 {_WIDTH:g} {_HEIGHT:g}",
        role="img",
        aria_label=title,
    )
    legend = [element("span", line.name, class_=f"key {line.css}") for line in lines]
    return element("figure", element("figcaption", title, " ", *legend), svg)


def _ticks(low: float, high: float, logarithmic: bool) -> list[float]:
    """About five of them; on a logarithmic axis whole powers of ten."""
    if not logarithmic:
        return [low + (high - low) * i / 4 for i in range(5)]
    return [float(at) for at in range(int(low), int(high) + 1, max(1, int(high - low) // 4))]


def _pieces(values: Sequence[float]) -> list[list[int]]:
    """The runs of steps without a gap."""
    pieces: list[list[int]] = [[]]
    for i, value in enumerate(values):
        if math.isfinite(value):
            pieces[-1].append(i)
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def log_bar(value: float, bound: float | None, most: float = 1.0) -> Element:
    """A bar from 1e-17 to `most`, with a mark where `bound` is; red beyond it."""
    share = _share(value, most)
    wrong = bound is not None and value > bound
    bar = element("span", class_="bar wrong" if wrong else "bar", style=f"width:{100 * share:.1f}%")
    parts = [bar]
    if bound is not None:
        parts.append(
            element("span", class_="bound", style=f"left:{100 * _share(bound, most):.1f}%")
        )
    return element("span", *parts, class_="track", title=f"{value:.2e}")


def log_span(values: Sequence[float], least: float, most: float) -> Element:
    """A mark from the smallest to the largest value, on a scale from `least` to `most`.

    Both are positive; what lies beyond them is drawn at the end.
    """

    def share(value: float) -> float:
        inside = min(max(value, least), most)
        return math.log(inside / least) / math.log(most / least)

    low, high = share(min(values)), share(max(values))
    style = f"left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"
    title = " to ".join(dict.fromkeys(f"{value:.2e}" for value in (min(values), max(values))))
    return element("span", element("span", class_="span", style=style), class_="track", title=title)


def _share(value: float, most: float) -> float:
    if math.isnan(value) or value >= most:
        return 1.0
    span = math.log10(most / _LEAST)
    return max(0.0, math.log10(max(value, _LEAST) / _LEAST) / span)
