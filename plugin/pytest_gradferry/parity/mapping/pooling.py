"""Pooling and padding."""

from __future__ import annotations

from .row import STRIDES, Row, Setting

_PADS = ("Zero", "Constant", "Reflection", "Replication", "Circular")


def _of(d: int) -> tuple[Row, ...]:
    window = (Setting("pool_size", "kernel_size", "pool_size"), STRIDES)
    return (
        Row(f"maxpool{d}d", (f"MaxPool{d}d",), (f"MaxPooling{d}D",), (), window, channels=True),
        Row(f"avgpool{d}d", (f"AvgPool{d}d",), (f"AveragePooling{d}D",), (), window, channels=True),
        Row(
            f"globalavgpool{d}d",
            (f"AdaptiveAvgPool{d}d",),
            (f"GlobalAveragePooling{d}D", f"AdaptiveAveragePooling{d}D"),
            channels=True,
        ),
        Row(
            f"globalmaxpool{d}d",
            (f"AdaptiveMaxPool{d}d",),
            (f"GlobalMaxPooling{d}D", f"AdaptiveMaxPooling{d}D"),
            channels=True,
        ),
        Row(
            "pad",
            tuple(f"{how}Pad{d}d" for how in _PADS),
            (f"ZeroPadding{d}D",),
            channels=True,
            anchor=False,
        ),
    )


ROWS: tuple[Row, ...] = tuple(row for d in (1, 2, 3) for row in _of(d))
