"""A torch model with its training step."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..frameworks import Array, Undo, get, load
from ..hidden import hidden_modules
from ..wording import listed
from . import loop_torch
from .held import Held
from .state_torch import save_generator, save_modes, save_optimizer, save_state_dict, save_tensor
from .trainee import (
    LossCall,
    RoundTrip,
    SmokeError,
    StepRecord,
    Trainee,
    Weight,
    leaves,
    map_arrays,
    scalar_loss,
    takes_targets,
)
from .watch_torch import Watcher, functions_seen, to_array


class TorchTrainee(Trainee):
    """See `Trainee`.  Hidden modules, those kept in plain lists and dicts, are watched as well."""

    def __init__(
        self, model: Any, inputs: Any, targets: Any, loss: Any, optimizer: Any, step: Any
    ) -> None:
        self.framework = get("torch")
        self.torch = load("torch")
        self.model = model
        self.inputs = loop_torch.as_tensors(inputs, model)
        self.targets = loop_torch.as_tensors(targets, model)
        self._initialise_lazy()
        self._own_loop = step is None
        self._step: Callable[..., Any]
        if step is None:
            if loss is None:
                raise SmokeError(
                    "nothing says how to train: pass loss=..., e.g. loss='cross_entropy', or the "
                    "step function of your own, step=..."
                )
            optimizer = loop_torch.make_optimizer(optimizer or "adam", model)
            self._step = loop_torch.make_step(model, loss, optimizer)
        else:
            self._step = step
        self._held = Held(self._step) if not self._own_loop else None
        self._hidden_modules = dict(hidden_modules(model))
        self._tensors = {**dict(model.named_parameters()), **self._hidden_tensors()}
        if not any(tensor.requires_grad for tensor in self._tensors.values()):
            raise SmokeError(
                f"{type(model).__name__} has no trainable parameter: nothing can be trained. Are "
                "the layers attributes of the module, and is requires_grad set?"
            )
        self.weights = {
            name: Weight(name, name.rpartition(".")[0], p.requires_grad)
            for name, p in model.named_parameters()
        }
        modules = {name or type(model).__name__: m for name, m in model.named_modules()}
        hidden = {name: module for name, (module, _, _) in self._hidden_modules.items()}
        self._watcher = Watcher(self._tensors, {**modules, **hidden}, model)
        self._watcher.on_new_optimizer = self._meet
        self._late: list[Undo] = []  # for optimizers first seen when they step
        self._optimizers = self._known_optimizers(optimizer)
        self._watcher.optimizers = list(self._optimizers)

    def _initialise_lazy(self) -> None:
        """Lazy layers get their weights at the first call; there is nothing to save before."""
        uninitialised = self.torch.nn.parameter.UninitializedTensorMixin
        if any(isinstance(p, uninitialised) for p in self.model.parameters()):
            undo = save_modes(list(self.model.modules()))
            self.model.eval()
            with self.torch.no_grad():
                loop_torch.call_model(self.model, self.inputs)
            undo()

    # state

    def save(self) -> Undo:
        tensors = {id(t): t for t in (*self._tensors.values(), *self.model.buffers())}
        modules = [*self.model.modules(), *(m for m, _, _ in self._hidden_modules.values())]
        others: list[Undo] = []
        for held in self._held.objects if self._held else []:
            if isinstance(held, self.torch.nn.Module):
                modules += list(held.modules())
                tensors.update((id(t), t) for t in (*held.parameters(), *held.buffers()))
            elif isinstance(held, self.torch.Tensor):
                tensors[id(held)] = held
            elif isinstance(held, self.torch.Generator):
                others.append(save_generator(held))
            elif not isinstance(held, self.torch.optim.Optimizer):
                others += save_state_dict(held)
        undos = [save_tensor(tensor) for tensor in tensors.values()]
        undos += [save_modes(modules), *others]
        undos += [save_optimizer(optimizer) for optimizer in self._optimizers]
        if self._held:
            undos.append(self._held.save())

        def undo() -> None:
            for each in (*undos, *self._late):
                each()

        return undo

    def values(self) -> dict[str, Array]:
        return {name: to_array(tensor) for name, tensor in self._tensors.items()}

    def assign(self, values: dict[str, Array]) -> None:
        with self.torch.no_grad():
            for name, value in values.items():
                self._tensors[name].copy_(self.torch.as_tensor(value))

    def reseed(self, seed: int) -> None:
        self.framework.seed(seed)

    # the step

    def step(self, targets: Any = None) -> float:
        __tracebackhide__ = True
        targets = self.targets if targets is None else loop_torch.as_tensors(targets, self.model)
        if self._own_loop:
            self.model.train()
        if takes_targets(self._step):
            value = self._step(self.inputs, targets)
        else:
            value = self._step(self.inputs)
        return scalar_loss(value, self.framework)

    @contextmanager
    def watch(self) -> Iterator[StepRecord]:
        record = StepRecord(training_before=self.model.training)
        before = self.values()
        with ExitStack() as stack:
            self._watcher.watch(stack, record)
            yield record
        record.training_after = self.model.training
        if "update" not in record.events:
            after = self.values()
            moved = [name for name in before if not np.array_equal(before[name], after[name])]
            if moved:
                self._watcher.by_hand(record, moved)

    def call_leaves(self) -> list[Array]:
        return [to_array(leaf) for leaf in self._call_tensors()]

    def _call_tensors(self) -> list[Any]:
        if self._watcher.root_call is None:
            raise SmokeError(f"the step does not call {type(self.model).__name__} itself")
        return [
            x for x in leaves(list(self._watcher.root_call)) if isinstance(x, self.torch.Tensor)
        ]

    def predict(self, inputs: list[Array] | None = None) -> tuple[list[Array], StepRecord]:
        return self._predict(self.model, inputs)

    def _predict(
        self, model: Any, inputs: list[Array] | None = None
    ) -> tuple[list[Array], StepRecord]:
        given = self._call_tensors()
        if inputs is not None:
            given = [
                self.torch.as_tensor(new, dtype=old.dtype, device=old.device)
                for new, old in zip(inputs, given, strict=True)
            ]
        queue = iter(given)
        args, kwargs = map_arrays(
            lambda leaf: next(queue) if isinstance(leaf, self.torch.Tensor) else leaf,
            list(self._watcher.root_call or ()),
        )
        record = StepRecord()
        undo = save_modes(list(model.modules()))
        model.eval()
        try:
            with self.torch.no_grad(), functions_seen(record):
                output = model(*args, **kwargs)
        finally:
            undo()
        found = [leaf for leaf in leaves(_plain(output)) if isinstance(leaf, self.torch.Tensor)]
        return [to_array(leaf) for leaf in found], record

    # optimizers

    def _known_optimizers(self, given: Any) -> list[Any]:
        kind = self.torch.optim.Optimizer
        candidates = [given, *(self._held.objects if self._held else [])]
        candidates += leaves(given)
        found: list[Any] = []
        for candidate in candidates:
            if isinstance(candidate, kind) and not any(candidate is known for known in found):
                found.append(candidate)
        return found

    def _meet(self, optimizer: Any) -> None:
        """An optimizer that was not reachable from the step: note its state before it updates."""
        self._optimizers.append(optimizer)
        self._late.append(save_optimizer(optimizer))
        known = {id(tensor) for tensor in self._tensors.values()}
        for group in optimizer.param_groups:
            self._late += [save_tensor(p) for p in group["params"] if id(p) not in known]

    def learning_rates(self) -> list[float]:
        groups = [group for optimizer in self._optimizers for group in optimizer.param_groups]
        return [float(group["lr"]) for group in groups if "lr" in group]

    def scale_learning_rates(self, factor: float) -> None:
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                if "lr" in group:
                    group["lr"] = group["lr"] * factor

    # what the model does not list

    def hidden(self) -> dict[str, tuple[str, str]]:
        return {
            name: (place, code)
            for prefix, (module, place, code) in self._hidden_modules.items()
            for name in (f"{prefix}.{n}" for n, _ in module.named_parameters())
        }

    def _hidden_tensors(self) -> dict[str, Any]:
        return {
            f"{prefix}.{name}": parameter
            for prefix, (module, _, _) in self._hidden_modules.items()
            for name, parameter in module.named_parameters()
        }

    # files

    def prepare_round_trips(self) -> None:
        """Keep the model as it is now: training changes what a state_dict does not carry."""
        try:
            self._fresh = copy.deepcopy(self.model)
        except Exception:  # tensors that are not leaves cannot be copied
            self._fresh = None

    def round_trips(self, folder: Path) -> Iterator[RoundTrip]:
        path = folder / "model.pt"

        def run() -> list[Array]:
            self.torch.save(self.model.state_dict(), path)
            state = self.torch.load(path, weights_only=True)
            other = self.model if self._fresh is None else self._fresh
            other.load_state_dict(state, strict=True)
            return self._predict(other)[0]

        yield RoundTrip("saving and loading the state_dict", run, self._lost_state)

    def _lost_state(self, error: BaseException | None) -> tuple[str, str, str]:
        """Tensors kept as plain attributes that training has changed."""
        if self._fresh is None:
            return "", "", ""
        tensor = self.torch.Tensor
        lost = [
            f"{prefix}.{name}".lstrip(".")
            for (prefix, now), then in zip(
                self.model.named_modules(), self._fresh.modules(), strict=True
            )
            for name, value in vars(now).items()
            if isinstance(value, tensor)
            and isinstance(old := vars(then).get(name), tensor)
            and not (old.shape == value.shape and bool((old == value).all()))
        ]
        if lost:
            return (
                f"training changes {listed(lost)}, which the state_dict does not hold",
                "register it with register_buffer, or make it an nn.Parameter",
                "XFR114",
            )
        if self._hidden_modules:
            _, place, code = next(iter(self._hidden_modules.values()))
            return (
                f"the state_dict does not hold the weights of the layers in {place}",
                "use nn.ModuleList or nn.ModuleDict",
                code,
            )
        return "", "look for state outside parameters and buffers", ""

    # words

    clearing_advice = ("call optimizer.zero_grad() before loss.backward()", "XFR202")

    def mode_advice(self, record: StepRecord, measured: str) -> list[tuple[str, str, str, str]]:
        name = type(self.model).__name__
        if any(call.training for call in record.calls if call.layer == name):
            return []
        cause = f"{name}.training is False while the step trains it"
        fix = "call model.train() before training, and again after every evaluation"
        return [(measured, cause, fix, "XFR302")]

    def eval_advice(self, record: StepRecord) -> tuple[str, str]:
        return "pass training=self.training to the function, or use nn.Dropout", "XFR310"

    def mixing_advice(self, mixes: Callable[[], bool]) -> tuple[str, str, str] | None:
        modules = list(self.model.modules())
        sequence_first = [m for m in modules if getattr(m, "batch_first", None) is False]
        if sequence_first:
            for module in sequence_first:
                module.batch_first = True
            try:
                if not _raises(mixes) and not mixes():
                    kinds = ", ".join(sorted({type(m).__name__ for m in sequence_first}))
                    return (
                        f"{kinds} takes axis 0 for time; with batch_first=True nothing is mixed",
                        "build it with batch_first=True, or feed it (time, batch, features)",
                        "XFR517",
                    )
            finally:
                for module in sequence_first:
                    module.batch_first = False
        norms = self.torch.nn.modules.batchnorm._BatchNorm
        if any(isinstance(m, norms) and not m.track_running_stats for m in modules):
            return (
                "batch norm with track_running_stats=False uses the batch's own statistics",
                "leave track_running_stats at True",
                "",
            )
        return None

    def loss_advice(self, call: LossCall, given: str) -> tuple[str, str]:
        match call.expects, given:
            case "logits", _:
                return "drop the softmax: cross_entropy applies log_softmax itself", "XFR401"
            case "log-probabilities", _ if call.function == "F.kl_div":
                return "pass log_softmax outputs to kl_div", "XFR407"
            case "log-probabilities", _:
                return "use cross_entropy, or log_softmax before nll_loss", "XFR404"
        return "drop the sigmoid: the loss applies it itself", "XFR406"


def _raises(function: Callable[[], Any]) -> bool:
    try:
        function()
    except Exception:
        return True
    return False


def _plain(output: Any) -> Any:
    """Dataclass-like outputs (Hugging Face's are dicts) as something with leaves."""
    return list(vars(output).values()) if hasattr(output, "__dataclass_fields__") else output
