"""Keras on JAX."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from ....frameworks import Array, Undo, get, load
from ...errors import SmokeError
from ...held import Place
from ...patching import patch
from ...record import StepRecord
from ...tree import map_arrays
from .backend import Backend, Step, packed
from .jax_program import Program, Sights, jitted
from .jax_state import OwnState

if TYPE_CHECKING:
    from ..loop import Weighing
    from ..trainee import KerasTrainee
    from ..watch import Watcher

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

_STATE = ("trainable_variables", "non_trainable_variables", "optimizer_variables")


class JaxBackend(Backend):
    """Steps are pure functions of the weights, which reach the model through a StatelessScope.

    While one is watched nothing is compiled but whole programs, and each weight that a scope is
    given passes through a function of our own, whose backward pass is told the weight's gradient.
    """

    keeps_statistics = False

    def __init__(self) -> None:
        self.framework = get("keras")
        self._own: OwnState | None = None
        self._sights = Sights()
        self._places: list[tuple[Place, Program]] = []  # of functions that the user has compiled
        self._steps_are_pure = False
        # by what is evaluated of which model; kept, so that its id stays its own
        self._evaluations: dict[tuple[Any, ...], tuple[Program, Any]] = {}

    def is_abstract(self, tensor: Any) -> bool:
        value = _value(tensor)
        return isinstance(value, jax.core.Tracer) and not self._sights.now.knows(value)

    def array(self, tensor: Any) -> Array | None:
        value = self._known(tensor)
        return None if isinstance(value, jax.core.Tracer) else super().array(value)

    def known(self, tree: Any) -> Any:
        return map_arrays(lambda leaf: self._known(leaf) if self.is_tensor(leaf) else leaf, tree)

    def _known(self, tensor: Any) -> Any:
        """The value of a tensor, or itself where it has none."""
        value = _value(tensor)
        return self._sights.now.value(value) if self._sights.now.knows(value) else value

    def evaluate(
        self,
        function: Callable[[Any], Any],
        given: Any,
        of: tuple[Any, ...],
        watcher: Watcher,
        record: StepRecord,
    ) -> Any:
        if not self._steps_are_pure:
            return function(given)
        model, *what = of
        variables = model.variables
        known = (id(model), *what, *(v.trainable for v in variables))

        def pure(values: Any, given: Any) -> Any:
            mapping = list(zip(variables, values, strict=True))
            with load("keras").StatelessScope(mapping, collect_losses=True):
                return function(given)

        if known not in self._evaluations:
            program = Program(pure, lambda values, given: function(given), self._sights)
            self._evaluations[known] = program, of
        with self._sights.watching(watcher, record):
            return self._evaluations[known][0]([v.value for v in variables], given)

    def rewritten(self) -> AbstractContextManager[None]:
        return self._sights.off()

    # state: in the model's variables, or in arrays that the user's step keeps

    def again(self, thing: Any) -> Callable[[], Any] | None:
        return _revive(thing) if isinstance(thing, jax.Array) else super().again(thing)

    def save_variables(self, variables: Iterable[Any]) -> Undo:
        """A compiled step may have been given the arrays of any to overwrite, before or since."""
        again = [(variable, _revive(variable._value)) for variable in variables]

        def undo() -> None:
            for variable, revived in again:
                variable._value = revived()

        return undo

    def find_state(self, trainee: KerasTrainee) -> Undo:
        if not trainee.own_step:
            self._steps_are_pure = True
            return super().find_state(trainee)
        for place in trainee.held.places:
            function = jitted(compiled := place.get())
            if function is not None:
                self._places.append((place, Program(function, compiled, self._sights)))
        self._steps_are_pure = bool(self._places)
        own = OwnState(
            trainee.held, trainee.model.variables, lambda t: self._sights.now.argument(t)
        )
        before = [v._value for v in trainee.model.variables]
        take_out, undo = self._put_programs(), trainee.save()
        with ExitStack() as stack:
            record, watcher = StepRecord(), trainee.watcher
            watcher.watch(stack, record)
            stack.enter_context(watcher.rehearsing(record))
            patch(stack, load("keras").StatelessScope, "__init__", own.note_scope)
            try:
                trainee.step()
            except Exception:
                return take_out  # for the watched step to tell
            finally:
                after = [v._value for v in trainee.model.variables]
                undo()
        if own.found:
            self._own = own
        elif own.elsewhere and all(map(operator.is_, before, after)):
            take_out()
            raise SmokeError(
                "the step trains arrays that are neither the model's variables nor kept where the "
                "step can be seen to keep them: hold them in a variable of an enclosing function, "
                "an attribute, a list or a dict, or assign them to the model's variables"
            )
        return take_out

    def _put_programs(self) -> Undo:
        """In the places of the functions that the user has compiled."""
        before = [place.get() for place, _ in self._places]
        for place, program in self._places:
            place.set(program)

        def take_out() -> None:
            for (place, _), compiled in zip(self._places, before, strict=True):
                place.set(compiled)

        return take_out

    def read(self, variable: Any) -> Array:
        if self._own is not None and self._own.holds(variable):
            return self.framework.to_numpy(self._own.read(variable))
        return super().read(variable)

    def write(self, variable: Any, value: Array) -> None:
        super().write(variable, value)
        if self._own is not None and self._own.holds(variable):
            self._own.write(variable, jax.numpy.array(value, dtype=variable.dtype))

    def in_variables(self) -> bool:
        return self._own is None

    def settle(self, model: Any) -> None:
        for variable in model.variables if self._own is not None else ():
            super().write(variable, self.read(variable))

    def learning_rates(self, optimizer: Any) -> list[float]:
        """The rate in a state of the user's own is not the optimizer's to set."""
        return [] if self._own is not None else super().learning_rates(optimizer)

    def rates(self, optimizer: Any) -> list[float]:
        return [] if self._own is not None else super().rates(optimizer)

    # steps

    def make_step(self, model: Any, value: Step, optimizer: Any) -> Step:
        scope_class = load("keras").StatelessScope

        def pure(weights: Any, state: Any, slots: Any, inputs: Any, targets: Any) -> Any:
            def loss_of(weights: Any) -> Any:
                variables = [*model.trainable_variables, *model.non_trainable_variables]
                mapping = list(zip(variables, [*weights, *state], strict=True))
                with scope_class(mapping, collect_losses=True) as scope:
                    loss = value(inputs, targets)
                moved = [scope.get_current_value(v) for v in model.non_trainable_variables]
                return loss, moved

            (loss, moved), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights)
            weights, slots = optimizer.stateless_apply(slots, gradients, weights)
            return loss, weights, moved, slots

        program = Program(pure, jax.jit(pure), self._sights)

        def step(inputs: Any, targets: Any) -> Any:
            if not optimizer.built:
                optimizer.build(model.trainable_variables)
            groups = model.trainable_variables, model.non_trainable_variables, optimizer.variables
            loss, *after = program(*([v.value for v in group] for group in groups), inputs, targets)
            for group, values in zip(groups, after, strict=True):
                for variable, new in zip(group, values, strict=True):
                    variable.assign(new)
            return loss

        return step

    def compiled_step(self, model: Any, weighing: Weighing) -> Step:
        own_loop = type(model).make_train_function is not load("keras").Model.make_train_function

        def fitted(state: Any, batch: Any) -> Any:
            return model.train_function(state, iter([batch]))

        program = Program(model.train_step, fitted, self._sights)

        def step(inputs: Any, targets: Any) -> Any:
            weights = weighing.of(targets)
            model._symbolic_build(data_batch=(inputs, targets, weights))
            model.make_train_function()
            model.reset_metrics()
            groups = dict.fromkeys((*_STATE, "metrics_variables"), True)
            state = model._get_jax_state(**groups)
            model._jax_state_synced = False
            compiled = model.jit_compile and not (model.run_eagerly or own_loop)
            take = program if compiled else fitted
            logs, state = take(state, packed(inputs, targets, weights))
            model._jax_state = dict(zip(groups, state, strict=True))
            model.jax_state_sync()
            return logs

        return step

    # watching

    def watch(self, stack: ExitStack, watcher: Watcher, record: StepRecord) -> None:
        stack.enter_context(jax.disable_jit())
        stack.enter_context(self._sights.watching(watcher, record))

        def scope(original: Any, scope: Any, state_mapping: Any = None, *a: Any, **k: Any) -> None:
            mapping = [
                (variable, self._watched(watcher, record, variable, value))
                for variable, value in state_mapping or ()
            ]
            original(scope, mapping, *a, **k)

        patch(stack, load("keras").StatelessScope, "__init__", scope)

    def _watched(self, watcher: Watcher, record: StepRecord, variable: Any, value: Any) -> Any:
        """The value with its gradient told to the watcher, if it is being differentiated."""
        name = watcher.names.get(id(variable))
        plain = not isinstance(value, jax.core.Tracer) or self._sights.now.knows(value)
        if name is None or plain:
            return value
        record.asked = (record.asked or set()) | {name}
        watcher.note_gradient(record, name, None)

        def note(gradient: Any) -> None:
            array = self.array(gradient)
            if array is not None:
                record.backward()
                watcher.note_gradient(record, name, array)

        return _telling(value, note)

    def output_seen(self, watcher: Watcher, record: StepRecord, output: Any) -> Any:
        if not isinstance(output, jax.core.Tracer) or self._sights.now.knows(output):
            return output
        return _telling(output, lambda g: watcher.note_output_gradient(record, [g]))


def _telling(value: Any, note: Callable[[Any], None]) -> Any:
    """The value, whose gradient is told."""

    @jax.custom_vjp
    def same(value: Any) -> Any:
        return value

    def forward(value: Any) -> Any:
        return value, None

    def backward(_: Any, gradient: Any) -> Any:
        note(gradient)
        return (gradient,)

    same.defvjp(forward, backward)
    return same(value)


def _value(tensor: Any) -> Any:
    """Of a tensor that is being differentiated, which is known unless it is compiled too."""
    while isinstance(tensor, jax.core.Tracer) and hasattr(tensor, "primal"):
        tensor = tensor.primal
    return tensor


def _revive(array: Any) -> Callable[[], Any]:
    """The array itself, or one like it if a compiled step was given it to overwrite."""
    if array.is_deleted() or jax.numpy.issubdtype(array.dtype, jax.dtypes.prng_key):
        return lambda: array
    copy = np.array(array)
    return lambda: jax.numpy.array(copy) if array.is_deleted() else array
