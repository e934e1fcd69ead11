"""What a comparison asks of a Keras backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from ....frameworks import load
from ...layout import Array

# A value to differentiate and the outputs it was computed from, both of the inputs, in tensors.
Computation = Callable[[Any], tuple[Any, Any]]


@dataclass(frozen=True)
class Derivative:
    """Of `value`, in dense tensors: with respect to each weight and to each float input, None where
    it does not depend on one.  `sparse`: some came as rows of an embedding."""

    value: Any
    outputs: Any
    weights: list[Any]
    inputs: list[Any]
    sparse: bool = False


class Backend(ABC):
    """One Keras backend. A `variable` is a `keras.Variable`, a tensor is the backend's own."""

    name: str
    dense = True  # gradients of an embedding are summed over the uses of a row, as torch's are

    @abstractmethod
    def opened(self) -> AbstractContextManager[Any]:
        """Float64 to be had inside, and functions traced before not used; then all as it was."""

    @abstractmethod
    def is_tensor(self, thing: Any) -> bool: ...

    @abstractmethod
    def is_float(self, tensor: Any) -> bool: ...

    @abstractmethod
    def tensor(self, array: Array, dtype: str | None) -> Any:
        """A copy of `array`, of its own dtype unless one is named."""

    @abstractmethod
    def array(self, tensor: Any) -> Array: ...

    @abstractmethod
    def own(self, variable: Any, value: Array) -> None:
        """Give a variable a tensor of its own, of `value`'s dtype; the old one keeps its value."""

    @abstractmethod
    def differentiate(
        self, compute: Computation, weights: list[Any], state: list[Any], inputs: Any
    ) -> Derivative:
        """Run `compute` on the tensors in `inputs` once and differentiate its value.

        What it assigns to the variables in `state` stays assigned.
        """

    def is_traced(self, tensor: Any) -> bool:
        """It stands for values that are not known yet."""
        return False

    def unrolled(self) -> AbstractContextManager[Any]:
        """Loops and compiled functions run as they are written, on values; slower."""
        return nullcontext()

    def dropouts(self) -> list[tuple[Any, str]]:
        """Modules of the backend's own with a function `dropout`, and that function's name."""
        return []

    def shuffles(self) -> list[tuple[Any, str]]:
        """Modules with a function `depth_to_space`, and that function's name."""
        ops = load("keras").ops
        owners = [o for o in (ops, getattr(ops, "nn", None)) if hasattr(o, "depth_to_space")]
        return [(owner, "keras.ops.depth_to_space") for owner in owners]

    def resizes(self) -> list[tuple[Any, str]]:
        """Modules with a function `resize` of images, and that function's name."""
        return [(load("keras").ops.image, "keras.ops.image.resize")]

    def substitute(self, layer: Any, dtype: str) -> Callable[..., Any] | None:
        """Another way to compute a layer that the backend cannot compute in `dtype`."""
        return None


@contextmanager
def double_precision() -> Iterator[None]:
    """Keras' operations keep float64: on torch and JAX many of them pass through float32."""
    narrowed = load("keras.src.backend.common.dtypes").BIT64_TO_BIT32_DTYPE
    saved = dict(narrowed)
    narrowed["float64"] = "float64"
    try:
        yield
    finally:
        narrowed.update(saved)
