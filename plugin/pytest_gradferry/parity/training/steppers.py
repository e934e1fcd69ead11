"""One optimizer of either framework while a model trains: its numbers read, changed and followed.

What a cause or a known difference changes is an attribute here; the users' own objects are copies.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from ...frameworks import load
from ..errors import ParityInputError
from ..sides.side import first_line
from .clipping import SLACK, Clip, clipping_of, observed
from .hyperparameters import ACCUMULATOR, HYPERPARAMETERS, KINDS, LEARNING_RATE, Hyperparameter

# Of one weight: how much of it is taken off, and whether through the gradient (L2).
Decay = tuple[float, bool]


class Stepper(ABC):
    """`rates` are those of the steps, where they are not the optimizer's own; `decays`, by the id
    of the weight, likewise."""

    framework: str
    regularised = False

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.rates: list[float] | None = None
        self.decays: dict[int, Decay] | None = None
        self.steps = 0

    @property
    def family(self) -> str:
        """The framework's own class that it is or derives from."""
        home = "torch" if self.framework == "torch" else "keras"
        own = (c for c in type(self.optimizer).__mro__ if c.__module__.split(".")[0] == home)
        return next(own).__name__

    @property
    def kind(self) -> str:
        """torch's name for it."""
        return self.family if self.framework == "torch" else KINDS.get(self.family, self.family)

    @property
    @abstractmethod
    def scheduled(self) -> bool:
        """Its rate changes by the step."""

    @abstractmethod
    def read(self, parameter: Hyperparameter) -> Any:
        """In the first param group; None where the optimizer has no such number."""

    @abstractmethod
    def write(self, parameter: Hyperparameter, value: Any) -> None: ...

    @abstractmethod
    def decay(self, weight: Any) -> Decay: ...

    @abstractmethod
    def planned_rates(self, steps: int) -> list[float]:
        """Of the first `steps` steps, by a schedule that asks for no metric."""

    def rate(self, own: float) -> float:
        """Of the next step."""
        if self.rates is None:
            return own
        return self.rates[min(self.steps, len(self.rates) - 1)]


