"""More that is seen in one step of torch: weights set outside of updates, layers not listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ...frameworks import load
from ..places import place_of
from ..record import StepRecord, Unlisted
from ..verdict import remaining


class Settings:
    """Which weights a step sets itself, outside of the optimizers' updates.

    Keeps copies at the start, at the first forward pass and after each update.
    """

    def __init__(self, record: StepRecord, model: Any, tensors: dict[str, Any]) -> None:
        self._record, self._model, self._tensors = record, model, tensors
        self._start = self._copy()
        self._trainable = self._now_trainable()
        self._listed = dict(model.named_parameters())
        self._updated: dict[str, Any] | None = None
        self._frozen: dict[str, Any] = {}  # weights that are frozen while an update runs

    def _now_trainable(self) -> set[str]:
        return {name for name, tensor in self._tensors.items() if tensor.requires_grad}

    def _copy(self) -> dict[str, Any]:
        return {name: tensor.detach().clone() for name, tensor in self._tensors.items()}

    def _changed(self, since: dict[str, Any]) -> list[str]:
        now = self._tensors
        return [n for n, old in since.items() if not _same(now[n].detach(), old)]

    def forward(self) -> None:
        """The first forward pass begins."""
        if self._updated is None:
            self._record.set_before = self._changed(self._start)

    def updating(self) -> None:
        trainable = self._now_trainable()
        self._frozen = {n: value for n, value in self._copy().items() if n not in trainable}

    def updated(self) -> None:
        self._record.frozen_moved |= set(self._changed(self._frozen))
        self._updated = self._copy()

    def done(self) -> None:
        if self._updated is not None:
            self._record.set_after = self._changed(self._updated)
            names = [name for name in self._record.set_after if name in self._trainable]
            start, updated, end = (
                {name: values[name].cpu().double().numpy() for name in names}
                for values in (self._start, self._updated, self._copy() if names else {})
            )
            self._record.remaining = remaining(start, updated, end)
        now = dict(self._model.named_parameters())
        self._record.replaced = [n for n, t in self._listed.items() if now.get(n) is not t]
        trainable = self._now_trainable()
        self._record.frozen = sorted((self._trainable - trainable) & now.keys())


def _same(a: Any, b: Any) -> bool:
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())


class Strangers:
    """Modules with weights that the model calls, and that are none of its own.

    Lives over several steps: a module that is never seen twice is made anew in each.
    """

    def __init__(self, model: Any, known: list[Any]) -> None:
        self._model = model
        self._known = {id(module) for module in known}
        self._met: list[list[Any]] = []  # a list a step; holding them keeps their ids theirs

    @contextmanager
    def watch(self, record: StepRecord, held: Callable[[], set[int]]) -> Iterator[None]:
        """`held` gives the ids of the tensors that optimizers hold."""
        hooks = load("torch.nn.modules.module")
        inside: list[Any] = []
        met: list[Any] = []
        found: dict[int, list[Any]] = {}  # by module, what its weights were

        def before(module: Any, args: Any) -> None:
            if module is self._model or inside:
                inside.append(module)

        def after(module: Any, args: Any, output: Any) -> None:
            if not inside:
                return
            inside.pop()
            if inside and id(module) not in self._known and not any(m is module for m in met):
                met.append(module)
                own = module.parameters(recurse=False)
                found[id(module)] = [p.detach().clone() for p in own if p.requires_grad]

        with ExitStack() as stack:
            for handle in (
                hooks.register_module_forward_pre_hook(before),
                hooks.register_module_forward_hook(after, always_call=True),
            ):
                stack.callback(handle.remove)
            yield
        mine = {id(p) for p in self._model.parameters()}
        tensors = held()
        for module in met:
            own = [p for p in module.parameters(recurse=False) if p.requires_grad]
            if not any(p.grad is not None for p in own) or any(id(p) in mine for p in own):
                continue
            moved = not all(_same(p, old) for p, old in zip(own, found[id(module)], strict=False))
            before_now = any(m is module for step in self._met for m in step)
            place = place_of(self._model.named_modules(), module)
            record.unlisted.append(
                Unlisted(
                    type(module).__name__,
                    place,
                    trained=moved or any(id(p) in tensors for p in own),
                    made_anew=bool(self._met) and not before_now,
                )
            )
        self._met.append(met)
