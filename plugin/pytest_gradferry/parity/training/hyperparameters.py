"""What an optimizer of either framework is set to, under both frameworks' names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# torch's optimizer by Keras' name for the same one. Adam with decoupled weight decay is AdamW.
KINDS = {
    "SGD": "SGD",
    "Adam": "Adam",
    "AdamW": "AdamW",
    "RMSprop": "RMSprop",
    "Adagrad": "Adagrad",
    "Adadelta": "Adadelta",
    "Adamax": "Adamax",
    "Nadam": "NAdam",
    "Adafactor": "Adafactor",
}
_ADAM = ("Adam", "AdamW")
_BETAS = (*_ADAM, "Adamax", "NAdam")
_WITH_EPSILON = (*_BETAS, "RMSprop", "Adagrad", "Adadelta")


@dataclass(frozen=True)
class Hyperparameter:
    """One number under both names, of the kinds (torch's names) that have it. `torch` is a key of a
    param group, `index` one into a tuple there; `neutral` is the value of a side without it."""

    name: str
    torch: str
    keras: str
    kinds: tuple[str, ...]
    index: int | None = None
    neutral: Any = None
    rule: str | None = None

    def of_torch(self, group: dict[str, Any]) -> Any:
        value = group.get(self.torch, self.neutral)
        return _plain(value[self.index] if self.index is not None and value else value)

    def of_keras(self, optimizer: Any) -> Any:
        value = getattr(optimizer, self.keras, self.neutral) if self.keras else self.neutral
        return _plain(self.neutral if value is None else value)

    def written(self, group: dict[str, Any], value: Any) -> Any:
        """The group's new value of the key `torch`."""
        if self.index is None:
            return value
        pair = list(group[self.torch])
        pair[self.index] = value
        return tuple(pair)

    def same(self, a: Any, b: Any) -> bool:
        """As far as float32 tells them apart: Keras keeps many a number as one."""
        return bool(a == b or (a is not None and b is not None and np.float32(a) == np.float32(b)))


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool) else float(value)


LEARNING_RATE = Hyperparameter("learning rate", "lr", "learning_rate", tuple(KINDS.values()))
MOMENTUM = Hyperparameter("momentum", "momentum", "momentum", ("SGD", "RMSprop"), neutral=0.0)
EPSILON = Hyperparameter("epsilon", "eps", "epsilon", _WITH_EPSILON)
ACCUMULATOR = Hyperparameter(
    "initial accumulator",
    "initial_accumulator_value",
    "initial_accumulator_value",
    ("Adagrad",),
)
HYPERPARAMETERS = (
    LEARNING_RATE,
    MOMENTUM,
    Hyperparameter("nesterov", "nesterov", "nesterov", ("SGD",), neutral=False),
    Hyperparameter("dampening", "dampening", "", ("SGD",), neutral=0.0),
    Hyperparameter("beta_1", "betas", "beta_1", _BETAS, 0),
    Hyperparameter("beta_2", "betas", "beta_2", _BETAS, 1),
    Hyperparameter("rho", "alpha", "rho", ("RMSprop",)),
    Hyperparameter("rho", "rho", "rho", ("Adadelta",)),
    EPSILON,
    Hyperparameter("centered", "centered", "centered", ("RMSprop",), neutral=False),
    Hyperparameter("amsgrad", "amsgrad", "amsgrad", _ADAM, neutral=False),
    ACCUMULATOR,
    Hyperparameter("maximize", "maximize", "", tuple(KINDS.values()), neutral=False),
)

# Where each framework adds epsilon, by torch's name of the kind.
HAT = _ADAM  # Keras before the bias correction, torch after it
UNDER_ROOT = ("RMSprop", "Adagrad")  # Keras under the root, torch to the root
NO_EPSILON = 2.0**-100  # keeps 0 / 0 out and changes nothing else
_DEFAULTS = {"Adagrad": 1e-10, "Adadelta": 1e-6}  # torch's; 1e-8 elsewhere
_KERAS_DEFAULT = 1e-7


def epsilon_alike(kind: str, theirs: float, ours: float) -> bool:
    """torch's epsilon and Keras' mean the same: equal numbers, what each has by default, or the
    one's square where it stands under the root."""
    same = EPSILON.same
    defaults = same(theirs, _DEFAULTS.get(kind, 1e-8)) and same(ours, _KERAS_DEFAULT)
    return same(theirs, ours) or defaults or (kind in UNDER_ROOT and same(ours, theirs**2))
