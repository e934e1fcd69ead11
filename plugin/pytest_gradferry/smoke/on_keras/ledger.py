"""What training on TensorFlow keeps from step to step: gradient tapes and variables."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from ...frameworks import load
from ..growth import Kept, Ledger
from ..tree import leaves

if TYPE_CHECKING:
    from .trainee import KerasTrainee

TAPES = "gradient tapes, with all that they recorded,"
VARIABLES = "variables"


class TensorFlowLedger(Ledger):
    """Tensors keep nothing but their values here: it is the tape that keeps a forward pass."""

    def __init__(self, trainee: KerasTrainee) -> None:
        self._trainee = trainee
        self._tf = load("tensorflow")
        self._tapes: weakref.WeakSet[Any] = weakref.WeakSet()
        self._variables: list[weakref.ref[Any]] = []

    @contextmanager
    def counting(self) -> Iterator[None]:
        original = self._tf.GradientTape.__init__

        def made(tape: Any, *args: Any, **kwargs: Any) -> None:
            original(tape, *args, **kwargs)
            self._tapes.add(tape)

        def creator(following: Callable[..., Any], **kwargs: Any) -> Any:
            variable = following(**kwargs)
            self._variables.append(weakref.ref(variable))
            return variable

        patch = mock.patch.object(self._tf.GradientTape, "__init__", made)
        with patch, self._tf.variable_creator_scope(creator):
            yield

    def amounts(self) -> dict[str, int]:
        self._variables = [variable for variable in self._variables if variable() is not None]
        # one that was asked for its gradient has let go, unless it is persistent
        full = [tape for tape in self._tapes if tape._tape is not None]
        return {TAPES: len(full), VARIABLES: len(self._variables)}

    def kept(self, kind: str) -> Kept:
        if kind == TAPES:
            fix = "ask the tape for its gradients in the step, and let it go"
            return Kept(self._holder(self._tf.GradientTape), fix, "XFR903")
        return Kept(self._holder(self._tf.Variable), "make variables once, before training")

    def _holder(self, kind: type[Any]) -> str:
        for place in self._trainee.held.places:
            if any(isinstance(leaf, kind) for leaf in leaves(place.get())):
                return place.name
        return ""
