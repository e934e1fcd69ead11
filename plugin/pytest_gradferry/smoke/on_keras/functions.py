"""Watching the functions that a Keras step calls: losses, dropout, and those that draw samples."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from ...frameworks import load
from ..patching import patch
from ..record import LossCall, StepRecord
from .backends import Backend
from .backends.backend import DropoutFunction, LossFunction, drops

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

# Keras' losses, by what they take their input for, unless told from_logits=True.
_OF_PROBABILITIES = {
    "sparse_categorical_crossentropy": "probabilities",
    "categorical_crossentropy": "probabilities",
    "binary_crossentropy": "sigmoid-probabilities",
}


class FunctionWatcher:
    """Fills `losses`, `dropouts` and `drawn` of a StepRecord.

    `path` has the layers whose calls are under way.  Inside one of Keras' functions those of the
    framework underneath go by its name, or do not count.
    """

    def __init__(self, backend: Backend, record: StepRecord, path: list[str]) -> None:
        self._backend, self._record, self._path = backend, record, path
        self._losses: list[str] = []  # Keras' own under way; empty for what does not count
        self._dropouts: list[str] = []

    def watch(self, stack: ExitStack) -> None:
        """Patch everything until the stack closes."""
        nn, random = load("keras.src.backend").nn, load("keras.src.backend").random
        for name, expects in _OF_PROBABILITIES.items():
            patch(stack, nn, name, self._on_loss(name, expects))
        for loss in self._backend.loss_functions():
            patch(stack, loss.owner, loss.name, self._on_framework_loss(loss))
        patch(stack, load("keras").losses.KLDivergence, "call", self._on_divergence)
        for owner, name in ((random, "categorical"), *self._backend.drawing_functions()):
            patch(stack, owner, name, self._on_draw(name))
        of_keras = DropoutFunction(random, "dropout", "dropout", drops)
        for dropout in (of_keras, *self._backend.dropout_functions()):
            patch(stack, dropout.owner, dropout.name, self._on_dropout(dropout))

    def _on_loss(self, name: str, expects: str) -> Callable[..., Any]:
        def loss(
            original: Any, target: Any, output: Any, from_logits: bool = False, *a: Any, **k: Any
        ) -> Any:
            shown = f"{name} (from_logits={bool(from_logits)})"
            repaired = from_logits and self._backend.repairs_logits
            self._losses.append(shown if repaired else "")
            try:
                result = original(target, output, from_logits, *a, **k)
            finally:
                self._losses.pop()
            if not repaired:
                takes = expects.replace("probabilities", "logits") if from_logits else expects
                self._note_loss(shown, takes, output, result)
            return result

        return loss

    def _on_divergence(self, original: Any, loss: Any, target: Any, output: Any) -> Any:
        result = original(loss, target, output)
        for given in (target, output):
            self._note_loss("KLDivergence", "distribution", given, result)
        return result

    def _note_loss(self, shown: str, expects: str, given: Any, result: Any) -> None:
        values, value = self._backend.array(given), self._backend.array(result)
        if values is not None and value is not None:
            self._record.losses.append(LossCall(shown, expects, values, float(value.mean())))

    def _on_framework_loss(self, function: LossFunction) -> Callable[..., Any]:
        def loss(original: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            shown = self._losses[-1] if self._losses else None
            if shown != "" and (call := function.note(result, *args, **kwargs)) is not None:
                self._record.losses.append(replace(call, function=shown or call.function))
            return result

        return loss

    def _on_draw(self, name: str) -> Callable[..., Any]:
        def draw(original: Any, *args: Any, **kwargs: Any) -> Any:
            self._record.drawn.append(name)
            return original(*args, **kwargs)

        return draw

    def _on_dropout(self, function: DropoutFunction) -> Callable[..., Any]:
        def dropout(original: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._dropouts and function.acts(*args, **kwargs):
                shown = function.shown
                place = f"{shown} in {self._path[-1]}" if self._path else shown
                self._record.dropouts.append(place)
            self._dropouts.append(function.shown)
            try:
                return original(*args, **kwargs)
            finally:
                self._dropouts.pop()

        return dropout
