"""What one forward pass computed, as a graph of operations and values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from ...layout import Array
from ...sides.side import Event, Side

# A result, and what takes a gradient of it back to what it was made of.
Pulled = tuple[Array, Callable[[Array], list[Array]]]


@dataclass(frozen=True)
class Site:
    """Who called an operation.

    `name` is what was called, `text` the same with its arguments; `where` the user's line
    ("net.py:12"), empty where no code of the user's stands behind it; `layer` the framework's own
    layer that did it. `call` tells one call from the next: operations of one call of `gelu` share
    it. `axes` are the arguments that number axes.
    """

    name: str
    text: str
    where: str
    call: Hashable
    key: Hashable  # the same in another forward pass
    layer: str = ""
    axes: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.layer} ({self.text})" if self.layer else self.text


def as_axes(given: Any) -> tuple[int, ...]:
    """An `axis=` or `dim=`: a number or several; nothing else."""
    several = given if isinstance(given, (list, tuple)) else (given,)
    plain = tuple(a for a in several if isinstance(a, int) and not isinstance(a, bool))
    return plain if len(plain) == len(several) else ()


@dataclass(eq=False)
class Value:
    """A tensor, copied. `fed`: it depends on the model's inputs."""

    array: Array
    fed: bool
    maker: Operation | None = None
    place: int = 0  # among the model's inputs or the outputs of its maker
    returned: Hashable = None  # which call of a layer handed it out

    @property
    def floats(self) -> bool:
        return self.array.dtype.kind == "f"

    @property
    def index(self) -> int:
        """When it was made; what the model is fed comes first."""
        return -1 if self.maker is None else self.maker.index

    @property
    def ends(self) -> bool:
        """It is what a call hands out."""
        return self.maker is None or self.maker.last

    @property
    def address(self) -> Hashable:
        """Where it is found in another pass of the model: what a layer hands out by that layer,
        which may compute it otherwise in training."""
        if self.returned is not None:
            return self.returned
        return (None if self.maker is None else self.maker.key, self.place)


@dataclass(eq=False)
class Operation:
    """`again` repeats it on other native tensors, given in the order of `inputs`; the result
    corresponds to `outputs`."""

    index: int
    site: Site
    key: Hashable  # the same in another forward pass
    inputs: list[Value]
    outputs: list[Value]
    again: Callable[[list[Any]], list[Any]]
    last: bool = True  # of its call

    @property
    def idle(self) -> bool:
        """Its output is its input: a cast, a dropout that rests."""
        output = self.outputs[0].array
        return any(np.array_equal(value.array, output) for value in self.inputs)


@dataclass
class Stream:
    operations: list[Operation] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    positions: dict[int, int] = field(default_factory=dict)  # of events, by id: operations before
    events: list[Event] = field(default_factory=list)
    outputs: Any = None

    def values(self) -> Iterator[Value]:
        """All that depend on the inputs, in the order they were made."""
        yield from self.inputs
        for operation in self.operations:
            yield from (value for value in operation.outputs if value.fed)


class Events(list[Event]):
    """The events of a trace that note which operation each came after."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream

    def append(self, event: Event) -> None:
        self._stream.positions[id(event)] = len(self._stream.operations)
        super().append(event)


def bounded(call: Callable[..., Any], inputs: Any, training: bool) -> Any:
    """Frames outside this one are not the model's."""
    return call(inputs, training)


@contextmanager
def around_calls(side: Side, listening: Callable[[Any], Any]) -> Iterator[None]:
    """Each call of the side's model runs inside `listening(inputs)`, a context; who comes later
    hears what those before have left."""
    listeners = side.__dict__.setdefault("listeners", [])
    listeners.append(listening)
    if len(listeners) == 1:
        side.__dict__["call"] = _heard(side.call, listeners)
    try:
        yield
    finally:
        listeners.remove(listening)
        if not listeners:
            del side.__dict__["call"], side.__dict__["listeners"]


def _heard(plain: Callable[..., Any], listeners: list[Callable[[Any], Any]]) -> Callable[..., Any]:
    def call(inputs: Any, training: bool) -> Any:
        with ExitStack() as stack:
            for listening in listeners:
                stack.enter_context(listening(inputs))
            return bounded(plain, inputs, training)

    return call


class Busy:
    """Operations of gradferry's own that no listener is to hear."""

    now = False

    @classmethod
    @contextmanager
    def working(cls) -> Iterator[None]:
        before, cls.now = cls.now, True
        try:
            yield
        finally:
            cls.now = before


def recorded(side: Side, stream: Stream, inputs: Any, training: bool) -> Stream:
    """Run the model once while a listener fills `stream`, and note its layers' calls too."""
    events = Events(stream)
    side.recording = events
    try:
        stream.outputs = side.forward(inputs, training)
    finally:
        side.recording = None
    stream.events = list(events)
    for one, after in pairwise(stream.operations):
        one.last = one.site.call != after.site.call
    return stream
