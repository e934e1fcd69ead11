"""The layers and weights of a Keras model by name, and how it is built and called."""

from __future__ import annotations

from typing import Any

from ...frameworks import Array, load
from ...keras_layers import layer_paths, layers_of
from .. import structure
from ..errors import SmokeError
from ..held import Held
from ..record import Weight
from ..tree import leaves, shapes
from . import loop
from .backends import Backend

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

# What compiling and training a Keras model sets on it.
_OF_MODEL = (
    *("compiled", "loss", "optimizer", "history", "steps_per_execution"),
    *("train_function", "test_function", "predict_function", "unrolled_steps_per_execution"),
    *("stop_training", "stop_evaluating", "stop_predicting"),
)


class Structure(structure.Structure):
    """See `structure.Structure`.  Of a keras.Model; a tf.Module has its own.

    What is named is so once `find` was called, which a model has to be built for: `layers` are
    names by id, `variables` all weights, `plain` those of them that the model does not list.
    """

    def __init__(self, model: Any, backend: Backend) -> None:
        self.keras = load("keras")
        self.model, self.backend = model, backend
        self.layers: dict[int, str] = {}
        self.variables: dict[str, Any] = {}
        self.plain: dict[str, Any] = {}

    @property
    def title(self) -> str:
        backend = self.keras.backend.backend()
        on = "" if backend == "tensorflow" else f" on {backend}"
        return f"{type(self.model).__name__} (keras{on})"

    def build(self, inputs: Any) -> None:
        """A model without weights has nothing to note: call it once, if it can be called."""
        if self.model.built and self.model.variables:
            return
        kind, plain = type(self.model), self.keras.Model
        if kind.call is plain.call and kind.__call__ is plain.__call__:
            return  # its train_step calls the parts, a GAN's two nets, say
        try:
            with self.backend.evaluating():
                self.model(inputs, training=False)
        except Exception as error:
            raise SmokeError(
                f"{self.title} is not built, and raised when called on inputs {shapes(inputs)}:\n"
                f"{type(error).__name__}: {error}"
            ) from error

    # names

    def find(self) -> None:
        """Name what there is."""
        self.layers = self._name_layers()
        self._name_weights()
        self.plain = self._find_plain()
        self.variables |= self.plain

    def _name_layers(self) -> dict[int, str]:
        """Every layer's by its id; the model goes by its class, as its attributes never do."""
        model = self.model
        paths = layer_paths(model) | {id(model): type(model).__name__}
        return {id(layer): paths.get(id(layer), layer.name) for layer in model._flatten_layers()}

    def _name_weights(self) -> None:
        """Every weight by a short name that is unique, its own layer's name in front."""
        self.variables, self.weights = {}, {}
        seen: set[int] = set()
        for layer in self.model._flatten_layers():
            for variable in layer._trainable_variables:
                if id(variable) in seen:
                    continue
                seen.add(id(variable))
                short = f"{self.layers[id(layer)]}/{variable.name}"
                name = short if short not in self.variables else variable.path
                self.variables[name] = variable
                self.weights[name] = Weight(name, self.layers[id(layer)], bool(variable.trainable))

    def _find_plain(self) -> dict[str, Any]:
        return self.backend.plain_variables(self.model, self.layers)

    def why_no_weights(self) -> str:
        return "Are the layers attributes of the model, and is trainable set?"

    def hidden(self) -> dict[str, tuple[str, str, str]]:
        """Keras tracks lists and dicts of layers, and its own variables."""
        why, fix = "is a tf.Variable, which Keras 3 does not see", "make it with self.add_weight"
        return {name: (f"{name} {why}", fix, "XFR116") for name in self.plain}

    # parts

    def keras_layers(self) -> list[Any]:
        """The Keras layers of the model; a tf.Module lists none."""
        return layers_of(self.model)

    def parts(self) -> list[Any]:
        """The model and the layers in it."""
        return self.keras_layers()

    def held(self, step: Any) -> Held:
        """What a step and the parts keep between calls."""
        root, names = type(self.model).__name__, self._name_layers()
        owners = {
            root if part is self.model else f"{root}.{names[id(part)]}": part
            for part in self.parts()
        }
        ignored = {*vars(self.keras.Model()), *_OF_MODEL}
        ignored |= {n for part in owners.values() for n in vars(part) if n.startswith("_self_")}
        return Held(step, owners, self.backend.again, frozenset(ignored))

    def batch_norms(self) -> dict[str, Any]:
        """By name."""
        kind = self.keras.layers.BatchNormalization
        layers = [layer for layer in self.keras_layers() if isinstance(layer, kind)]
        return {self.layers[id(layer)]: layer for layer in layers}

    def own_classes(self) -> dict[str, type[Any]]:
        """The layer classes that are not Keras' own, by name."""
        kinds = {type(layer) for layer in self.keras_layers()}
        return {k.__name__: k for k in kinds if not k.__module__.startswith("keras.")}

    def recurrent_states(self, model: Any) -> list[Any]:
        """Of stateful recurrent layers: in none of Keras' lists of variables, and in no file."""
        states = [getattr(layer, "states", None) for layer in layers_of(model)]
        return [state for state in leaves(states) if self.backend.is_variable(state)]

    def units(self, name: str, value: Array) -> Array | None:
        kinds = {self.layers.get(id(part)): part for part in self.parts()}
        layer = kinds.get(name.rpartition("/")[0])
        layers = self.keras.layers
        if not name.endswith("/kernel") or not isinstance(
            layer, (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D)
        ):
            return None
        rows: Array = value.reshape(-1, value.shape[-1]).T
        return rows

    # calls

    def takes_text(self) -> bool:
        """Whether the model turns text into numbers itself."""
        layers = self.keras.layers
        kinds = (layers.TextVectorization, layers.StringLookup, layers.Hashing)
        return self.backend.takes_text and any(
            isinstance(layer, kinds) for layer in self.keras_layers()
        )

    def mode(self, training: bool) -> dict[str, bool]:
        """The argument that calls the model in training or in evaluation."""
        return {"training": training}

    def told_of_training(self) -> dict[str, bool]:
        """How `fit` calls the model."""
        return self.mode(training=True) if loop.takes_training(self.model) else {}
