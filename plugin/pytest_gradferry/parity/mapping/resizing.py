"""What changes the size of an image without weights: upsampling, pixel shuffle, cropping."""

from __future__ import annotations

from typing import Any

from .row import Row, Setting

_RULE = "XFR515"


class _Interpolation(Setting):
    """torch's names of one method by the number of axes are one; Keras has it in 2D alone."""

    def read(self, framework: str, layer: Any) -> Any:
        if framework == "keras":
            return getattr(layer, "interpolation", "nearest")
        mode = {"nearest-exact": "nearest", "linear": "bilinear", "trilinear": "bilinear"}
        return mode.get(layer.mode, layer.mode)


class _AlignCorners(Setting):
    """Keras never does; None and False are the same."""

    def read(self, framework: str, layer: Any) -> Any:
        return bool(getattr(layer, "align_corners", False)) if framework == "torch" else False


ROWS: tuple[Row, ...] = (
    Row(
        "upsample",
        ("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"),
        ("UpSampling1D", "UpSampling2D", "UpSampling3D"),
        (),
        (
            _Interpolation("interpolation", "mode", "interpolation", rule=_RULE),
            _AlignCorners("align_corners", "align_corners", "align_corners", rule=_RULE),
        ),
        channels=True,
    ),
    # Keras has a function for it, and no layer.
    Row("pixelshuffle", ("PixelShuffle",), (), channels=True),
    *(Row("crop", (), (f"Cropping{d}D",), channels=True, anchor=False) for d in (1, 2, 3)),
)
