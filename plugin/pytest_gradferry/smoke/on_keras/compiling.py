"""`tf.function`s in a step: as they are, traced anew, and run eagerly."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from ...frameworks import Undo, load
from ...keras_layers import layers_of
from ..compiling import Compiling, Keeper, Kept, Traced, keepers
from ..held import global_generators
from ..tree import leaves, map_arrays

if TYPE_CHECKING:
    from .trainee import KerasTrainee

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

_KERAS_STEP = "one_step_on_data"  # what Keras hands to tf.function to run train_step


class KerasCompiling(Compiling):
    """See `Compiling`."""

    eager_reason = "the step runs eagerly: no tf.function is called in it"

    def __init__(self, trainee: KerasTrainee, draws_from_kernels: Callable[[], bool]) -> None:
        self._trainee = trainee
        self._draws_from_kernels = draws_from_kernels
        self._tf = load("tensorflow")
        self._keepers = keepers(trainee.held, global_generators())
        self._drawn_by_xla = False
        self._function = type(self._tf.function(lambda: None))
        self.epsilon = _epsilon(trainee.model)

    def absent(self) -> str:
        return ""

    def unlike(self) -> str:
        table = load("keras.src.backend.common.global_state")
        drawn = table.get_global_attribute("global_seed_generator") is not None
        if drawn or self._draws_from_kernels():
            return (
                "the step draws from TensorFlow's or Keras' global generator, which gives other "
                "numbers in a graph"
            )
        if self._drawn_by_xla:
            return "the step draws random numbers, of which XLA (jit_compile=True) makes others"
        return ""

    @contextmanager
    def compiled(self, seen: dict[Any, Traced]) -> Iterator[None]:
        with self._calls(lambda function, args, kwargs: self._noted(seen, function, args, kwargs)):
            yield

    @contextmanager
    def anew(self, seen: dict[Any, Traced], tensors: bool = False) -> Iterator[None]:
        clones: dict[int, tuple[Any, Any]] = {}  # with the original, so that no id comes twice

        def call(function: Any, args: Any, kwargs: Any) -> Any:
            _, clone = clones.setdefault(id(function), (function, function._clone(None)))
            if tensors:
                args, kwargs = map_arrays(self._as_tensor, (args, kwargs))
            return self._noted(seen, clone, args, kwargs)

        with self._calls(call):
            yield

    @contextmanager
    def eager(
        self, kept: list[Kept] | None = None, frozen: Iterable[Keeper] = ()
    ) -> Iterator[None]:
        frozen, first = list(frozen), dict[int, tuple[Any, list[Undo]]]()
        notes = [Kept(keeper) for keeper in self._keepers]
        if kept is not None:
            kept += notes

        def call(function: Any, args: Any, kwargs: Any) -> Any:
            before = [keeper.save() for keeper in frozen]
            later = id(function) in first
            for undo in first.setdefault(id(function), (function, before))[1]:
                undo()
            entered = [note.keeper.read() for note in notes] if kept is not None else []
            seeds = self._trainee.seeds_now() if function._jit_compile else []
            result = self._original(function, *args, **kwargs)
            if function._jit_compile and not all(
                map(np.array_equal, seeds, self._trainee.seeds_now())
            ):
                self._drawn_by_xla = True
            for note, value in zip(notes, entered, strict=False):
                note.entered.append(value)
                note.left.append(note.keeper.read())
            for undo in before if later else ():
                undo()
            return result

        config = self._tf.config
        with ExitStack() as stack:
            stack.callback(config.run_functions_eagerly, config.functions_run_eagerly())
            config.run_functions_eagerly(True)
            stack.enter_context(self._calls(call))
            yield

    @contextmanager
    def _calls(self, handle: Callable[[Any, Any, Any], Any]) -> Iterator[None]:
        """Every call of a tf.function from outside of any goes through `handle`."""
        inside = False
        original = self._original = self._function.__call__

        def call(function: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal inside
            if inside or "site-packages/tensorflow/" in _file(function):
                return original(function, *args, **kwargs)
            inside = True
            try:
                return handle(function, args, kwargs)
            finally:
                inside = False

        with mock.patch.object(self._function, "__call__", call):
            yield

    def _noted(self, seen: dict[Any, Traced], function: Any, args: Any, kwargs: Any) -> Any:
        traced = seen.setdefault(self._key(function), Traced(self._name(function)))
        before = function.experimental_get_tracing_count()
        generators = {k.name: k.read for k in self._keepers if k.draws}
        states = {name: repr(read()) for name, read in generators.items()}
        try:
            return self._original(function, *args, **kwargs)
        finally:
            traced.traces.append(function.experimental_get_tracing_count() - before)
            if not traced.traces[-1]:
                traced.draws |= {n for n, r in generators.items() if repr(r()) != states[n]}
            traced.objects[id(function)] = function
            traced.numbers.append(tuple(x for x in leaves((args, kwargs)) if _is_number(x)))

    @staticmethod
    def _key(function: Any) -> Any:
        """The same for functions that were made anew from the same code."""
        return getattr(inspect.unwrap(function.python_function), "__code__", id(function))

    def _name(self, function: Any) -> str:
        name = getattr(function.python_function, "__name__", "a tf.function")
        if name == _KERAS_STEP:
            return f"{type(self._trainee.model).__name__}.train_step"
        return name

    def _as_tensor(self, leaf: Any) -> Any:
        return self._tf.constant(leaf) if _is_number(leaf) else leaf


def _is_number(thing: Any) -> bool:
    return isinstance(thing, (int, float)) and not isinstance(thing, bool)


def _file(function: Any) -> str:
    code = getattr(inspect.unwrap(function.python_function), "__code__", None)
    return "" if code is None else str(code.co_filename)


def _epsilon(model: Any) -> float:
    found = {str(getattr(layer, "compute_dtype", "float32")) for layer in layers_of(model)}
    known = {"float16": float(np.finfo(np.float16).eps), "bfloat16": 2.0**-7}
    return max((known.get(dtype, Compiling.epsilon) for dtype in found), default=Compiling.epsilon)
