"""What a model lost on its way through a .keras file: attributes of layers, the optimizer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...frameworks import Array
from ...keras_layers import layers_of
from ...wording import listed
from ..tree import leaves
from ..verdict import distance

if TYPE_CHECKING:
    from .trainee import KerasTrainee

_SAME = 1e-5
_PLAIN = (bool, int, float, str, type(None), tuple)


@dataclass(frozen=True)
class _Lost:
    """An attribute that is another one in the loaded model."""

    owner: Any  # the layer that was loaded
    name: str
    before: Any
    after: Any

    def set(self, value: Any) -> None:
        vars(self.owner)[self.name] = value  # past the tracking of Keras

    @property
    def is_argument(self) -> bool:
        return self.name in inspect.signature(type(self.owner).__init__).parameters

    @property
    def told(self) -> str:
        return f"{type(self.owner).__name__}.{self.name}"


def explain(trainee: KerasTrainee, loaded: Any) -> tuple[str, str, str] | None:
    """(cause, fix, code): the attributes with which the loaded model predicts as the saved one."""
    expected = trainee.predict_with(trainee.model)[0]

    def agrees() -> bool:
        try:
            found = trainee.predict_with(loaded)[0]
        except Exception:  # with None for an array, say
            return False
        return all(distance(a, b) <= _SAME for a, b in zip(found, expected, strict=True))

    lost = list(_lost(trainee, loaded))
    for each in lost:
        each.set(each.before)
    if not lost or not agrees():
        return None
    needed = [each for each in lost if not _without(each, agrees)] or lost
    names = listed(list(dict.fromkeys(each.told for each in needed)))
    first = needed[0]
    if all(each.is_argument for each in needed):
        return (
            f"get_config leaves out {names}, which starts from its default again: with the value "
            "from before the outputs agree",
            f'return {{**super().get_config(), "{first.name}": self.{first.name}}} from get_config',
            "",
        )
    return (
        f"no weight holds {names}, so that the file does not: with the value from before the "
        "outputs agree",
        "keep it in a weight, self.add_weight(..., trainable=False), which is saved",
        "",
    )


def _without(lost: _Lost, agrees: Callable[[], bool]) -> bool:
    lost.set(lost.after)
    try:
        return agrees()
    finally:
        lost.set(lost.before)


def _lost(trainee: KerasTrainee, loaded: Any) -> Iterator[_Lost]:
    own = tuple(trainee.structure.own_classes().values())
    for old, new in zip(layers_of(trainee.model), layers_of(loaded), strict=False):
        if type(old) is not type(new) or not isinstance(old, own):
            continue
        for name, value in vars(old).items():
            after = vars(new).get(name)
            comparable = isinstance(value, _PLAIN) or _is_array(trainee, value)
            if name[0] != "_" and comparable and not _equal(trainee, value, after):
                yield _Lost(new, name, value, after)


def _is_array(trainee: KerasTrainee, value: Any) -> bool:
    if trainee.backend.is_variable(value):
        return False
    return isinstance(value, np.ndarray) or trainee.backend.is_tensor(value)


def _equal(trainee: KerasTrainee, a: Any, b: Any) -> bool:
    if _is_array(trainee, a) and _is_array(trainee, b):
        to_numpy = trainee.framework.to_numpy
        return np.array_equal(to_numpy(a), to_numpy(b))
    return type(a) is type(b) and not _is_array(trainee, a) and bool(a == b)


class NotCompiled(Exception):
    """The model loads, but not compiled: Keras says so itself."""


def compiled_with(trainee: KerasTrainee) -> dict[str, Any]:
    """The optimizer's, losses' and metrics' classes and functions that are not Keras', by name."""
    model = trainee.model
    optimizers = [model.optimizer, getattr(model.optimizer, "inner_optimizer", None)]
    schedules = [getattr(optimizer, "_learning_rate", None) for optimizer in optimizers]
    config = getattr(model, "_compile_config", None)
    given = leaves(getattr(config, "config", {}).copy())
    found = {}
    for part in (*optimizers, *schedules, *given):
        kind = part if inspect.isfunction(part) or inspect.isclass(part) else type(part)
        if kind.__module__.partition(".")[0] not in ("keras", "tensorflow", "builtins"):
            found[kind.__name__] = kind
    return found


def optimizer_state(trainee: KerasTrainee, model: Any) -> list[Array]:
    """The values of a model's optimizer's variables.  Raises NotCompiled, or KeyError for those
    that did not come back."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        raise NotCompiled("the model comes back without having been compiled")
    if type(optimizer) is not type(trainee.model.optimizer):  # under another dtype policy
        raise NotCompiled(f"the model comes back with a {type(optimizer).__name__}")
    found, wanted = optimizer.variables, trainee.model.optimizer.variables
    if len(found) != len(wanted):
        raise LookupError(f"{len(found)} variables where {len(wanted)} were saved")
    return [trainee.framework.to_numpy(variable) for variable in found]


def why_optimizer_lost(trainee: KerasTrainee) -> tuple[str, str, str]:
    model = trainee.model
    held, trainable = len(model.optimizer._trainable_variables), len(model.trainable_variables)
    if held == trainable:
        return "", "look at get_config and build of the optimizer", ""
    return (
        f"it trains {held} of the model's {trainable} trainable weights, and Keras makes the "
        "loaded one for all of them: it leaves the state that was saved behind",
        "set trainable=False on what is not trained, or save the optimizer apart, with "
        "tf.train.Checkpoint",
        "",
    )
