"""`torch.compile` on the model of a step, and the same step run eagerly."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from ...frameworks import load, loaded
from ..compiling import Compiling, Keeper, Kept, Traced

if TYPE_CHECKING:
    from .trainee import TorchTrainee

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True


class TorchCompiling(Compiling):
    """See `Compiling`.

    A model that is compiled already is compared as it is.  Any other is compiled in place, for the
    run, by Dynamo and AOTAutograd; Inductor's code generation is left out, which takes a compiler,
    processes of its own and a minute.
    """

    def __init__(self, trainee: TorchTrainee, step: Any) -> None:
        self._trainee = trainee
        self._compiled = _is_compiled(trainee.model) or hasattr(step, "_torchdynamo_orig_callable")
        self.slow = not self._compiled
        self.epsilon = max(
            (
                trainee.torch.finfo(p.dtype).eps
                for p in trainee.model.parameters()
                if p.is_floating_point()
            ),
            default=Compiling.epsilon,
        )
        self._drawn: set[str] = set()
        self._breaks: list[str] = []

    def watched(self) -> AbstractContextManager[Any]:
        """Eager: hooks in compiled code would be compiled with it.

        A step may call what it has compiled of a model that is not.  Nothing is compiled before
        torch._dynamo is imported, which takes seconds.
        """
        compiler = self._trainee.torch.compiler
        if loaded("torch._dynamo") is None or not hasattr(compiler, "set_stance"):
            return nullcontext()
        stance: AbstractContextManager[Any] = compiler.set_stance("force_eager")
        return stance

    def absent(self) -> str:
        return ""

    def unlike(self) -> str:
        others = self._drawn - ({"torch"} if not self._compiled else set())
        if not others:
            return ""
        return f"the step draws from {' and '.join(sorted(others))}, compiled with other numbers"

    @contextmanager
    def compiled(self, seen: dict[Any, Traced]) -> Iterator[None]:
        model, name = self._trainee.model, type(self._trainee.model).__name__
        traced = seen.setdefault(name, Traced(name, objects={id(model): model}))
        with ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")  # what torch.compile warns of on its way
            if self._compiled:
                yield
                return
            counters = stack.enter_context(_dynamo_as_it_was())
            inner = load("torch").compile(model._call_impl, backend="aot_eager")

            def call(*args: Any, **kwargs: Any) -> Any:
                before = counters["frames"]["ok"]
                try:
                    return inner(*args, **kwargs)
                finally:
                    traced.traces.append(counters["frames"]["ok"] - before)

            stack.callback(setattr, model, "_compiled_call_impl", model._compiled_call_impl)
            model._compiled_call_impl = call
            yield
            told = [*counters["graph_break"], *counters["unimplemented"]]
            self._breaks = [reason.splitlines()[0] for reason in told]

    @contextmanager
    def eager(
        self, kept: list[Kept] | None = None, frozen: Iterable[Keeper] = ()
    ) -> Iterator[None]:
        torch = self._trainee.torch
        states: dict[str, Callable[[], Any]] = {
            "torch": lambda: torch.get_rng_state().numpy().tobytes(),
            "np.random": lambda: repr(np.random.get_state()),
            "random": lambda: repr(random.getstate()),
        }
        before: dict[str, Any] = {}

        def enter(*_: Any) -> None:
            before.update({name: state() for name, state in states.items()})
            if torch.is_autocast_enabled("cpu") or torch.is_autocast_enabled("cuda"):
                self.epsilon = 2.0**-7

        def leave(*_: Any) -> None:
            self._drawn |= {name for name, state in states.items() if state() != before[name]}

        with ExitStack() as stack:
            stack.enter_context(self.watched())
            if not self._compiled:
                model = self._trainee.model
                stack.enter_context(model.register_forward_pre_hook(enter))
                stack.enter_context(model.register_forward_hook(leave))
            yield

    def recompiled_for(self, train: Callable[[AbstractContextManager[Any]], Any]) -> str:
        model = self._trainee.model
        modules = dict(model.named_modules())
        found: list[dict[tuple[str, str], Any]] = []

        def note(*_: Any) -> None:
            found.append({(n, k): v for n, m in modules.items() for k, v in _numbers(m).items()})

        train(self._eager_with(note))
        changed = [key for key, value in found[0].items() if found[-1].get(key, value) != value]
        if not changed:
            return ""

        def put_back(*_: Any) -> None:
            for name, key in changed:
                setattr(modules[name], key, found[0][name, key])

        seen: dict[Any, Traced] = {}
        train(self._held_fast(seen, put_back))
        put_back()
        if any(traces for traced in seen.values() for traces in traced.traces[2:]):
            return ""
        name, key = changed[0]
        return f"{type(modules[name]).__name__}.{key}"

    @contextmanager
    def _eager_with(self, hook: Callable[..., None]) -> Iterator[None]:
        with self.eager(), self._trainee.model.register_forward_pre_hook(hook):
            yield

    @contextmanager
    def _held_fast(self, seen: dict[Any, Traced], put_back: Callable[[], None]) -> Iterator[None]:
        with self.compiled(seen):
            model = self._trainee.model
            compiled = model._compiled_call_impl

            def call(*args: Any, **kwargs: Any) -> Any:
                put_back()
                return compiled(*args, **kwargs)

            model._compiled_call_impl = call
            yield

    def remark(self) -> str:
        if not self._breaks:
            return ""
        count = len(self._breaks)
        return f"{count} graph break{'s' * (count > 1)}: {self._breaks[0][:120]}"


def _numbers(module: Any) -> dict[str, Any]:
    return {key: value for key, value in vars(module).items() if isinstance(value, (int, float))}


def _is_compiled(model: Any) -> bool:
    modules = list(model.modules())
    kind = type(model).__module__
    return kind.startswith("torch._dynamo") or any(
        getattr(module, "_compiled_call_impl", None) is not None
        or type(module).__module__.startswith("torch._dynamo")
        for module in modules
    )


@contextmanager
def _dynamo_as_it_was() -> Iterator[Any]:
    """Dynamo's counters, empty inside; what it compiled is dropped if it had compiled nothing yet.

    There is no way to drop the one without the other: code of the user's own stays compiled, then.
    """
    dynamo = load("torch._dynamo")
    counters = load("torch._dynamo.utils").counters
    noted = {name: counter.copy() for name, counter in counters.items()}
    counters.clear()
    try:
        yield counters
    finally:
        counters.clear()
        counters.update(noted)
        if not noted.get("frames"):
            dynamo.reset()
