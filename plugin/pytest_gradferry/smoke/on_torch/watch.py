"""Watching one training step in torch: gradients and updates here, calls and acts beside it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np

from ...frameworks import Array, get, load
from ..carry import Carry
from ..record import StepRecord
from . import groups
from .acts import ActWatcher
from .calls import CallWatcher
from .clamps import Clamps
from .crossings import Crossings
from .functions import functions_seen
from .sights import Settings, Strangers
from .terms import LostTerms

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True


class Watcher:
    """Fills a StepRecord while a step runs.  Lives over several steps, as stale gradients do."""

    def __init__(self, tensors: dict[str, Any], modules: dict[str, Any], model: Any) -> None:
        self.tensors = tensors
        self.model = model
        self.names = {id(tensor): name for name, tensor in tensors.items()}
        self.batch: list[Any] = []  # its tensors
        self.optimizers: list[Any] = []
        self.acts = ActWatcher(self.names, self.optimizers)
        self.calls = CallWatcher(model, modules, self.acts)
        self.on_new_optimizer: Callable[[Any], None] = lambda optimizer: None
        self._strangers = Strangers(model, list(modules.values()))
        self._met_now: set[int] = set()  # optimizers that update for the first time
        self._carry = Carry()
        self._base: dict[str, Array] = {}  # used gradients that new ones were added to
        self._at_start: dict[str, Array] = {}  # gradients that a step found
        self._array = get("torch").to_numpy

    def watch(self, stack: ExitStack, record: StepRecord) -> None:
        """Hook everything until the stack closes."""
        found = {name: tensor.grad for name, tensor in self.tensors.items() if tensor.is_leaf}
        self._at_start = {name: self._array(g) for name, g in found.items() if g is not None}
        settings = Settings(record, self.model, self.tensors)
        for name, tensor in self.tensors.items():
            if not tensor.is_leaf or not (tensor.is_floating_point() or tensor.is_complex()):
                continue
            needs = tensor.requires_grad
            tensor.requires_grad_()  # for the hooks alone: the step may unfreeze it
            handle = tensor.register_hook(self._on_gradient(record, name, tensor))
            stack.callback(handle.remove)
            handle = tensor.register_post_accumulate_grad_hook(self._on_stored(record, name))
            stack.callback(handle.remove)
            tensor.requires_grad_(needs)
        self.calls.watch(stack, record, settings)
        optimizers, clamps = load("torch.optim.optimizer"), Clamps(self.tensors, record)
        clamps.watch(stack)
        before, after = self._on_update(record, settings, clamps)
        stack.callback(optimizers.register_optimizer_step_pre_hook(before).remove)
        stack.callback(optimizers.register_optimizer_step_post_hook(after).remove)
        stack.callback(settings.done)
        stack.enter_context(self._strangers.watch(record, self._held))
        terms = LostTerms(list(self.tensors.values()), record.lost_terms.append)
        crossings = Crossings(self.batch)
        stack.callback(lambda: record.crossings.extend(crossings.found))
        stack.enter_context(functions_seen(record, terms, crossings))
        self.acts.watch(stack, record)

    def _held(self) -> set[int]:
        return {id(tensor) for o in self.optimizers for tensor in groups.held(o)}

    def _on_gradient(self, record: StepRecord, name: str, tensor: Any) -> Callable[[Any], None]:
        def hook(gradient: Any) -> None:
            if gradient is None:
                record.given_none[name] = self.acts.giver_of_none(tensor)
                return
            record.backward()
            self.acts.gradient(name, tensor, gradient)
            present = None if tensor.grad is None else self._array(tensor.grad)
            earlier = name in self._carry.since and name not in record.fresh
            if earlier and (present is None or not present.any()):
                record.thrown.add(name)
            self._carry.computed(record, name, self._array(gradient))
            # A leftover counts only if it is the very gradient that an update has used.
            used = self._carry.last.get(name)
            if present is None or not present.any():
                self._base.pop(name, None)
            elif used is not None and np.array_equal(present, used):
                self._base[name] = present

        return hook

    @staticmethod
    def _on_stored(record: StepRecord, name: str) -> Callable[[Any], None]:
        def hook(tensor: Any) -> None:
            record.stored[name] = True

        return hook

    def _on_update(self, record: StepRecord, settings: Settings, clamps: Clamps) -> tuple[Any, Any]:
        def note(optimizer: Any) -> None:
            self._set_by_hand(record, optimizer)
            record.events.append("update")
            self.acts.update(optimizer)
            record.optimizers.append(type(optimizer).__name__)
            for group in optimizer.param_groups:
                for tensor in group["params"]:
                    name = self.names.get(id(tensor))
                    if name is None:
                        record.strangers += 1
                        continue
                    clamps.used(name)
                    self._note_use(record, name)
                    if "lr" in group:
                        record.rates[name] = float(group["lr"])

        def before(optimizer: Any, args: Any, kwargs: Any) -> None:
            if not any(known is optimizer for known in self.optimizers):
                self._met_now.add(id(optimizer))
                self.on_new_optimizer(optimizer)
                self.optimizers.append(optimizer)
            if not _closure(args, kwargs):
                note(optimizer)
            settings.updating()
            clamps.updating = True

        def after(optimizer: Any, args: Any, kwargs: Any) -> None:
            clamps.updating, closure = False, _closure(args, kwargs)
            if closure:  # the backward passes ran inside
                note(optimizer)
            if id(optimizer) in self._met_now and _remembers(optimizer):
                record.first_met += 1
                self._met_now.discard(id(optimizer))
            # A closure may move weights by itself: those that the optimizer moves have a gradient.
            settings.updated(lambda name: not closure or self.tensors[name].grad is not None)

        return before, after

    def _set_by_hand(self, record: StepRecord, optimizer: Any) -> None:
        """Gradients that the step stored itself, computed by torch.func or estimated."""
        for tensor in groups.held(optimizer):
            name = self.names.get(id(tensor))
            if name is None or tensor.grad is None or record.fresh.get(name) is not None:
                continue
            gradient, found = self._array(tensor.grad), self._at_start.get(name)
            computed = name in self._carry.since
            if not computed and (found is None or not np.array_equal(gradient, found)):
                record.events.append("backward")
                record.fresh[name] = gradient

    def by_hand(self, record: StepRecord, moved: list[str]) -> None:
        """The step moved weights without an optimizer: count that as its update."""
        record.events.append("update")
        for name in moved:
            self._note_use(record, name)

    def _note_use(self, record: StepRecord, name: str) -> None:
        gradient = self.tensors[name].grad
        used = None if gradient is None else self._array(gradient)
        self._carry.used(record, name, used, before=self._base.pop(name, None))


def _remembers(optimizer: Any) -> bool:
    """Whether an optimizer has state that a new one would lack."""
    slots = [value for state in optimizer.state.values() for value in state.values()]
    return any(value is not None for value in slots)


def _closure(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    # a global hook is given the optimizer itself as the first of args
    return any(callable(a) for a in args[1:]) or kwargs.get("closure") is not None
