"""Watching one training step of Keras: gradients and updates here, calls and acts beside it.

Compiled functions run as they are written while a step is watched, so that what passes through
them can be seen; how that is done, and where gradients come from, is the backend's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from typing import Any

import numpy as np

from ...frameworks import Array, Undo, load, together
from ..carry import Carry
from ..patching import patch
from ..record import StepRecord
from .acts import ActWatcher
from .backends import Backend
from .calls import CallWatcher
from .functions import FunctionWatcher
from .sights import Settings, Strangers

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True


class Watcher:
    """Fills a StepRecord while a step runs.  Lives over several steps, to see what is carried."""

    def __init__(
        self,
        backend: Backend,
        model: Any,
        variables: dict[str, Any],
        layers: dict[int, str],
        call_watcher: type[CallWatcher] = CallWatcher,
    ) -> None:
        self.keras = load("keras")
        self.backend = backend
        self.model = model
        self.variables = variables
        self.layers = layers
        self._call_watcher = call_watcher
        self._root = f"{layers[id(model)]} ({type(model).__name__})"
        self.names = {
            id(handle): name for name, v in variables.items() for handle in backend.handles(v)
        }
        self.optimizers: list[Any] = []
        self.acts = ActWatcher(self, StepRecord())  # of the step at hand
        self.root_call: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        self.on_new_optimizer: Callable[[Any, list[Any]], None] = lambda optimizer, held: None
        self.plain: set[str] = set()  # the names of variables that the model does not list
        self.root_output: Any = None  # of the step that is watched
        self.strangers = Strangers(model, layers, backend)
        self._settings: Settings | None = None
        self._held: set[int] = set()  # ids of the variables that were updated
        self._carry = Carry()

    def watch(self, stack: ExitStack, record: StepRecord) -> None:
        """Patch everything until the stack closes."""
        stack.callback(setattr, self, "acts", self.acts)
        self.acts = ActWatcher(self, record)
        self.acts.watch(stack)
        self.root_output = None
        if self.backend.trains_in_place:
            self.strangers.begin()
            self._settings = Settings(record, self.variables, self.backend)
            stack.callback(self._done, record)
        self.backend.watch(stack, self, record)
        base = load("keras.src.optimizers.base_optimizer").BaseOptimizer
        patch(stack, base, "apply", self._on_update(record))
        scaler = self.keras.optimizers.LossScaleOptimizer
        patch(stack, scaler, "apply", self._on_scaled_update)
        stack.enter_context(self.calls_seen(record))

    def _done(self, record: StepRecord) -> None:
        if self._settings is not None:
            self._settings.done()
            self._settings = None
        self.strangers.tell(record, self._held)

    def save(self, record: StepRecord) -> Undo:
        """Note what has been seen; the function returned forgets what was seen since."""
        return together(
            _noted(record, *vars(record)),
            _noted(self._carry, *vars(self._carry)),
            _noted(self, "_held", "optimizers", "root_call", "root_output"),
        )

    @contextmanager
    def rehearsing(self, record: StepRecord) -> Iterator[None]:
        """Inside, nothing that is seen counts."""
        undo, meet = self.save(record), self.on_new_optimizer
        self.on_new_optimizer = lambda optimizer, held: None
        try:
            yield
        finally:
            self.on_new_optimizer = meet
            undo()

    @contextmanager
    def calls_seen(self, record: StepRecord) -> Iterator[None]:
        """Record layer calls, and the loss and dropout functions called inside."""
        with ExitStack() as stack:
            calls = self._call_watcher(self, record)
            calls.watch(stack)
            FunctionWatcher(self.backend, record, calls.path).watch(stack)
            yield

    def calling(
        self, record: StepRecord, layer: Any, path: list[str], args: Any, kwargs: Any
    ) -> None:
        """A layer is about to be called inside of those in `path`."""
        if self._root in path and self.backend.trains_in_place:
            self.strangers.called(layer)
        if layer is self.model:
            if self._settings is not None and "forward" not in record.events:
                self._settings.forward()
            record.events.append("forward")
            self.acts.forward(args, kwargs)
            call = self.backend.known((args, kwargs))
            if self.root_call is None:
                self.root_call = call

    def returned(self, record: StepRecord, output: Any) -> Any:
        """The model returned one tensor.  The result goes on in its place."""
        if record.outputs is not None:
            return output
        record.outputs = self.backend.array(output)
        self.root_output = output
        return self.backend.output_seen(self, record, output)

    def note_gradient(
        self, record: StepRecord, name: str, gradient: Array | None, tensor: Any = None
    ) -> None:
        """A backward pass computed this gradient of a weight, or none."""
        if gradient is None:
            record.fresh.setdefault(name, None)
            return
        record.stored[name] = True
        self.acts.gradient(name, gradient, tensor)
        self._carry.computed(record, name, gradient)

    def output(self) -> list[Any]:
        """What the model returned in this step, if it was one float tensor.

        And the logits behind its softmax or sigmoid, where Keras' crossentropies may start.
        """
        output = self.root_output
        if output is None or not self.backend.is_float(output):
            return []
        logits = getattr(output, "_keras_logits", None)
        return [output] if logits is None else [output, logits]

    def unasked(self, asked: set[str | None]) -> list[Any]:
        """Variables in use that the model does not list, and the step does not ask for."""
        plain = [v for name, v in self.variables.items() if name in self.plain]
        ids = {
            id(h) for v in plain for h in self.backend.handles(v) if self.names.get(id(h)) in asked
        }
        return [v for v in (*plain, *self.strangers.variables()) if id(v) not in ids]

    def note_output_gradient(self, record: StepRecord, gradients: list[Any]) -> None:
        """The gradient of a loss by the model's output, the first of these that there is."""
        gradient = next((gradient for gradient in gradients if gradient is not None), None)
        if gradient is None or (array := self.backend.array(gradient)) is None:
            return
        earlier = record.output_gradient
        record.output_gradient = array if earlier is None else earlier + array

    def _on_update(self, record: StepRecord) -> Callable[..., Any]:
        def apply(
            original: Any, optimizer: Any, grads: Any, trainable_variables: Any = None
        ) -> Any:
            given = None if trainable_variables is None else list(trainable_variables)
            if given is not None and not optimizer.built:
                optimizer.build(given)
            held = optimizer._trainable_variables if given is None else given
            grads = list(grads)
            self.note_update(record, optimizer, held, grads)
            self.updating()
            with self.acts.not_seen():  # an optimizer clips by itself if told to
                result = original(optimizer, grads, given)
            self.updated()
            return result

        return apply

    def updating(self) -> None:
        """An optimizer is about to write."""
        if self._settings is not None:
            self._settings.updating()

    def updated(self) -> None:
        """An optimizer has written."""
        if self._settings is not None:
            self._settings.updated()

    def _on_scaled_update(
        self, original: Any, scaler: Any, grads: Any, trainable_variables: Any = None
    ) -> Any:
        """A LossScaleOptimizer: the one inside it updates, if the gradients are finite."""
        given = list(trainable_variables) if trainable_variables is not None else None
        if given is not None and not scaler.built:
            scaler.build(given)
        if not any(known is scaler for known in self.optimizers):
            self._know(scaler, [])
        return original(scaler, grads, given)

    def _meet(self, record: StepRecord, optimizer: Any, held: list[Any]) -> None:
        if not any(known is optimizer for known in self.optimizers):
            # Beside state of its own, every one has a count of steps and a rate.
            record.first_met += len(getattr(optimizer, "variables", ())) > 2
            self._know(optimizer, held)

    def _know(self, optimizer: Any, held: list[Any]) -> None:
        self.on_new_optimizer(optimizer, held)
        self.optimizers.append(optimizer)

    def note_update(
        self, record: StepRecord, optimizer: Any, held: list[Any], gradients: list[Any]
    ) -> None:
        """An optimizer is about to update the variables it holds."""
        self._meet(record, optimizer, held)
        self._held |= {id(v) for v in held}
        record.events.append("update")
        self.acts.update(optimizer, held, gradients)
        record.optimizers.append(type(optimizer).__name__)
        if self.backend.trains_in_place:  # or its rate is none to be read yet
            self._note_rate(record, optimizer, held)
        for value, variable in zip(gradients, held, strict=False):
            self._note_use(record, value, variable)

    def _note_rate(self, record: StepRecord, optimizer: Any, held: list[Any]) -> None:
        rate = max(self.backend.rates(optimizer), default=0.0)
        record.rates.update((self.names[id(v)], rate) for v in held if id(v) in self.names)
        unread = vars(optimizer).get("lr")
        if isinstance(unread, (int, float)) and not np.isclose(unread, rate):
            record.unread_rates[type(optimizer).__name__] = unread, rate

    def _note_use(self, record: StepRecord, value: Any, variable: Any) -> None:
        name = self.names.get(id(variable))
        if name is None:
            record.strangers += 1
            return
        owner = self.acts.owner(value) or self.backend.owner(self, value)
        if owner is not None and owner != name:
            record.misapplied[name] = owner
        used = None if value is None else self.backend.array(value)
        self._carry.used(record, name, used, before=self._carry.last.get(name))


def _noted(thing: Any, *names: str) -> Undo:
    """Of an object's attributes; containers as they are filled now."""
    values = {name: vars(thing)[name] for name in names}
    values |= {n: copy(v) for n, v in values.items() if isinstance(v, (dict, list, set))}
    return lambda: vars(thing).update(values)
