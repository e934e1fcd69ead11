"""What happens in what order in a torch training loop or step function.

`flows(file)` gives one `Flow` for the module and each function that loops or trains: its events
(forward, backward, step, zero, ...) in the order in which one turn runs them, helpers followed
wherever their source can be seen. Each event says which object it is about, in the terms of the
flow's root, and under which loops and branches it runs. A call that may matter and cannot be
followed is an event too, `Kind.OPAQUE`: "cannot see" is an answer, and rules stay silent then.

A rule asks, for instance, whether gradients are clipped after they were used:

    for flow in flows(file):
        for clip in flow.of(Kind.CLIP):
            step = flow.last_before(clip, Kind.STEP, Kind.BACKWARD)
            if step is not None and step.kind is Kind.STEP and step.loops == clip.loops: ...
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..source.names import framework
from ..source.project import home_of, mentions
from ..source.walk import FUNCTIONS, LOOPS, File, position, remembered_or
from .events import Event, Kind, common_loops, turns_once
from .follow import trace
from .things import imports_torch


@dataclass(eq=False)
class Flow:
    """The events of a module's or function's body, in order."""

    file: File
    root: ast.AST
    events: list[Event] = field(default_factory=list)

    def of(self, *kinds: Kind) -> list[Event]:
        """The events of these kinds."""
        return [event for event in self.events if event.kind in kinds]

    def within(self, loop: ast.AST, *kinds: Kind) -> list[Event]:
        """The events inside one of the flow's loops, of these kinds or all."""
        return [e for e in self.events if loop in e.loops and (not kinds or e.kind in kinds)]

    def before(self, event: Event, *kinds: Kind) -> Iterator[Event]:
        """What may have run earlier in the same turn, the nearest first."""
        for other in reversed(self.events[: event.order]):
            if (not kinds or other.kind in kinds) and not other.excludes(event):
                yield other

    def after(self, event: Event, *kinds: Kind) -> Iterator[Event]:
        """What may run later in the same turn, the nearest first."""
        for other in self.events[event.order + 1 :]:
            if (not kinds or other.kind in kinds) and not other.excludes(event):
                yield other

    def last_before(self, event: Event, *kinds: Kind) -> Event | None:
        return next(self.before(event, *kinds), None)

    def first_after(self, event: Event, *kinds: Kind) -> Event | None:
        return next(self.after(event, *kinds), None)

    def between(self, first: Event, last: Event, *kinds: Kind) -> list[Event]:
        """What may run after `first` and before `last`."""
        inner = self.events[first.order + 1 : last.order]
        return [
            e
            for e in inner
            if (not kinds or e.kind in kinds) and not e.excludes(first) and not e.excludes(last)
        ]


# What makes gradients, or may.
GRADIENTS = (Kind.BACKWARD, Kind.WRITE, Kind.OPAQUE)

_BACKWARD = frozenset(("backward", "manual_backward"))
_VERBS = frozenset("backward step zero_grad train eval".split())


@remembered_or(())
def flows(file: File) -> Sequence[Flow]:
    """The flows of a file: of its module body, and of each function that loops or holds a verb.

    A function that was followed from another one is left out: its events stand in that flow, with
    what its caller knows about its parameters.
    """
    found: list[Flow] = []
    followed: set[ast.AST] = set()
    for root in _roots(file):
        if root not in followed:
            events, entered = trace(file, root)
            followed |= entered
            found.append(Flow(file, root, events))
    return found


def _goes_backward(file: File) -> bool:
    """Whether a backward pass stands in a file or one it imports: nothing is trained without."""
    if any(node.attr in _BACKWARD for node in file.index[ast.Attribute]):
        return True
    names = [name for name in file.imports.values() if framework(name) is None]
    homes = {home_of(file, name) for name in names}
    return any(path is not None and mentions(path, "backward") for path in homes)


def _roots(file: File) -> Iterator[ast.AST]:
    """The module, then the functions, last first: who calls mostly stands below who is called."""
    if not imports_torch(file) and not any(a.attr in _VERBS for a in file.index[ast.Attribute]):
        return
    if not _goes_backward(file):
        return
    yield file.tree
    functions = file.index.of(*FUNCTIONS)
    for function in sorted(functions, key=position, reverse=True):
        inside = file.inside(function, nested=False)
        verbs = any(attribute.attr in _VERBS for attribute in inside[ast.Attribute])
        if verbs or any(inside[loop] for loop in LOOPS):
            yield function


__all__ = ["GRADIENTS", "Event", "Flow", "Kind", "common_loops", "flows", "turns_once"]
