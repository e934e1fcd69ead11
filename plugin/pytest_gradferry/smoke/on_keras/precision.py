"""Half precision in Keras on TensorFlow: dtype policies and LossScaleOptimizer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from ...frameworks import load
from ..precision import Backward, Precision
from ..tree import map_arrays

if TYPE_CHECKING:
    from .trainee import KerasTrainee

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True


class KerasPrecision(Precision):
    """See `Precision`.  Whatever is looked at runs eagerly."""

    unscaled = (
        "tape.gradient(optimizer.scale_loss(loss), weights), with a "
        "keras.mixed_precision.LossScaleOptimizer",
        "XFR804",
    )
    order = (
        "scale the loss once, with optimizer.scale_loss; a LossScaleOptimizer unscales its "
        "gradients itself, so clip them in its inner optimizer (clipnorm=...)",
        "XFR804",
    )

    def __init__(self, trainee: KerasTrainee) -> None:
        self._trainee = trainee
        self._scaler = load("keras").optimizers.LossScaleOptimizer

    def kind(self) -> str:
        layers = self._trainee.structure.keras_layers()
        found = {str(getattr(layer, "compute_dtype", "")) for layer in layers}
        return next((name for name in ("float16", "bfloat16") if name in found), "")

    def _scalers(self) -> list[Any]:
        return [o for o in self._trainee.optimizers if isinstance(o, self._scaler)]

    def scale(self) -> float | None:
        scalers = [s for s in self._scalers() if s.built]
        return float(self._trainee.backend.read(scalers[0].dynamic_scale)) if scalers else None

    def set_scale(self, scale: float) -> None:
        for scaler in self._scalers():
            scaler.dynamic_scale.assign(scale)

    @contextmanager
    def seen(self, backward: Backward, factor: float = 1.0) -> Iterator[None]:
        tf, base = load("tensorflow"), load("keras.src.optimizers.base_optimizer").BaseOptimizer
        scaler_class, to_numpy = self._scaler, self._trainee.framework.to_numpy
        applied, scaled = base.apply, scaler_class.apply
        derived = tf.GradientTape.gradient
        inside = False

        def named(gradients: Any) -> dict[str, Any]:
            return {str(i): to_numpy(g) for i, g in enumerate(gradients) if g is not None}

        def apply(optimizer: Any, grads: Any, *args: Any, **kwargs: Any) -> Any:
            grads = list(grads)
            if not backward.used:
                backward.used = named(grads)
                backward.bypassed = not inside
            return applied(optimizer, grads, *args, **kwargs)

        def apply_scaled(optimizer: Any, grads: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal inside
            grads = list(grads)
            given = named(grads)
            backward.changed_scaled |= bool(backward.raw) and any(
                name in backward.raw and not (value == backward.raw[name]).all()
                for name, value in given.items()
            )
            inside = True
            try:
                return scaled(optimizer, grads, *args, **kwargs)
            finally:
                inside = False

        def gradient(
            tape: Any, target: Any, sources: Any, output_gradients: Any = None, *a: Any, **k: Any
        ) -> Any:
            if factor != 1.0 and output_gradients is None:
                output_gradients = map_arrays(lambda t: tf.ones_like(t) * factor, target)
            result = derived(tape, target, sources, output_gradients, *a, **k)
            backward.raw = named(result if isinstance(result, (list, tuple)) else [result])
            return result

        with ExitStack() as stack:
            stack.enter_context(self._trainee.compiling.eager())
            stack.enter_context(mock.patch.object(base, "apply", apply))
            stack.enter_context(mock.patch.object(scaler_class, "apply", apply_scaled))
            stack.enter_context(mock.patch.object(tf.GradientTape, "gradient", gradient))
            yield

    @contextmanager
    def lowered(self) -> Iterator[None]:
        policy = load("keras").dtype_policies.DTypePolicy("mixed_bfloat16")
        layers = [
            layer
            for layer in self._trainee.structure.keras_layers()
            if getattr(layer, "compute_dtype", None) == "float32"
        ]
        policies = [(layer, layer.dtype_policy) for layer in layers]
        try:
            for layer in layers:
                layer.dtype_policy = policy
            with self._trainee.compiling.eager():
                yield
        finally:
            for layer, before in policies:
                layer.dtype_policy = before
