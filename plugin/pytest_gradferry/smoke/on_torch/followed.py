"""A set of tensors, by identity, that does not keep them alive."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any


class Followed:
    """Tensors compare elementwise, so that no set can hold them."""

    def __init__(self, tensors: Iterable[Any] = ()) -> None:
        self._references: dict[int, weakref.ref[Any]] = {}
        for tensor in tensors:
            self.add(tensor)

    def add(self, tensor: Any) -> None:
        self._references[id(tensor)] = weakref.ref(tensor)

    def __contains__(self, tensor: Any) -> bool:
        reference = self._references.get(id(tensor))
        return reference is not None and reference() is tensor
