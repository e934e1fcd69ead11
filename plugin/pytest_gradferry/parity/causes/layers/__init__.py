"""Causes that lie in one layer of the port: each puts that layer's call right, to be measured."""

from __future__ import annotations

from collections.abc import Iterator

from ...compare import Comparison
from ...settings import Found
from ..hypothesis import Hypothesis
from ..localise import Divergence
from ..padding import padding
from .cropping import cropping
from .norms import instance_norm
from .resizing import resizing
from .shuffling import pixel_shuffle
from .together import several


def of_layer(comparison: Comparison, where: Divergence, settings: Found) -> Iterator[Hypothesis]:
    for cause in (padding, cropping, resizing, pixel_shuffle, instance_norm):
        yield from cause(comparison, where)
    yield from several(comparison, where, settings)
