"""A tf.Module with its training step: its own variables, its own `__call__`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...frameworks import Array, load
from ..advice import Advice
from ..errors import SmokeError
from ..files import Checkpoint, Files, RoundTrip
from ..parallel import Parallel
from ..patching import patch
from ..precision import Precision
from ..record import StepRecord, Weight
from ..tree import shapes
from ..verdict import distance
from .advice import KerasAdvice
from .calls import CallWatcher
from .checkpoint import ModuleCheckpoint
from .sights import plain_variables
from .structure import Structure
from .trainee import KerasTrainee

if TYPE_CHECKING:
    from .watch import Watcher

_NOT_BY_NAME = {
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.VAR_KEYWORD,
}
_MODES = ("training", "is_training", "train")


class ModuleStructure(Structure):
    """See `Structure`.  Keras layers among its attributes are named too, though it lists none of
    their weights."""

    @property
    def title(self) -> str:
        return f"{type(self.model).__name__} (tf.Module)"

    def build(self, inputs: Any) -> None:
        layers = [layer for _, layer in self._found(self.keras.layers.Layer)]
        if self.model.variables and all(layer.built for layer in layers):
            return
        if not callable(self.model):
            raise SmokeError(f"{type(self.model).__name__} has no weights yet and no __call__")
        try:
            self.model(inputs)
        except Exception as error:
            raise SmokeError(
                f"{self.title} has no weights yet, and raised when called on inputs "
                f"{shapes(inputs)}:\n{type(error).__name__}: {error}"
            ) from error

    def _found(self, kind: type[Any]) -> list[tuple[str, Any]]:
        found = self.model._flatten(predicate=lambda value: isinstance(value, kind), with_path=True)
        return [("/".join(map(str, path)), part) for path, part in found]

    def parts(self) -> list[Any]:
        layers = [layer for _, layer in self._found(self.keras.layers.Layer)]
        return [self.model, *self.model.submodules, *layers]

    def _name_layers(self) -> dict[int, str]:
        names = {id(self.model): type(self.model).__name__}
        for kind in (load("tensorflow").Module, self.keras.layers.Layer):
            for path, part in self._found(kind):
                names.setdefault(id(part), path)
        return names

    def _name_weights(self) -> None:
        self.variables, self.weights = {}, {}
        for path, variable in self._found(load("tensorflow").Variable):
            if variable.trainable:
                self.variables[path] = variable
                layer = path.rpartition("/")[0] or type(self.model).__name__
                self.weights[path] = Weight(path, layer, trainable=True)
        of_layers = {
            f"{path}/{variable.name}": (path, variable)
            for path, layer in self._found(self.keras.layers.Layer)
            for variable in layer.trainable_variables
        }
        self.layer_of = {name: path for name, (path, _) in of_layers.items()}  # of weights in them
        self.variables |= {name: variable for name, (_, variable) in of_layers.items()}

    def _find_plain(self) -> dict[str, Any]:
        parts = [self.model, *self.model.submodules]
        owners = {self.layers.get(id(p), type(p).__name__): p for p in parts}
        return plain_variables(self.model, owners, load("tensorflow"))

    def why_no_weights(self) -> str:
        if self.layer_of:
            return (
                "The weights of Keras layers are not a tf.Module's since Keras 3: derive it from "
                "keras.Model"
            )
        return "Are its variables attributes of the module, and trainable?"

    def hidden(self) -> dict[str, tuple[str, str, str]]:
        fix = "derive the model from keras.Model, which lists the weights of Keras layers too"
        found = {
            name: (f"the layers stand in {path}, a Keras layer", fix, "")
            for name, path in self.layer_of.items()
        }
        fix = "keep it in an attribute of a tf.Module, or in a list or dict there"
        why = "stands in an object that is no tf.Module"
        return found | {name: (f"{name} {why}", fix, "") for name in self.plain}

    def units(self, name: str, value: Array) -> Array | None:
        """Matrices and filters have their units on the last axis, where x @ w and tf.nn.conv do."""
        if name in self.layer_of or value.ndim < 2:
            return super().units(name, value)
        rows: Array = value.reshape(-1, value.shape[-1]).T
        return rows

    def mode(self, training: bool) -> dict[str, bool]:
        name = mode_argument(self.model)
        return {name: training} if name else {}

    def told_of_training(self) -> dict[str, bool]:
        return self.mode(training=True)


class ModuleCallWatcher(CallWatcher):
    """Sees the calls of modules as well: of their classes, each at its own `__call__`."""

    def __init__(self, watcher: Watcher, record: StepRecord) -> None:
        super().__init__(watcher, record)
        modules = [watcher.model, *watcher.model.submodules]
        self._modules = [module for module in modules if id(module) in watcher.layers]

    def watch(self, stack: ExitStack) -> None:
        super().watch(stack)
        for kind in {type(module) for module in self._modules}:
            if any("__call__" in vars(base) for base in kind.__mro__):
                patch(stack, kind, "__call__", self._on_module)

    def _on_module(self, original: Any, module: Any, *args: Any, **kwargs: Any) -> Any:
        bound = original.__get__(module, type(module))
        written = inspect.signature(getattr(original, "python_function", original))
        kinds = {parameter.kind for parameter in written.parameters.values()}
        if not kinds & _NOT_BY_NAME:  # all by name, so that the mode can be given by name
            given = written.bind(module, *args, **kwargs).arguments
            args, kwargs = (), dict(list(given.items())[1:])
        return self.noted(module, args, kwargs, bound)

    def training_of(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = "training" if layer not in self._modules else mode_argument(layer)
        if name in kwargs or not name:
            return kwargs.get(name)
        parameter = inspect.signature(layer).parameters.get(name)
        return parameter is not None and parameter.default is True

    def is_sensitive(self, layer: Any) -> bool:
        """A module may act differently in training if it is told of it."""
        if layer in self._modules:
            return bool(mode_argument(layer))
        return super().is_sensitive(layer)


class ModuleTrainee(KerasTrainee):
    """See `Trainee`."""

    structure: ModuleStructure
    structure_class = ModuleStructure
    call_watcher = ModuleCallWatcher
    is_fitted = False

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.precision, self.parallel = Precision(), Parallel()  # those of Keras ask its layers

    def _make_parts(self) -> tuple[Advice, Files]:
        return ModuleAdvice(self), ModuleFiles(self)

    def layer_losses(self) -> dict[str, float]:
        return {}

    def is_used(self, name: str, record: StepRecord) -> bool:
        layer = self.structure.layer_of.get(name)
        called = layer is not None and any(call.layer == layer for call in record.calls)
        return called or super().is_used(name, record)


class ModuleAdvice(KerasAdvice):
    """See `Advice`."""

    def __init__(self, trainee: ModuleTrainee) -> None:
        super().__init__(trainee)
        self._module = trainee

    def flaws(self) -> list[tuple[str, str, str, str]]:
        return []

    def modes(self, record: StepRecord, measured: str) -> list[tuple[str, str, str, str]]:
        """Only if the outputs are other ones in training."""
        trainee, name = self._module, type(self._module.model).__name__
        argument = mode_argument(trainee.model)
        roots = [call for call in record.calls if call.layer == name]
        if not argument or not roots or any(call.training for call in roots):
            return []
        outputs = []
        for training in (True, False):
            undo = trainee.save()
            try:
                outputs.append(trainee.predict_with(trainee.model, training=training)[0])
            finally:
                undo()
        change = max((distance(a, b) for a, b in zip(*outputs, strict=True)), default=0.0)
        if change < 1e-5:
            return []
        return [
            (
                measured,
                f"{name} is called without {argument}=True in the step; with it the outputs "
                f"differ by {change:.2g} of the largest",
                f"call model(inputs, {argument}=True) under the tape",
                "XFR303",
            )
        ]


class ModuleFiles(Files):
    """A checkpoint of the module, read into the same module put back to its start."""

    def __init__(self, trainee: ModuleTrainee) -> None:
        self._trainee = trainee

    def prepare(self) -> None:
        self._undo = self._trainee.save()

    def round_trips(self, folder: Path) -> Iterator[RoundTrip]:
        def checkpoint() -> list[Array]:
            tf, model = load("tensorflow"), self._trainee.model
            written = tf.train.Checkpoint(model=model).write(str(folder / "model"))
            self._undo()
            tf.train.Checkpoint(model=model).read(written).assert_existing_objects_matched()
            return self._trainee.predict_with(model)[0]

        yield RoundTrip(
            "saving and loading a tf.train.Checkpoint",
            checkpoint,
            advice=lambda error: ("", "keep every tf.Variable as an attribute of the module", ""),
        )

    def checkpoint(self) -> Checkpoint:
        return ModuleCheckpoint(self._trainee)


def mode_argument(module: Any) -> str:
    """The name of the argument of a call that tells training from evaluation; empty for none."""
    try:
        parameters = inspect.signature(module).parameters
    except (TypeError, ValueError):
        return ""
    return next((name for name in _MODES if name in parameters), "")
