"""Pure functions that are compiled as a whole, and whose values a watcher sees all the same.

Run operation by operation, as under `jax.disable_jit`, everything has a value when it is looked at;
but XLA compiles each operation for each shape, 200 of them in a step of a tiny model, at 30 ms.
Compiled as a whole, nothing has.  So a watched function is traced twice: in a rehearsal, from which
it is compiled with all that was looked at among its outputs, and again when those are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from ...record import StepRecord

if TYPE_CHECKING:
    from ..watch import Watcher

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

# Equations of a function that XLA still compiles faster than it would each operation by itself: a
# recurrent layer is unrolled, so that its cell is seen.
_LARGE = 1500

_UNOPTIMIZED = "jax_disable_most_optimizations"


class Sight:
    """The values of tracers: zeros in a rehearsal, which notes them, then those computed."""

    def __init__(self, values: list[Any] | None = None) -> None:
        self._trace: Any = None
        self._arguments: dict[int, Any] = {}
        self._values = values
        self._asked = 0
        self._lost = False
        self.noted: list[Any] = []

    def begin(self, tracers: Any, arguments: Any) -> None:
        """The function is entered: tracers are of the trace of its arguments, or inside another."""
        tracers = jax.tree.leaves(tracers)
        self._trace = tracers[0]._trace
        pairs = zip(tracers, jax.tree.leaves(arguments), strict=True)
        self._arguments = {id(tracer): argument for tracer, argument in pairs}

    def argument(self, tracer: Any) -> Any:
        """What the function was given for this, or itself."""
        return self._arguments.get(id(tracer), tracer)

    def knows(self, tracer: Any) -> bool:
        return self._trace is not None and getattr(tracer, "_trace", None) is self._trace

    def value(self, tracer: Any) -> Any:
        if self._values is None:
            self.noted.append(tracer)
            return np.zeros(tracer.shape, tracer.dtype)
        self._asked += 1
        value = self._values[self._asked - 1] if self._asked <= len(self._values) else None
        if value is None or value.shape != tracer.shape or value.dtype != tracer.dtype:
            self._lost = True  # other things are looked at now
            return np.zeros(tracer.shape, tracer.dtype)
        return value

    def exact(self) -> bool:
        """Whether the function looked at the same things as in its rehearsal."""
        return not self._lost and self._asked == len(self._values or ())


class Sights:
    """Whose step is watched, if any, and what is known in it; one for all programs of a backend."""

    def __init__(self) -> None:
        self.watched: tuple[Watcher, StepRecord] | None = None
        self.now = Sight()
        self._off = False

    @property
    def on(self) -> bool:
        return not self._off

    @contextmanager
    def watching(self, watcher: Watcher, record: StepRecord) -> Iterator[None]:
        before, self.watched = self.watched, (watcher, record)
        try:
            yield
        finally:
            self.watched = before

    @contextmanager
    def seeing(self, sight: Sight) -> Iterator[None]:
        before, self.now = self.now, sight
        try:
            yield
        finally:
            self.now = before

    @contextmanager
    def off(self) -> Iterator[None]:
        """Inside, what was compiled is not used: functions that it calls are others than then."""
        before, self._off = self._off, True
        try:
            yield
        finally:
            self._off = before


class Program:
    """A pure function of arrays; `otherwise` runs it where it cannot be compiled like this.

    What was compiled to be watched serves steps that nobody watches too.
    """

    def __init__(
        self, function: Callable[..., Any], otherwise: Callable[..., Any], sights: Sights
    ) -> None:
        self._function = function
        self._otherwise = otherwise
        self._sights = sights
        self._compiled: dict[Any, Callable[..., Any] | None] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._sights.on:
            return self._otherwise(*args, **kwargs)
        known = _signature((args, kwargs))
        if self._sights.watched is not None and known not in self._compiled:
            self._compiled[known] = self._compile(args, kwargs, *self._sights.watched)
        compiled = self._compiled.get(known)
        if compiled is None:
            return self._otherwise(*args, **kwargs)
        with jax.disable_jit(False):
            result, values = compiled(*args, **kwargs)
        if self._sights.watched is not None:
            watcher, record = self._sights.watched
            undo, sight = watcher.save(record), Sight(values)
            with self._sights.seeing(sight), jax.disable_jit():
                jax.eval_shape(self._seen(sight, args, kwargs), *args, **kwargs)
            if not sight.exact():
                undo()
                self._compiled[known] = None
                return self._otherwise(*args, **kwargs)
        return result

    def _seen(self, sight: Sight, *arguments: Any) -> Callable[..., Any]:
        def seen(*args: Any, **kwargs: Any) -> Any:
            sight.begin((args, kwargs), arguments)
            return self._function(*args, **kwargs), sight.noted

        return seen

    def _compile(
        self, args: Any, kwargs: Any, watcher: Watcher, record: StepRecord
    ) -> Callable[..., Any] | None:
        sight = Sight()
        try:
            with watcher.rehearsing(record), self._sights.seeing(sight), jax.disable_jit():
                traced = jax.jit(self._seen(sight, args, kwargs)).trace(*args, **kwargs)
            if len(traced.jaxpr.eqns) > _LARGE:
                return None
            with _quickly():
                compiled: Callable[..., Any] = traced.lower().compile()
            return compiled
        except Exception:
            return None  # `otherwise` raises it again, if it is the function's own


def _signature(tree: Any) -> Any:
    leaves, structure = jax.tree.flatten(tree)
    return structure, *((np.shape(x), getattr(x, "dtype", type(x))) for x in leaves)


@contextmanager
def _quickly() -> Iterator[None]:
    """Compiling takes longer here than running what was compiled."""
    config: Any = jax.config
    before = config.values[_UNOPTIMIZED]
    config.update(_UNOPTIMIZED, True)
    try:
        yield
    finally:
        config.update(_UNOPTIMIZED, before)


def jitted(thing: Any) -> Callable[..., Any] | None:
    """The function that the user has compiled, if all its arguments are arrays."""
    info, function = getattr(thing, "_jit_info", None), getattr(thing, "_fun", None)
    if info is None or not callable(function):
        return None
    static = getattr(info, "static_argnums", ()) or getattr(info, "static_argnames", ())
    return None if static else function
