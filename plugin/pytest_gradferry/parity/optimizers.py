"""Optimizers: by a name, where the tool makes the two alike, or the user's own pair.

By a name, every hyperparameter is exact in binary (a rate of 0.1 is 0.10000000149 in Keras, which
keeps it as float32), so that a right port follows the reference to the last digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..frameworks import load
from .errors import ParityInputError

_SGD_RATE = 2.0**-3
_ADAPTIVE_RATE = 2.0**-10
_MOMENTUM = 0.875
_BETAS = (0.875, 0.9375)
_EPSILON = 2.0**-12  # large enough that a gradient of rounding noise moves nothing
_NO_EPSILON = 2.0**-100  # keeps 0 / 0 out and changes nothing else


def _named(name: str) -> tuple[Callable[[list[Any]], Any], Callable[[], Any]]:
    """torch's optimizer from parameters, and Keras'."""
    optim, ours = load("torch").optim, load("keras").optimizers
    b1, b2 = _BETAS
    adam = {"lr": _ADAPTIVE_RATE, "betas": _BETAS, "eps": _EPSILON}
    keras_adam = {
        "learning_rate": _ADAPTIVE_RATE,
        "beta_1": b1,
        "beta_2": b2,
        "epsilon": _EPSILON,
    }
    decay = 2.0**-6
    pairs: dict[str, tuple[Callable[[list[Any]], Any], Callable[[], Any]]] = {
        "sgd": (lambda p: optim.SGD(p, lr=_SGD_RATE), lambda: ours.SGD(_SGD_RATE)),
        "momentum": (
            lambda p: optim.SGD(p, lr=_SGD_RATE, momentum=_MOMENTUM),
            lambda: ours.SGD(_SGD_RATE, momentum=_MOMENTUM),
        ),
        "nesterov": (
            lambda p: optim.SGD(p, lr=_SGD_RATE, momentum=_MOMENTUM, nesterov=True),
            lambda: ours.SGD(_SGD_RATE, momentum=_MOMENTUM, nesterov=True),
        ),
        "adam": (lambda p: optim.Adam(p, **adam), lambda: ours.Adam(**keras_adam)),
        "adamw": (
            lambda p: optim.AdamW(p, weight_decay=decay, **adam),
            lambda: ours.AdamW(weight_decay=decay, **keras_adam),
        ),
        "rmsprop": (
            lambda p: optim.RMSprop(p, lr=_ADAPTIVE_RATE, alpha=_MOMENTUM, eps=_NO_EPSILON),
            lambda: ours.RMSprop(_ADAPTIVE_RATE, rho=_MOMENTUM, epsilon=_NO_EPSILON**2),
        ),
        "adagrad": (
            lambda p: optim.Adagrad(
                p, lr=_ADAPTIVE_RATE, initial_accumulator_value=0.125, eps=_NO_EPSILON
            ),
            lambda: ours.Adagrad(
                _ADAPTIVE_RATE, initial_accumulator_value=0.125, epsilon=_NO_EPSILON**2
            ),
        ),
    }
    if name not in pairs:
        raise ParityInputError(f"unknown optimizer {name!r}; known are {', '.join(NAMES)}")
    return pairs[name]


NAMES = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad")


@dataclass(frozen=True)
class Hyperparameter:
    """One number under both names. `torch` is a key of a param group, `index` one into a tuple."""

    name: str
    torch: str
    keras: str
    index: int | None = None
    rule: str | None = None

    def of_torch(self, group: dict[str, Any]) -> Any:
        value = group.get(self.torch)
        if self.index is not None and value is not None:
            value = value[self.index]
        return float(value) if isinstance(value, (int, float)) and value is not True else value

    def to_torch(self, group: dict[str, Any], value: Any) -> None:
        if self.index is not None:
            pair = list(group[self.torch])
            pair[self.index] = value
            value = tuple(pair)
        group[self.torch] = value

    def of_keras(self, optimizer: Any) -> Any:
        value = getattr(optimizer, self.keras, None)
        if value is None:
            return 0.0 if self.keras == "weight_decay" else None
        return value if isinstance(value, bool) else float(value)

    def to_keras(self, optimizer: Any, value: Any) -> None:
        setattr(optimizer, self.keras, value)


LEARNING_RATE = Hyperparameter("learning rate", "lr", "learning_rate")
EPSILON = Hyperparameter("epsilon", "eps", "epsilon")
HYPERPARAMETERS = (
    LEARNING_RATE,
    Hyperparameter("momentum", "momentum", "momentum"),
    Hyperparameter("nesterov", "nesterov", "nesterov"),
    Hyperparameter("beta_1", "betas", "beta_1", 0),
    Hyperparameter("beta_2", "betas", "beta_2", 1),
    Hyperparameter("rho", "alpha", "rho"),
    EPSILON,
    Hyperparameter("weight decay", "weight_decay", "weight_decay", rule="XFR416"),
)

_ADAM = ("Adam", "AdamW")  # Keras adds epsilon before the bias correction, torch after it
_UNDER_ROOT = ("RMSprop", "Adagrad")  # Keras adds epsilon under the root, torch to the root


class TorchOptimizer:
    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer

    @property
    def family(self) -> str:
        return type(self.optimizer).__name__

    def read(self, parameter: Hyperparameter) -> Any:
        return parameter.of_torch(self.optimizer.param_groups[0])

    def write(self, parameter: Hyperparameter, value: Any) -> None:
        for group in self.optimizer.param_groups:
            parameter.to_torch(group, value)

    def step(self) -> None:
        self.optimizer.step()


class KerasOptimizer:
    """A Keras optimizer whose epsilon may follow torch's definition, which changes by the step."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.torch_epsilon: float | None = None
        self._steps = 0
        for parameter in HYPERPARAMETERS:
            value = getattr(optimizer, parameter.keras, None)
            if type(value) is float:
                self.write(parameter, value)

    @property
    def family(self) -> str:
        return type(self.optimizer).__name__

    def read(self, parameter: Hyperparameter) -> Any:
        return parameter.of_keras(self.optimizer)

    def write(self, parameter: Hyperparameter, value: Any) -> None:
        # Keras casts a plain float by way of float32, where the bias correction shows it.
        parameter.to_keras(self.optimizer, np.float64(value) if type(value) is float else value)

    def apply_gradients(self, pairs: list[tuple[Any, Any]]) -> None:
        self._steps += 1
        if self.torch_epsilon is not None:
            beta_2 = float(self.optimizer.beta_2)
            self.optimizer.epsilon = self.torch_epsilon * np.sqrt(1.0 - beta_2**self._steps)
        self.optimizer.apply_gradients(pairs)


