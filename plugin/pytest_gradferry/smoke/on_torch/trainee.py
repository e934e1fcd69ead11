"""A torch model with its training step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from ...frameworks import Array, Undo, get, load, together
from ..errors import SmokeError
from ..files import Checkpoint
from ..growth import Ledger
from ..held import Held, given_back
from ..latecomers import Latecomers
from ..record import StepRecord
from ..trainee import Trainee
from ..tree import map_arrays
from . import groups, input_gradients, loop
from .advice import TorchAdvice
from .checkpoint import TorchCheckpoint
from .compiling import TorchCompiling
from .files import TorchFiles
from .functions import functions_seen
from .graph import DeadEnds, operation
from .ledger import TorchLedger
from .mixing import Call, calls_seen, first_mixing
from .not_finite import first_not_finite
from .own_checkpoint import own_checkpoint
from .parallel import TorchParallel
from .precision import TorchPrecision
from .samples import reparametrised
from .state import (
    save_attributes,
    save_generator,
    save_modes,
    save_optimizer,
    save_state_dict,
    save_tables,
    save_tensor,
)
from .structure import Structure
from .watch import Watcher

_FLAGS = ("training", "train", "is_training")


class TorchTrainee(Trainee):
    """See `Trainee`.  Hidden modules, those kept in plain lists and dicts, are watched as well."""

    structure: Structure
    compiling: TorchCompiling

    def __init__(
        self, model: Any, inputs: Any, targets: Any, loss: Any, optimizer: Any, step: Any
    ) -> None:
        self.framework = get("torch")
        self.torch = load("torch")
        self.model = model
        self.inputs = loop.as_tensors(inputs, model)
        self.targets = loop.as_tensors(targets, model)
        batch = self.tensors_of([self.inputs, self.targets])
        self._given = [(tensor, tensor.detach().clone()) for tensor in batch]
        self._initialise_lazy()
        self._own_loop = False  # the tool's, which sets the mode
        self._step, optimizer, users = self._training(loss, optimizer, step)
        self.held = self._look_for_held(users)
        self.structure = Structure(model)
        self._tensors = self.structure.tensors
        self._watcher = Watcher(self._tensors, self.structure.modules(), model)
        self._watcher.batch = batch
        self._watcher.on_new_optimizer = self._meet
        self._late = Latecomers()
        self.optimizers = self._optimizers_among(optimizer)
        self._watcher.optimizers += self.optimizers
        self._went_through = False  # whether a step has come to its end
        self.advice = self._make_advice()
        self.advice.carried_graph = self._carried_graph
        self.files = TorchFiles(self)
        self.compiling = TorchCompiling(self, self._step)
        self.precision = TorchPrecision(self)
        self.parallel = TorchParallel(self)

    def _training(self, loss: Any, optimizer: Any, step: Any) -> tuple[Any, Any, Any]:
        """The step, its optimizers, and the function of the user's that it runs, if any."""
        if step is not None:
            return step, optimizer, step
        if loss is None:
            raise SmokeError(
                "nothing says how to train: pass loss=..., e.g. loss='cross_entropy', or the "
                "step function of your own, step=..."
            )
        self._own_loop = True
        optimizer = loop.make_optimizer(optimizer or "adam", self.model)
        return loop.make_step(self.model, loss, optimizer), optimizer, None

    def _make_advice(self) -> TorchAdvice:
        return TorchAdvice(self.model)

    def _initialise_lazy(self) -> None:
        """Lazy layers get their weights at the first call; there is nothing to save before."""
        uninitialised = self.torch.nn.parameter.UninitializedTensorMixin
        if any(isinstance(p, uninitialised) for p in self.model.parameters()):
            undo = save_modes(list(self.model.modules()))
            self.model.eval()
            with self.torch.no_grad():
                loop.call_model(self.model, self.inputs)
            undo()

    def _look_for_held(self, users: Callable[..., Any] | None) -> Held:
        root = type(self.model).__name__
        return Held(
            users,
            {f"{root}.{name}".rstrip("."): m for name, m in self.model.named_modules()},
            again=self._tensor_again,
            ignored=frozenset(vars(self.torch.nn.Module())),
        )

    def _tensor_again(self, thing: Any) -> Callable[[], Any] | None:
        return given_back(thing, save_tensor(thing)) if self.is_tensor(thing) else None

    # state

    def save(self) -> Undo:
        tensors = {id(t): t for t in (*self._tensors.values(), *self.model.buffers())}
        hidden = [module for module, _, _ in self.structure.hidden_modules.values()]
        modules = [*self.model.modules(), *hidden]
        others: list[Undo] = []
        for held in self.held.objects:
            if isinstance(held, self.torch.nn.Module):
                modules += list(held.modules())
                tensors.update((id(t), t) for t in (*held.parameters(), *held.buffers()))
            elif isinstance(held, self.torch.Tensor):
                tensors[id(held)] = held
            elif isinstance(held, self.torch.Generator):
                others.append(save_generator(held))
            elif not isinstance(held, self.torch.optim.Optimizer):
                others += save_state_dict(held)
        tensors.update((id(t), t) for t in self._late.strangers)
        undos = [save_tensor(tensor) for tensor in tensors.values()]
        undos += [save_modes(modules), save_tables(modules), *others]
        undos += [save_optimizer(optimizer) for optimizer in self.optimizers]
        return together(self._restore_batch, *undos, self.held.save(), self._late.save())

    def values(self) -> dict[str, Array]:
        return {name: self.framework.to_numpy(tensor) for name, tensor in self._tensors.items()}

    def assign(self, values: dict[str, Array]) -> None:
        with self.torch.no_grad():
            for name, value in values.items():
                self._tensors[name].copy_(self.torch.as_tensor(value))

    def reseed(self, seed: int) -> None:
        self.framework.seed(seed)

    # the step

    def _restore_batch(self) -> None:
        """A step may change its batch in place, which in a loader is a new one each time."""
        for tensor, value in self._given:
            if not self.torch.equal(tensor.detach(), value):
                tensor.data.copy_(value)

    def step(self, targets: Any = None) -> float:
        __tracebackhide__ = True
        targets = self.targets if targets is None else loop.as_tensors(targets, self.model)
        self._restore_batch()
        if self._own_loop:
            self.model.train()
        loss = self._loss_of_step(targets)
        self._went_through = True
        return loss

    @contextmanager
    def watch(self) -> Iterator[StepRecord]:
        record = StepRecord(training_before=self.model.training)
        before = self.values()
        with ExitStack() as stack:
            stack.enter_context(self.compiling.watched())
            self._watcher.watch(stack, record)
            yield record
        record.training_after = self.model.training
        if "update" not in record.events and (moved := self._moved_since(before)):
            self._watcher.by_hand(record, moved)

    def _carried_graph(self) -> str:
        """A place that carries outputs with their graph out of a step that went through."""
        for place in self.held.places if self._went_through else ():
            tensors = self.tensors_of(place.get())
            if any(t.grad_fn is not None and t.numel() > 1 for t in tensors):
                return place.name
        return ""

    def root_call(self) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        return self._watcher.calls.root_call

    def is_tensor(self, thing: Any) -> bool:
        return isinstance(thing, self.torch.Tensor)

    def is_optimizer(self, thing: Any) -> bool:
        return isinstance(thing, self.torch.optim.Optimizer)

    def predict(self, inputs: list[Array] | None = None) -> tuple[list[Array], StepRecord]:
        return self.predict_with(self.model, inputs)

    def predict_with(
        self, model: Any, inputs: list[Array] | None = None, calls: list[Call] | None = None
    ) -> tuple[list[Array], StepRecord]:
        """`predict` by another model of the same class; `calls` are noted, if given."""
        given = self.call_tensors()
        if inputs is not None:
            given = [
                self.torch.as_tensor(new, dtype=old.dtype, device=old.device)
                for new, old in zip(inputs, given, strict=True)
            ]
        args, kwargs = self._call_with(given)
        # Keras' flag, where the step passes one
        kwargs = {k: False if k in _FLAGS and v is True else v for k, v in kwargs.items()}
        record = StepRecord()
        undo = save_attributes(list(model.modules()))  # modes too
        model.eval()
        try:
            path = self._watcher.calls.root_path
            called = model.get_submodule(path) if path else model
            noted = nullcontext() if calls is None else calls_seen(calls)
            with self.compiling.watched(), self.torch.no_grad(), functions_seen(record), noted:
                output = called(*args, **kwargs)
        finally:
            undo()
        found = self.tensors_of(_plain(output))
        return [self.framework.to_numpy(leaf) for leaf in found], record

    def mixing(self, changed: list[Array], kept: Array) -> str:
        ones: list[Call] = []
        others: list[Call] = []
        self.predict_with(self.model, None, ones)
        self.predict_with(self.model, changed, others)
        return first_mixing(ones, others, kept)

    def first_not_finite(self) -> tuple[str, str] | None:
        with self.compiling.watched():
            return first_not_finite(self.step)

    @property
    def device_type(self) -> str:
        return str(next(iter(self._tensors.values())).device.type)

    def in_training(self) -> bool | None:
        return bool(self.model.training)

    def trainable(self) -> set[str]:
        return {name for name in self.weights if self._tensors[name].requires_grad}

    # optimizers

    def _meet(self, optimizer: Any) -> None:
        """An optimizer that was not reachable from the step: note its state before it updates."""
        known = {id(tensor) for tensor in self._tensors.values()}
        strangers = [tensor for tensor in groups.held(optimizer) if id(tensor) not in known]
        self.optimizers.append(optimizer)
        self._late.add(together(save_optimizer(optimizer), *map(save_tensor, strangers)), strangers)

    def learning_rates(self) -> list[float]:
        return [rate for optimizer in self.optimizers for rate in groups.rates(optimizer)]

    def scheduled_rates(self) -> list[float]:
        return [rate for o in self.optimizers for rate in groups.rates(o, "initial_lr")]

    def schedule_ended(self, error: BaseException | None) -> bool:
        return isinstance(error, ValueError) and "Tried to step" in str(error)  # OneCycleLR

    def scale_learning_rates(self, factor: float) -> None:
        for optimizer in self.optimizers:
            groups.scale_rates(optimizer, factor)

    def checkpoint(self) -> Checkpoint:
        return own_checkpoint(self, self._step) or TorchCheckpoint(self)

    @contextmanager
    def _noise_on(self, module: Any) -> Iterator[None]:
        generator = self.torch.Generator().manual_seed(0)

        def other(leaf: Any) -> Any:
            if not isinstance(leaf, self.torch.Tensor) or not leaf.is_floating_point():
                return leaf
            noise = self.torch.randn(leaf.shape, generator=generator).to(leaf)
            return leaf + noise * (1 + leaf.detach().abs().max()) if leaf.numel() else leaf

        hook = lambda module, args, output: map_arrays(other, output)  # noqa: E731
        with self.compiling.watched(), module.register_forward_hook(hook):
            yield

    def disturbed(self, layer: str) -> AbstractContextManager[Any] | None:
        module = self._watcher.calls.modules.get(layer)
        if module is None or isinstance(module, self.torch.jit.ScriptModule):
            return None
        return self._noise_on(module)

    def input_gradients_scaled(self, factor: float) -> AbstractContextManager[Any]:
        return input_gradients.scaled(factor)

    def reparametrised(self) -> AbstractContextManager[list[str]]:
        return reparametrised()

    def held_by(self, names: list[str]) -> list[str]:
        wanted = {id(self._tensors[name]) for name in names}
        holding = [
            type(optimizer).__name__
            for optimizer in self.optimizers
            if wanted & set(map(id, groups.held(optimizer)))
        ]
        return list(dict.fromkeys(holding))

    def dead_ends(self, names: list[str]) -> list[str]:
        weights = [self._tensors[name] for name in names]
        ends = DeadEnds(weights)
        with self.compiling.watched(), ends.watched():
            self.step()
        by_weight = [ends.by_weight.get(id(weight), set()) for weight in weights]
        if len(by_weight) != len(names) or not all(by_weight):
            return []
        return sorted({operation(name) for found in by_weight for name in found})

    def ledger(self) -> Ledger:
        return TorchLedger(self)


def _plain(output: Any) -> Any:
    """Dataclass-like outputs (Hugging Face's are dicts) as something with leaves."""
    return list(vars(output).values()) if hasattr(output, "__dataclass_fields__") else output
