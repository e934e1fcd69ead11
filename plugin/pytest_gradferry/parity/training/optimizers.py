"""Optimizers: by a name, where the tool makes the two alike, or the user's own pair.

By a name, every hyperparameter is exact in binary (a rate of 0.1 is 0.10000000149 in Keras, which
keeps it as float32), so that a right port follows the reference to the last digits.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ...frameworks import available, load
from ..errors import ParityInputError
from .hyperparameters import EPSILON, HAT, NO_EPSILON, UNDER_ROOT, epsilon_alike
from .steppers import KerasStepper, Stepper, TorchStepper, equal_rates

_SGD_RATE = 2.0**-3
_ADAPTIVE_RATE = 2.0**-10
_MOMENTUM = 0.875
_BETAS = (0.875, 0.9375)
_EPSILON = 2.0**-12  # large enough that a gradient of rounding noise moves nothing


def _named(name: str) -> tuple[Callable[[list[Any]], Any], Callable[[], Any]]:
    """torch's optimizer from parameters, and Keras'."""
    optim, ours = available("torch.optim"), available("keras.optimizers")
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
            lambda p: optim.RMSprop(p, lr=_ADAPTIVE_RATE, alpha=_MOMENTUM, eps=NO_EPSILON),
            lambda: ours.RMSprop(_ADAPTIVE_RATE, rho=_MOMENTUM, epsilon=NO_EPSILON**2),
        ),
        "adagrad": (
            lambda p: optim.Adagrad(
                p, lr=_ADAPTIVE_RATE, initial_accumulator_value=0.125, eps=NO_EPSILON
            ),
            lambda: ours.Adagrad(
                _ADAPTIVE_RATE, initial_accumulator_value=0.125, epsilon=NO_EPSILON**2
            ),
        ),
    }
    if name not in pairs:
        raise ParityInputError(f"unknown optimizer {name!r}; known are {', '.join(NAMES)}")
    return pairs[name]


NAMES = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad")


Fix = Callable[[Any], None]  # of a TorchStepper or a KerasStepper

_EXAMPLE = "lambda params: torch.optim.SGD(params, lr=0.1)"
_RETURNS = "an optimizer, (optimizer, scheduler), or (optimizer, scheduler, steps of an epoch)"


class Optimizers:
    """Fresh optimizers for either side, by a name or by the user's pair.

    `parameters` gives the torch model's. `fixes`, by framework, change an optimizer to try a cause;
    `aligned` are the known differences that are taken out (see `explained`).
    Raises ParityInputError for an unknown name or something that is no pair.
    """

    def __init__(
        self, optimizer: Any, port: str, parameters: Callable[[], list[Any]], steps: int
    ) -> None:
        self.named = isinstance(optimizer, str)
        self.port = port
        self.steps = steps
        self.parameters = parameters
        self.fixes: dict[str, list[Fix]] = {"torch": [], "keras": []}
        self.aligned = {"epsilon"} if self.named else set()
        self.slower = 1.0  # factor on the rate of a named optimizer
        self._last: Any = None
        if isinstance(optimizer, str):
            self._torch, self._keras = _named(optimizer)
            self.name = optimizer
        else:
            self._torch, self._keras = _pair(optimizer)
            self.name = "the given pair"

    def of(self, framework: str) -> Any:
        """A new one, fixed and aligned."""
        made, peer = self.bare(framework), self.bare(_OTHER[framework])
        theirs, ours = (made, peer) if framework == "torch" else (peer, made)
        if "rates" in self.aligned and framework == "keras":
            _align_rates(theirs, ours, self.steps)
        if "epsilon" in self.aligned:
            _align_epsilon(theirs, ours)
        if "velocity" in self.aligned and framework == "torch":
            made.rate_in_velocity = theirs.kind == ours.kind
        if "clip" in self.aligned and framework == "torch":
            made.exact_clip = True
        if "numbers" in self.aligned and framework == "keras":
            made.exact_numbers()
        return made

    def bare(self, framework: str) -> Any:
        """A new one as the user makes it, with the fixes of it."""
        made: Stepper = self._bare_torch() if framework == "torch" else KerasStepper(self._keras())
        for fix in self.fixes[framework]:
            fix(made)
        if self.named:
            made.regularised = False
            made.rates = [self.slower * rate for rate in made.planned_rates(1)]
        return made

    def _bare_torch(self) -> TorchStepper:
        made = self._torch(self.parameters())
        parts = tuple(made) if isinstance(made, (tuple, list)) else (made,)
        optimizer, scheduler, every = (*parts, *(None, None, 1)[len(parts) :])[:3]
        right = (
            hasattr(optimizer, "param_groups")
            and hasattr(optimizer, "step")
            and (scheduler is None or hasattr(scheduler, "step"))
            and isinstance(every, int)
            and every > 0
        )
        if not right or len(parts) > 3:
            raise ParityInputError(
                f"optimizer=(torch's, keras'): torch's function must return {_RETURNS}, not "
                f"{', '.join(type(part).__name__ for part in parts)}"
            )
        if optimizer is self._last:
            raise ParityInputError(
                "optimizer=(torch's, keras'): torch's function must make a new optimizer at each "
                f"call, such as {_EXAMPLE}"
            )
        self._last = optimizer
        return TorchStepper(optimizer, scheduler, every)

    @contextmanager
    def fixed(self, framework: str, fix: Fix) -> Iterator[None]:
        self.fixes[framework].append(fix)
        try:
            yield
        finally:
            self.fixes[framework].remove(fix)

    def kinds(self) -> str:
        """`Adam, the reference SGD`, where the two are not the same optimizer; else empty."""
        theirs, ours = self.bare("torch"), self.bare("keras")
        mine, other = (theirs, ours) if self.port == "torch" else (ours, theirs)
        return "" if theirs.kind == ours.kind else f"{mine.family}, the reference {other.family}"


_OTHER = {"torch": "keras", "keras": "torch"}


def _pair(optimizer: Any) -> tuple[Callable[[list[Any]], Any], Callable[[], Any]]:
    if not isinstance(optimizer, (tuple, list)) or len(optimizer) != 2:
        raise ParityInputError(
            f"optimizer must be one of {', '.join(NAMES)} or a pair (lambda params: "
            f"torch.optim..., keras.optimizers...), not {type(optimizer).__name__}"
        )
    make_torch, given = optimizer
    kind = load("keras").optimizers.Optimizer
    made = given() if callable(given) and not _is_torchs(given) else given
    if not callable(make_torch) or not isinstance(made, kind):
        raise ParityInputError(
            "optimizer=(torch's, keras'): torch's must be a function of the parameters, such as "
            f"{_EXAMPLE}, and keras' an optimizer, not {type(make_torch).__name__} and "
            f"{type(given).__name__}"
        )
    return make_torch, lambda: _copied(made)


def _is_torchs(thing: Any) -> bool:
    return str(getattr(thing, "__module__", "")).startswith("torch.")


def _copied(given: Any) -> Any:
    """Never the user's own: it would be built for the converted weights.

    A schedule is taken as it is, for it may be of a class that has no configuration.
    """
    rate = given._learning_rate
    scheduled = callable(rate) and not hasattr(rate, "assign")
    if scheduled:
        given._learning_rate = 0.0
    try:
        made = type(given).from_config(given.get_config())
    except Exception as error:
        raise ParityInputError(
            f"keras: {type(given).__name__} cannot be copied by its configuration: "
            f"{type(error).__name__}: {error}"
        ) from error
    finally:
        given._learning_rate = rate
    if scheduled:
        made.learning_rate = rate
    for name in ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern"):
        if hasattr(given, name):
            setattr(made, name, copy.copy(getattr(given, name)))
    return made


def _align_rates(theirs: TorchStepper, ours: KerasStepper, steps: int) -> None:
    """Keras' rates as torch has them, where they are the same but for float32."""
    exact, rounded = theirs.planned_rates(steps), ours.planned_rates(steps)
    same = equal_rates(exact, rounded)
    ours.rates = [a if same(a, b) else b for a, b in zip(exact, rounded, strict=True)]


def _align_epsilon(theirs: TorchStepper, ours: KerasStepper) -> None:
    if theirs.kind != ours.kind and not (theirs.kind in HAT and ours.kind in HAT):
        return
    wanted, given = theirs.read(EPSILON), ours.read(EPSILON)
    if wanted is None or given is None:
        return
    alike = epsilon_alike(ours.kind, wanted, given)
    if ours.kind in HAT:
        ours.torch_epsilon = wanted if alike else given
    elif ours.kind in UNDER_ROOT and alike:
        theirs.write(EPSILON, NO_EPSILON)
        ours.write(EPSILON, NO_EPSILON**2)
