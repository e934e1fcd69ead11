"""Gradients on their way from backward passes to updates, and what is carried over on it."""

from __future__ import annotations

from ..frameworks import Array
from .record import StepRecord
from .verdict import carried


class Carry:
    """Sums what backward passes bring each weight until an update uses it.

    Lives over several steps, as stale gradients do.
    """

    def __init__(self) -> None:
        self.since: dict[str, Array] = {}  # computed since the last update
        self.last: dict[str, Array] = {}  # as the last update used them

    def computed(self, record: StepRecord, name: str, gradient: Array) -> None:
        """A backward pass brought a weight this gradient."""
        earlier, since = record.fresh.get(name), self.since.get(name)
        record.fresh[name] = gradient if earlier is None else earlier + gradient
        self.since[name] = gradient if since is None else since + gradient

    def used(
        self, record: StepRecord, name: str, gradient: Array | None, before: Array | None
    ) -> None:
        """An update uses this gradient; `before` is the last one's, if the new ones met it."""
        record.used[name] = gradient is not None and bool(gradient.any())
        since = self.since.pop(name, None)
        self.last.pop(name, None)
        if gradient is None or not record.used[name]:
            return
        self.last[name] = gradient
        if since is not None and before is not None:
            difference = carried(gradient, before, since)
            if difference is not None:
                record.carried[name] = difference
