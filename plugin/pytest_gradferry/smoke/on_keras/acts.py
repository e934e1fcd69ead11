"""Noting the acts of a Keras step: what gradients are of, what clips them, what is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ...frameworks import Array, load
from ..acts import Clip, Forward, Update, norm, note_gradient, sampled
from ..patching import patch
from ..record import StepRecord
from ..tree import leaves

if TYPE_CHECKING:
    from .watch import Watcher

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

_MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")
_CLIPS = ("clip_by_global_norm", "clip_by_norm", "clip_by_value")


class ActWatcher:
    """Fills `StepRecord.acts` of one step.  Tensors are told apart by identity, and kept so."""

    def __init__(self, watcher: Watcher, record: StepRecord) -> None:
        self._watcher = watcher
        self._record = record
        self._means: dict[int, tuple[str, Any]] = {}
        self._gradients: dict[int, tuple[str, Any]] = {}  # of weights, by the tensor's id
        self._clips: list[tuple[str, list[Any], list[Any]]] = []
        self._mean_of = ""
        self._blind = False  # in an optimizer

    def watch(self, stack: ExitStack) -> None:
        keras = load("keras")
        patch(stack, keras.losses.Loss, "__call__", self._on_loss)
        if keras.backend.backend() == "tensorflow":
            tf = load("tensorflow")
            patch(stack, tf, "reduce_mean", self._on_mean)
            for name in _CLIPS:
                patch(stack, tf, name, self._on_clip(name))

    # forward and backward

    def forward(self, args: Any, kwargs: Any) -> None:
        tensors = [x for x in leaves([args, kwargs]) if len(getattr(x, "shape", None) or ()) > 0]
        rows = tensors[0].shape[0] if tensors else None
        self._record.acts.append(Forward(rows if isinstance(rows, int) else None))

    def begin(self, target: Any) -> None:
        """Gradients of this are asked for."""
        self._mean_of = self._means.get(id(target), ("", None))[0]

    def gradient(self, name: str, gradient: Array, tensor: Any = None) -> None:
        note_gradient(self._record.acts, name, sampled(gradient.reshape(-1)), self._mean_of, 1.0)
        if tensor is not None:
            self._gradients[id(tensor)] = (name, tensor)

    def owner(self, tensor: Any) -> str | None:
        """The weight whose gradient this tensor is; None where it is not known to be one."""
        return self._gradients.get(id(tensor), (None, None))[0]

    def _on_loss(self, original: Any, loss: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(loss, *args, **kwargs)
        if getattr(loss, "reduction", None) in _MEANS:
            self._means[id(result)] = (type(loss).__name__, result)
        return result

    def _on_mean(self, original: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        of = args[0] if args else kwargs.get("input_tensor")
        known = self._means.get(id(of), ("", None))[0]
        if result.shape.rank == 0 and (known or len(getattr(of, "shape", ())) > 0):
            self._means[id(result)] = (known or "mean", result)  # of one number: that number
        return result

    # clips and updates

    @contextmanager
    def not_seen(self) -> Iterator[None]:
        """Inside, clips are none of the step's."""
        before, self._blind = self._blind, True
        try:
            yield
        finally:
            self._blind = before

    def _on_clip(self, name: str) -> Callable[..., Any]:
        def clip(original: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if self._blind:
                return result
            given = args[0] if args else kwargs.get("t_list", kwargs.get("t"))
            given = [x for x in leaves(given) if x is not None]
            made = leaves(result[0] if name == "clip_by_global_norm" else result)
            self._clips.append((f"tf.{name}", given, made))
            self._note_clip(name, given, args, kwargs)
            return result

        return clip

    def _note_clip(self, name: str, given: list[Any], args: Any, kwargs: dict[str, Any]) -> None:
        limits = [*args[1:3], *(kwargs[k] for k in kwargs if k.startswith("clip_"))]
        array = self._watcher.backend.array
        found = {
            weight: sampled(np.asarray(array(tensor)).reshape(-1))
            for tensor in given
            if (weight := self.owner(tensor)) is not None
        }
        if not found or not limits:
            return
        limit, count = float(limits[0]), len(given)
        clip = Clip(f"tf.{name}", limit, norm(found), found, set(found), count, held=count)
        if name == "clip_by_value":
            clip.low, clip.high = sorted(map(float, limits))
            clip.limit = max(-clip.low, clip.high)
        self._record.acts.append(clip)

    def update(self, optimizer: Any, held: list[Any], gradients: list[Any]) -> None:
        found = {}
        for tensor, variable in zip(gradients, held, strict=False):
            name = self._watcher.names.get(id(variable))
            array = None if tensor is None else self._watcher.backend.array(tensor)
            if name is not None and array is not None:
                found[name] = sampled(array.reshape(-1))
        weights = frozenset(map(id, held))
        act = Update(type(optimizer).__name__, id(optimizer), found, [], weights)
        self._record.acts.append(act)
        applied = {id(tensor) for tensor in gradients if tensor is not None}
        waiting = []  # for the update of another optimizer
        for function, given, made in self._clips:
            if applied & set(map(id, made)):
                continue
            if applied & set(map(id, given)):
                self._record.unused_clips.append(function)
            else:
                waiting.append((function, given, made))
        self._clips = waiting
