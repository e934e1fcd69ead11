"""Watching the calls of layers in a Keras step, the model's own among them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...frameworks import load
from ..patching import patch
from ..record import LayerCall, StepRecord
from ..tree import leaves

if TYPE_CHECKING:
    from .watch import Watcher

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True


class CallWatcher:
    """Fills `StepRecord.calls`, and tells the watcher of the model's.

    `path` has the layers whose calls are under way, outermost first.
    """

    def __init__(self, watcher: Watcher, record: StepRecord) -> None:
        self.keras = load("keras")
        self.path: list[str] = []
        self._watcher, self._record, self._backend = watcher, record, watcher.backend
        self._modes: list[bool] = []  # of the calls in `path`

    def watch(self, stack: ExitStack) -> None:
        """Patch everything until the stack closes."""
        layer = self.keras.layers.Layer
        patch(stack, self.keras.Operation, "__call__", self._on_call)
        patch(stack, layer, "stateless_call", self._on_stateless_call)

    def _on_call(self, original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(layer, self.keras.layers.Layer):
            return original(layer, *args, **kwargs)
        return self.noted(layer, args, kwargs, partial(original, layer))

    def _on_stateless_call(
        self, original: Any, layer: Any, weights: Any, state: Any, *args: Any, **given: Any
    ) -> Any:
        """Keras calls the layer's `call` in it, not the layer."""
        kwargs = {key: value for key, value in given.items() if key != "return_losses"}
        run = lambda *_, **__: original(layer, weights, state, *args, **given)  # noqa: E731
        return self.noted(layer, args, kwargs, run, of=lambda result: result[0])

    def noted(
        self,
        layer: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        run: Callable[..., Any],
        of: Callable[[Any], Any] = lambda result: result,
    ) -> Any:
        """Run a layer's call and record it; `of` takes its outputs from what that returns."""
        given = self._tensors([args, kwargs])
        if any(self._backend.is_abstract(tensor) for tensor in given):
            return run(*args, **kwargs)  # Keras builds the model
        self._watcher.calling(self._record, layer, self.path, args, kwargs)
        training = bool(self.training_of(layer, args, kwargs))
        around = self._modes[-1] if self._modes else False
        kind = type(layer).__name__
        name = self._watcher.layers.get(id(layer)) or str(getattr(layer, "name", kind))
        self.path.append(f"{name} ({kind})")
        self._modes.append(training)
        try:
            result = run(*args, **kwargs)
        finally:
            self.path.pop()
            self._modes.pop()
        made = self._tensors(of(result))
        floats = [tensor for tensor in made if self._backend.is_float(tensor)]
        tells = [self._backend.carries_gradient(tensor) for tensor in (*given, *floats)]
        told = None not in tells
        self._record.calls.append(
            LayerCall(
                layer=name,
                known=id(layer) in self._watcher.layers,
                kind=kind,
                training=training,
                told_off=around and not training and self._rests_for_good(layer),
                sensitive=self.is_sensitive(layer),
                finite=self._finite(made),
                finite_in=self._finite(given),
                grad_in=any(tells[: len(given)]) if told else None,
                grad_out=any(tells[len(given) :]) if told else None,
            )
        )
        if layer is not self._watcher.model or len(made) != 1:
            return result
        seen = self._watcher.returned(self._record, made[0])
        if result is made[0]:
            return seen
        if isinstance(result, tuple) and result[0] is made[0]:  # of stateless_call
            return seen, *result[1:]
        return result

    def _rests_for_good(self, layer: Any) -> bool:
        """Whether a layer that does not act in training does nothing at all: a batch norm may have
        statistics from before."""
        if not isinstance(layer, self.keras.layers.BatchNormalization):
            return True
        mean, variance = map(self._backend.read, (layer.moving_mean, layer.moving_variance))
        return not mean.any() and bool((variance == 1).all())

    def training_of(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The mode a layer was called in; Keras has made it an argument by then."""
        return kwargs.get("training")

    def is_sensitive(self, layer: Any) -> bool:
        """Whether a layer acts differently in training and in evaluation."""
        layers = self.keras.layers
        spatial = (layers.SpatialDropout1D, layers.SpatialDropout2D, layers.SpatialDropout3D)
        noisy = (layers.Dropout, layers.GaussianDropout, layers.AlphaDropout)
        if isinstance(layer, (*noisy, *spatial)):
            return bool(layer.rate)
        if isinstance(layer, layers.GaussianNoise):
            return bool(layer.stddev)
        return isinstance(layer, layers.BatchNormalization) and bool(layer.trainable)

    def _tensors(self, tree: Any) -> list[Any]:
        return [leaf for leaf in leaves(tree) if self._backend.is_tensor(leaf)]

    def _finite(self, tensors: list[Any]) -> bool:
        floats = [tensor for tensor in tensors if self._backend.is_float(tensor)]
        arrays = [self._backend.array(tensor) for tensor in floats]
        return all(bool(np.isfinite(array).all()) for array in arrays if array is not None)
