"""Which call of the port's is which call of the reference's, and what each sees of the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np

from ..layout import Array, channels_first, channels_last
from ..mapping import Setting
from ..sides.side import Event, Trace

if TYPE_CHECKING:
    from .layers import LayerPair


@dataclass(frozen=True)
class Couple:
    """A call of the reference's layer and the call of the port's that corresponds to it."""

    reference: Event
    port: Event
    order: Array | None = None  # port's input features, as positions in the reference's

    @property
    def name(self) -> str:
        return self.reference.name

    def output(self) -> Array:
        """The port's output in the reference's layout."""
        return self._like(self.port.output, self.reference.output)

    def input(self) -> Array:
        """The port's input in the reference's layout."""
        if self.order is not None and self.port.inputs.shape[-1] == len(self.order):
            return self.port.inputs[..., np.argsort(self.order)]
        return self._like(self.port.inputs, self.reference.inputs)

    def reference_input(self) -> Array:
        """The reference's input in the port's layout."""
        if self.order is not None:
            return self.reference.inputs[..., self.order]
        return self._like(self.reference.inputs, self.port.inputs)

    def _like(self, array: Array, like: Array) -> Array:
        """Global pooling keeps the axes it pools in torch only: (N, C, 1, 1) and (N, C)."""
        if array.ndim != like.ndim and array.size == like.size:
            return array.reshape(like.shape)
        if not self.moves or array.ndim < 3:
            return array
        to_first = array is self._keras.output or array is self._keras.inputs
        return channels_first(array) if to_first else channels_last(array)

    @property
    def _keras(self) -> Event:
        return self.port if self.port.framework == "keras" else self.reference

    @property
    def settings(self) -> list[Setting]:
        """Those that the rows of both have."""
        keras = self._keras
        torch = self.reference if keras is self.port else self.port
        known = {setting.name for setting in keras.row.settings}
        return [setting for setting in torch.row.settings if setting.name in known]

    @property
    def moves(self) -> bool:
        if self.reference.framework == self.port.framework:
            return False
        layer = self._keras.layer
        first = getattr(layer, "data_format", None) == "channels_first"
        # Right for channels first only, and maybe a mistake; a PReLU has no data format.
        if getattr(layer, "axis", -1) == 1 or self.reference.row.kind == "prelu":
            theirs, ours = self.reference.inputs, self.port.inputs
            move = channels_first if self._keras is self.port else channels_last
            first = ours.ndim < 3 or not _nearer(move(ours), ours, theirs)
        return (self.reference.row.channels or self._over_all_axes) and not first

    @property
    def _over_all_axes(self) -> bool:
        """A norm over (C, H, W) stands where channels are second in torch; one over C, last."""
        torch = self.reference if self._keras is self.port else self.port
        return len(getattr(torch.layer, "normalized_shape", ())) > 2


def _nearer(a: Array, b: Array, to: Array) -> bool:
    """`a` is the nearer to `to`; what has another shape is no nearer than anything."""
    if a.shape != to.shape or b.shape != to.shape:
        return a.shape == to.shape
    return float(np.abs(a - to).max(initial=0.0)) < float(np.abs(b - to).max(initial=0.0))


def aligned(reference: Trace, port: Trace, layers: list[LayerPair]) -> list[Couple]:
    """Calls of the two traces that correspond: weighted layers by their pair, others by type."""
    number: dict[int, str] = {}
    order: dict[int, Array | None] = {}
    for i, layer in enumerate(layers):
        number[id(layer.reference.layer)] = number[id(layer.port.layer)] = f"#{i}"
        order[id(layer.reference.layer)] = layer.order

    theirs, ours = ([e for e in t.events if e.row.anchor] for t in (reference, port))
    a_keys, b_keys = (
        [number.get(id(e.layer), e.row.kind) for e in events] for events in (theirs, ours)
    )
    ours, b_keys = _in_order_of(a_keys, ours, b_keys)
    matcher = SequenceMatcher(None, a_keys, b_keys, autojunk=False)
    return [
        Couple(a, b, order.get(id(a.layer)))
        for block in matcher.get_matching_blocks()
        for a, b in zip(
            theirs[block.a : block.a + block.size],
            ours[block.b : block.b + block.size],
            strict=True,
        )
    ]


def _in_order_of(
    wanted: list[str], events: list[Event], keys: list[str]
) -> tuple[list[Event], list[str]]:
    """Where paired layers are called in another order, their calls put in the wanted one."""
    paired = [key for key in wanted if key.startswith("#")]
    slots = [i for i, key in enumerate(keys) if key.startswith("#")]
    if Counter(paired) != Counter(keys[i] for i in slots):
        return events, keys
    calls: defaultdict[str, list[Event]] = defaultdict(list)
    for i in slots:
        calls[keys[i]].append(events[i])
    events, keys = list(events), list(keys)
    for i, key in zip(slots, paired, strict=True):
        events[i], keys[i] = calls[key].pop(0), key
    return events, keys
