"""What Keras layers add to the loss: regularizers of weights and outputs, and add_loss."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ...frameworks import load
from ..errors import SmokeError
from ..patching import patch
from ..tree import map_arrays
from .backends import Backend

if TYPE_CHECKING:
    from ..evidence import Evidence
    from .trainee import KerasTrainee


def terms(trainee: KerasTrainee) -> dict[str, float]:
    """Those of a call in training, by weight or layer."""

    def terms_now(output: Any) -> dict[str, Any]:
        found = {
            name: variable.regularizer(variable)
            for name, variable in trainee.variables.items()
            if getattr(variable, "regularizer", None) is not None and variable.trainable
        }
        for layer in trainee.model._flatten_layers():
            if own := layer._get_own_losses():
                name = trainee.structure.layers.get(id(layer), layer.name)
                found[f"{name} ({type(layer).__name__})"] = sum(own)
        return found

    to_numpy = trainee.framework.to_numpy
    with _plain_numbers(trainee):
        trainee.backend.settle(trainee.model)
        found = trainee.evaluate(trainee.model, terms_now, training=True)
        return {name: float(to_numpy(value)) for name, value in found.items()}


@contextmanager
def _plain_numbers(trainee: KerasTrainee) -> Iterator[None]:
    undo = trainee.save()
    try:
        yield
    finally:
        trainee.model._clear_losses()
        undo()


@contextmanager
def scaled(factor: float, backend: Backend) -> Iterator[None]:
    layer = load("keras").layers.Layer
    base = load("keras").regularizers.Regularizer

    def times(original: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if isinstance(result, list):
            return [factor * loss for loss in result]
        return factor * result

    with ExitStack() as stack:
        stack.enter_context(backend.rewritten())
        patch(stack, layer, "_get_own_losses", times)
        for kind in _kinds(base):
            # also those that a step calls itself
            if "__call__" in vars(kind):
                patch(stack, kind, "__call__", times)
        yield


@contextmanager
def by_hand_only(kind: type[Any]) -> Iterator[None]:
    """Inside, `compute_loss` of the models of this class is the loss of the outputs alone."""

    def alone(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(model, *args, **kwargs)
        for loss in model.losses:
            result = result - loss
        return result

    with ExitStack() as stack:
        patch(stack, kind, "compute_loss", alone)
        yield


def _kinds(base: type[Any]) -> Iterator[type[Any]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


def by_hand(trainee: KerasTrainee, evidence: Evidence) -> bool:
    """Whether a regularized weight gets a gradient where only its own size can give it one.

    With inputs of zero and all other weights zero, the outputs do not depend on it.
    """
    regularized = {n for n, v in trainee.variables.items() if v.regularizer is not None}
    given = trainee.inputs
    for name in regularized:
        with evidence.from_start(), scaled(0.0, trainee.backend):
            values = trainee.values()
            trainee.assign({n: v if n == name else np.zeros_like(v) for n, v in values.items()})
            trainee.inputs = map_arrays(lambda leaf: leaf * 0, given)
            try:
                gradient = evidence.watch_step().fresh.get(name)
            except SmokeError:
                continue
            finally:
                trainee.inputs = given
            if gradient is not None and bool(gradient.any()):
                return True
    return False