class TorchStepper(Stepper):
    """torch's optimizer, with a scheduler that steps after every `every` steps of it."""

    framework = "torch"

    def __init__(self, optimizer: Any, scheduler: Any = None, every: int = 1) -> None:
        super().__init__(optimizer)
        self.scheduler = scheduler
        self.every = every
        self.clip: Clip | None = None  # in place of what the hooks do
        self.hooks = True
        self.exact_clip = False  # without the 1e-6 that torch adds to the norm
        self.rate_in_velocity = False  # as in Keras
        self.observed: Clip | None = None  # what became of the gradients of the first step
        self.kept: dict[Hyperparameter, Any] = {}  # whatever the scheduler makes of them
        self._before: list[float] = []

    @property
    def scheduled(self) -> bool:
        return self.scheduler is not None or (self.family == "Adagrad" and bool(self._lr_decay))

    @property
    def _lr_decay(self) -> float:
        return float(self.optimizer.param_groups[0].get("lr_decay", 0.0))

    @property
    def parameters(self) -> list[Any]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def read(self, parameter: Hyperparameter) -> Any:
        return parameter.of_torch(self.optimizer.param_groups[0])

    def write(self, parameter: Hyperparameter, value: Any) -> None:
        for group in self.optimizer.param_groups:
            group[parameter.torch] = parameter.written(group, value)
        if parameter is ACCUMULATOR:
            for state in self.optimizer.state.values():
                state["sum"].fill_(value)

    def decay(self, weight: Any) -> Decay:
        if self.decays is not None:
            return self.decays.get(id(weight), (0.0, False))
        for group in self.optimizer.param_groups:
            if any(weight is p for p in group["params"]):
                value = float(group.get("weight_decay") or 0.0)
                coupled = not group.get("decoupled_weight_decay", self.family == "AdamW")
                return value, coupled and value != 0
        return 0.0, False

    def planned_rates(self, steps: int) -> list[float]:
        if self.rates is not None:
            return [self.rates[min(t, len(self.rates) - 1)] for t in range(steps)]
        found = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a scheduler that steps before the optimizer
            for t in range(steps):
                found.append(self.read(LEARNING_RATE) / (1 + t * self._lr_decay))
                if self.scheduler is not None and (t + 1) % self.every == 0:
                    if takes_metric(self.scheduler):
                        return found + [found[-1]] * (steps - t - 1)
                    self.scheduler.step()
        return found

    def step(self, loss: float | None = None) -> None:
        groups = self.optimizer.param_groups
        own = [group["lr"] for group in groups]
        if self.rates is not None:
            factor = self.rate(own[0]) / own[0] if own[0] else 1.0
            for group, rate in zip(groups, own, strict=True):
                group["lr"] = rate * factor
        for parameter, value in self.kept.items():
            self.write(parameter, value)
        self._decayed()
        if self.rate_in_velocity:
            self._scale_velocity([float(group["lr"]) for group in groups])
        with ExitStack() as stack:
            if not self.hooks:
                stack.enter_context(_without_hooks(self.optimizer))
            if self.exact_clip:
                stack.enter_context(_exact_norm_clip())
            if self.clip is not None:
                self.clip.apply([p for p in self.parameters if p.grad is not None])
            self._step()
        for group, rate in zip(groups, own, strict=True):
            group["lr"] = rate
        self.steps += 1
        if self.scheduler is not None and self.steps % self.every == 0:
            self.scheduler.step(*([loss] if takes_metric(self.scheduler) else []))

    def _step(self) -> None:
        watching = self.observed is None and (
            self.optimizer._optimizer_step_pre_hooks
            or not type(self.optimizer).__module__.startswith("torch.")
        )
        given = [(p, p.grad.clone()) for p in self.parameters if p.grad is not None and watching]
        try:
            self.optimizer.step()
        except Exception as error:
            raise ParityInputError(
                f"torch: {type(self.optimizer).__name__}.step() raised {type(error).__name__}: "
                f"{first_line(error)}"
            ) from error
        if watching:
            now = [(g.numpy(), p.grad.numpy()) for p, g in given if p.grad is not None]
            self.observed = observed(now, 0.0 if self.exact_clip else SLACK)

    def _decayed(self) -> None:
        if self.decays is None:
            return
        torch = load("torch")
        with torch.no_grad():
            for group in self.optimizer.param_groups:
                group["weight_decay"] = 0.0
                for p in group["params"]:
                    value, coupled = self.decays.get(id(p), (0.0, False))
                    if not value or p.grad is None:
                        continue
                    if coupled:
                        p.grad = p.grad + value * p
                    else:
                        p.mul_(1 - value * float(group["lr"]))

    def _scale_velocity(self, rates: list[float]) -> None:
        """Keras' velocity holds rates of its own time: -lr * torch's buffer."""
        for group, old, new in zip(self.optimizer.param_groups, self._before, rates, strict=False):
            for p in group["params"]:
                buffer = self.optimizer.state.get(p, {}).get("momentum_buffer")
                if buffer is not None and new:
                    buffer.mul_(old / new)
        self._before = rates