class Optimizers:
    """Fresh optimizers for either side.

    `fixes` are hyperparameters to set on the port's, to try a cause.
    Raises ParityInputError for an unknown name or something that is no pair.
    """

    def __init__(self, optimizer: Any, port: str) -> None:
        self.named = isinstance(optimizer, str)
        self.port = port
        self.fixes: dict[Hyperparameter, Any] = {}
        self.align_epsilon = False  # subtract what `formula` says
        self.slower = 1.0  # factor on the rate of a named optimizer
        if isinstance(optimizer, str):
            self._torch, self._keras = _named(optimizer)
            self.name = optimizer
        else:
            self._torch, self._keras = self._pair(optimizer)
            self.name = "the given pair"

    @staticmethod
    def _pair(optimizer: Any) -> tuple[Callable[[list[Any]], Any], Callable[[], Any]]:
        if not isinstance(optimizer, (tuple, list)) or len(optimizer) != 2:
            raise ParityInputError(
                f"optimizer must be one of {', '.join(NAMES)} or a pair (lambda params: "
                f"torch.optim..., keras.optimizers...), not {type(optimizer).__name__}"
            )
        make_torch, given = optimizer
        if not callable(make_torch) or not isinstance(given, load("keras").optimizers.Optimizer):
            raise ParityInputError(
                "optimizer=(torch's, keras'): torch's must be a function of the parameters, such "
                "as lambda params: torch.optim.SGD(params, lr=0.1), and keras' an optimizer, "
                f"not {type(make_torch).__name__} and {type(given).__name__}"
            )
        # Never the user's own: it would be built for the converted weights.
        return make_torch, lambda: type(given).from_config(given.get_config())

    def torch(self, parameters: list[Any]) -> TorchOptimizer:
        made = TorchOptimizer(self._torch(parameters))
        if self.port == "torch":
            self._apply(made)
        if self.named:
            made.write(LEARNING_RATE, self.slower * made.read(LEARNING_RATE))
        else:
            # Keras keeps the rate as float32: 0.1 is 0.10000000149 there. Known, so subtracted.
            rate, theirs = self.keras().read(LEARNING_RATE), made.read(LEARNING_RATE)
            if np.float32(rate) == np.float32(theirs):
                made.write(LEARNING_RATE, rate)
        if self.align_epsilon and made.family in _UNDER_ROOT:
            made.write(EPSILON, _NO_EPSILON)
        return made

    def keras(self) -> KerasOptimizer:
        made = KerasOptimizer(self._keras())
        if self.port == "keras":
            self._apply(made)
        if self.named:
            made.write(LEARNING_RATE, self.slower * made.read(LEARNING_RATE))
        if self.align_epsilon and made.family in _UNDER_ROOT:
            made.write(EPSILON, _NO_EPSILON**2)
        if (self.named or self.align_epsilon) and made.family in _ADAM:
            made.torch_epsilon = self._torch_epsilon()
        return made

    def _apply(self, made: TorchOptimizer | KerasOptimizer) -> None:
        for hyperparameter, value in self.fixes.items():
            made.write(hyperparameter, value)

    def _torch_epsilon(self) -> float:
        return float(self._sample().read(EPSILON))

    def _sample(self) -> TorchOptimizer:
        torch = load("torch")
        return TorchOptimizer(self._torch([torch.nn.Parameter(torch.zeros(1))]))

    def formula(self) -> str | None:
        """Why equal numbers for epsilon still differ, and what is done about it; None if they do
        not."""
        family = self.keras().family
        if family != self._sample().family:
            return None
        if family in _ADAM:
            return "Keras' epsilon stands for torch's eps * sqrt(1 - beta_2^t); set to that"
        if family in _UNDER_ROOT:
            return "epsilon stands under the root in Keras, beside it in torch; left out of both"
        return None

    def kinds(self) -> str:
        """`SGD against Adam`, where the two are not the same optimizer; else empty."""
        theirs, ours = self._sample().family, self.keras().family
        mine, other = (theirs, ours) if self.port == "torch" else (ours, theirs)
        return "" if theirs == ours else f"{mine}, the reference {other}"

    def differences(self) -> list[tuple[Hyperparameter, Any, Any]]:
        """Hyperparameters in which the two disagree: (which, torch's, Keras'), as float32."""
        theirs, ours = self._sample(), self.keras()
        if self.port == "torch":
            self._apply(theirs)
        found = []
        for hyperparameter in HYPERPARAMETERS:
            a, b = theirs.read(hyperparameter), ours.read(hyperparameter)
            if a is None or b is None:
                continue
            if np.float32(a) != np.float32(b):
                found.append((hyperparameter, a, b))
        return found
