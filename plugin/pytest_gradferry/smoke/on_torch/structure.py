"""The weights and modules of a torch model by name, those that it does not list among them."""

from __future__ import annotations

from typing import Any

from ...frameworks import Array, load
from ...hidden import hidden_modules
from .. import structure
from ..errors import SmokeError
from ..record import Weight


class Structure(structure.Structure):
    """See `structure.Structure`.

    Hidden modules are those kept in plain lists and dicts, by their path: (module, place, rule
    code).  `tensors` has all weights, hidden ones and plain tensors that require gradients too.
    Raises SmokeError if there is nothing to train.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.hidden_modules: dict[str, tuple[Any, str, str]] = dict(hidden_modules(model))
        listed = dict(model.named_parameters())
        self._plain = _plain_tensors(model)
        self.tensors: dict[str, Any] = listed | self._plain | self._hidden_parameters()
        if not any(tensor.requires_grad for tensor in self.tensors.values()):
            raise SmokeError(
                f"{type(model).__name__} has no trainable parameter: nothing can be trained. Are "
                "the layers attributes of the module, and is requires_grad set?"
            )
        modules = dict(model.named_modules())
        self.weights = {
            name: Weight(name, _layer_of(name, modules), parameter.requires_grad)
            for name, parameter in listed.items()
        }

    def modules(self) -> dict[str, Any]:
        """The model goes by its class."""
        named = {name or type(self._model).__name__: m for name, m in self._model.named_modules()}
        return named | {name: module for name, (module, _, _) in self.hidden_modules.items()}

    def units(self, name: str, value: Array) -> Array | None:
        owner, _, attribute = name.rpartition(".")
        nn = load("torch").nn
        layer = dict(self._model.named_modules()).get(owner)
        if attribute != "weight" or not isinstance(layer, (nn.Linear, nn.modules.conv._ConvNd)):
            return None
        value = value.swapaxes(0, 1) if getattr(layer, "transposed", False) else value
        return value.reshape(value.shape[0], -1)

    def hidden(self) -> dict[str, tuple[str, str, str]]:
        listing = "use nn.ModuleList or nn.ModuleDict"
        found = {
            f"{prefix}.{name}": (f"the layers stand in {place}", listing, code)
            for prefix, (module, place, code) in self.hidden_modules.items()
            for name, _ in module.named_parameters()
        }
        plain = "make it an nn.Parameter"
        for name in self._plain:
            found[name] = (f"{name} is a plain tensor, no nn.Parameter", plain, "XFR114")
        return found

    def _hidden_parameters(self) -> dict[str, Any]:
        return {
            f"{prefix}.{name}": parameter
            for prefix, (module, _, _) in self.hidden_modules.items()
            for name, parameter in module.named_parameters()
        }


def _plain_tensors(model: Any) -> dict[str, Any]:
    """Tensors with requires_grad that stand as attributes of the model's modules."""
    tensor = load("torch").Tensor
    return {
        f"{prefix}.{name}".lstrip("."): value
        for prefix, module in model.named_modules()
        for name, value in vars(module).items()
        if isinstance(value, tensor) and value.is_leaf and value.requires_grad
    }


def _layer_of(weight: str, modules: dict[str, Any]) -> str:
    """The module whose weight this is; a list or dict of weights is never called itself."""
    nn, path = load("torch").nn, weight.rpartition(".")[0]
    while path and isinstance(modules.get(path), (nn.ParameterList, nn.ParameterDict)):
        path = path.rpartition(".")[0]
    return path