class KerasStepper(Stepper):
    """A Keras optimizer whose epsilon may follow torch's definition, which changes by the step."""

    framework = "keras"

    def __init__(self, optimizer: Any) -> None:
        super().__init__(optimizer)
        optimizer.loss_scale_factor = None  # `fit` scales the loss by it first: nothing in sum
        self.torch_epsilon: float | None = None
        self.gradient_factor = 1
        self.regularised = True  # `fit` adds the model's penalties to the loss

    @property
    def scheduled(self) -> bool:
        return callable(self.optimizer._learning_rate) and not hasattr(
            self.optimizer._learning_rate, "assign"
        )

    @property
    def clip(self) -> Clip | None:
        return clipping_of(self.optimizer)

    def read(self, parameter: Hyperparameter) -> Any:
        return parameter.of_keras(self.optimizer)

    def write(self, parameter: Hyperparameter, value: Any) -> None:
        if parameter is LEARNING_RATE:
            self.rates = [float(value)]
            return
        setattr(self.optimizer, parameter.keras, value)

    def exact_numbers(self) -> None:
        """Keras casts a plain float by way of float32, where the bias correction shows it."""
        for parameter in HYPERPARAMETERS:
            value = getattr(self.optimizer, parameter.keras, None) if parameter.keras else None
            if type(value) is float:
                setattr(self.optimizer, parameter.keras, np.float64(value))

    def decay(self, weight: Any) -> Decay:
        if self.decays is not None:
            return self.decays.get(id(weight), (0.0, False))
        value = float(self.optimizer.weight_decay or 0.0)
        if not value and (l2 := l2_of(weight)):
            return 2 * l2, True
        return (value if self.optimizer._use_weight_decay(weight) else 0.0), False

    def planned_rates(self, steps: int) -> list[float]:
        if self.rates is not None:
            return [self.rates[min(t, len(self.rates) - 1)] for t in range(steps)]
        if not self.scheduled:
            return [self.read(LEARNING_RATE)] * steps
        schedule = self.optimizer._learning_rate
        if not isinstance(schedule, load("keras").optimizers.schedules.LearningRateSchedule):
            return [float(schedule())] * steps  # a function without arguments
        return [float(schedule(t)) for t in range(steps)]

    def apply_gradients(self, pairs: list[tuple[Any, Any]]) -> None:
        optimizer = self.optimizer
        if self.rates is not None:
            rate = np.float64(self.rate(0.0))
            optimizer._learning_rate = _constant(rate)
        if self.decays is not None:
            pairs = self._decayed(pairs)
        elif self.regularised:
            pairs = [(g + 2 * l2_of(v) * v.value if l2_of(v) else g, v) for g, v in pairs]
        if self.gradient_factor != 1:
            pairs = [(gradient * self.gradient_factor, v) for gradient, v in pairs]
        self.steps += 1
        if self.torch_epsilon is not None:
            beta_2 = float(optimizer.beta_2)
            optimizer.epsilon = self.torch_epsilon * np.sqrt(1.0 - beta_2**self.steps)
        optimizer.apply_gradients(pairs)

    def _decayed(self, pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        self.optimizer.weight_decay = None
        assert self.decays is not None
        found = []
        rate = float(self.optimizer.learning_rate)
        for gradient, variable in pairs:
            value, coupled = self.decays.get(id(variable), (0.0, False))
            if value and coupled:
                gradient = gradient + value * variable.value
            elif value:
                variable.assign(variable * (1 - value * rate))
            found.append((gradient, variable))
        return found


def l2_of(variable: Any) -> float:
    """Of a Keras weight's regulariser, whose penalty is l2 * sum(w^2); 0 where it is another."""
    regularizer = getattr(variable, "regularizer", None)
    if getattr(regularizer, "l1", 0):
        return 0.0
    return float(getattr(regularizer, "l2", 0.0))


def equal_rates(theirs: list[float], ours: list[float]) -> Callable[[float, float], bool]:
    """Whether two rates of these courses are the same: Keras computes schedules in float32."""
    scale = max(map(abs, (*theirs, *ours)))
    return lambda a, b: abs(a - b) <= 1e-6 * scale


def _constant(rate: Any) -> Callable[[], Any]:
    return lambda: rate


def takes_metric(scheduler: Any) -> bool:
    return isinstance(scheduler, load("torch").optim.lr_scheduler.ReduceLROnPlateau)


@contextmanager
def _without_hooks(optimizer: Any) -> Iterator[None]:
    hooks = dict(optimizer._optimizer_step_pre_hooks)
    optimizer._optimizer_step_pre_hooks.clear()
    try:
        yield
    finally:
        optimizer._optimizer_step_pre_hooks.update(hooks)


@contextmanager
def _exact_norm_clip() -> Iterator[None]:
    """`clip_grad_norm_` divides by norm + 1e-6, Keras by the norm."""
    module = load("torch.nn.utils.clip_grad")
    original = module._clip_grads_with_norm_

    def exact(parameters: Any, max_norm: Any, total_norm: Any, *rest: Any) -> None:
        original(parameters, max_norm, total_norm - SLACK, *rest)

    module._clip_grads_with_norm_ = exact
    try:
        yield
    finally:
        module._clip_grads_with_norm_ = original
