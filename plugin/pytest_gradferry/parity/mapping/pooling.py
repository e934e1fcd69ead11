"""Pooling and padding."""

from __future__ import annotations

from .row import STRIDES, Row, Setting


def _of(d: int) -> tuple[Row, ...]:
    window = (Setting("pool_size", "kernel_size", "pool_size"), STRIDES)
    return (
        Row(f"maxpool{d}d", (f"MaxPool{d}d",), (f"MaxPooling{d}D",), (), window, channels=True),
        Row(f"avgpool{d}d", (f"AvgPool{d}d",), (f"AveragePooling{d}D",), (), window, channels=True),
        Row(
            f"globalavgpool{d}d",
            (f"AdaptiveAvgPool{d}d",),
            (f"GlobalAveragePooling{d}D",),
            channels=True,
        ),
        Row(
            f"globalmaxpool{d}d",
            (f"AdaptiveMaxPool{d}d",),
            (f"GlobalMaxPooling{d}D",),
            channels=True,
        ),
        Row(
            "pad",
            (f"ZeroPad{d}d", f"ConstantPad{d}d"),
            (f"ZeroPadding{d}D",),
            channels=True,
            anchor=False,
        ),
    )


ROWS: tuple[Row, ...] = tuple(row for d in (1, 2, 3) for row in _of(d))
