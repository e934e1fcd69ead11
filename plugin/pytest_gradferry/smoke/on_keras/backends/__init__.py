"""What Keras leaves to the backend it runs on: tensors, seeds, gradients, the loop of `fit`."""

from __future__ import annotations

from ....frameworks import keras_backend
from ...errors import SmokeError
from .backend import Backend, packed

__all__ = ["Backend", "current", "packed"]


def current() -> Backend:
    """The backend that Keras runs on in this process.

    Raises SmokeError for one that has no gradients (numpy, openvino).
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
    raise SmokeError(
        f"Keras runs on {name} here, which has no gradients; set KERAS_BACKEND to tensorflow, "
        "torch or jax before Keras is imported"
    )
