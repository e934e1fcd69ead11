"""What Keras leaves to the backend it runs on: tensors, gradients, switches of a run."""

from __future__ import annotations

from ....frameworks import keras_backend
from ...errors import ParityInputError
from .backend import Backend, Derivative

__all__ = ["Backend", "Derivative", "current"]


def current() -> Backend:
    """The backend Keras runs on in this process.

    Raises ParityInputError for one that has no gradients (numpy, openvino).
    """
    name = keras_backend()
    if name == "tensorflow":
        from .on_tensorflow import TensorFlowBackend

        return TensorFlowBackend()
    if name == "torch":
        from .on_torch import TorchBackend

        return TorchBackend()
    if name == "jax":
        from .on_jax import JaxBackend

        return JaxBackend()
    raise ParityInputError(
        f"Keras runs on {name} here, which has no gradients; set KERAS_BACKEND to tensorflow, "
        "torch or jax before Keras is imported"
    )
