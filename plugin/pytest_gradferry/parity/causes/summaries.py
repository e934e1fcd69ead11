"""What is taken of a recurrent layer's sequence: a step, a state of each direction, a mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ...frameworks import load
from ..compare import Comparison, relative
from ..layout import Array
from ..pairing.couples import Couple
from ..sides.side import Event, Side
from .glue import between
from .hypothesis import Hypothesis
from .localise import Afterwards, Divergence

_SAME = 1e-6
RECURRENT = ("lstm", "gru", "rnn")


def is_recurrent(event: Event) -> bool:
    return event.layer is not None and event.row.kind.split()[-1] in RECURRENT


@dataclass(frozen=True)
class Summary:
    """`of` takes a sequence (N, T, features) and the functions of its framework."""

    name: str
    of: Callable[[Any, Any], Any]
    advice: dict[str, str]
    merges: bool = False  # the two directions into one


class _Torch:
    """The few functions that a summary needs, by Keras' names."""

    def __init__(self) -> None:
        torch = load("torch")
        self.concatenate, self.mean, self.max = torch.cat, torch.mean, torch.amax


def _functions(framework: str | None) -> Any:
    if framework is None:
        return np
    return _Torch() if framework == "torch" else load("keras").ops


def _ends(x: Any, f: Any) -> Any:
    """Each direction's own last state: the backward one ends at the first step."""
    half = x.shape[-1] // 2
    return f.concatenate([x[:, -1, :half], x[:, 0, half:]], -1)


_TIMES = (
    Summary("every step", lambda x, f: x, {"keras": "return_sequences=True", "torch": "out"}),
    Summary(
        "the last step",
        lambda x, f: x[:, -1],
        {"keras": "return_sequences=False, or x[:, -1]", "torch": "out[:, -1]"},
    ),
    Summary("the first step", lambda x, f: x[:, 0], {"keras": "x[:, 0]", "torch": "out[:, 0]"}),
    Summary(
        "the mean of the steps",
        lambda x, f: f.mean(x, 1),
        {"keras": "GlobalAveragePooling1D", "torch": "out.mean(1)"},
    ),
    Summary(
        "the maximum over the steps",
        lambda x, f: f.max(x, 1),
        {"keras": "GlobalMaxPooling1D", "torch": "out.amax(1)"},
    ),
)
_BOTH_ENDS = Summary(
    "the last state of each direction",
    _ends,
    {
        "keras": 'Bidirectional(..., merge_mode="concat") of a layer with return_sequences=False, '
        "not x[:, -1]",
        "torch": "torch.cat([h_n[-2], h_n[-1]], -1), not out[:, -1]",
    },
)


def _merged(name: str, mode: str, torchs: str, merge: Callable[[Any, Any, Any], Any]) -> Summary:
    def of(x: Any, f: Any) -> Any:
        half = x.shape[-1] // 2
        return merge(x[..., :half], x[..., half:], f)

    advice = {"keras": f'merge_mode="{mode}"' if mode else name, "torch": torchs}
    return Summary(name, of, advice, True)


_MERGES = (
    _merged("their sum", "sum", "a + b", lambda a, b, f: a + b),
    _merged("their mean", "ave", "(a + b) / 2", lambda a, b, f: (a + b) / 2),
    _merged("their product", "mul", "a * b", lambda a, b, f: a * b),
    _merged(
        "the backward direction first",
        "",
        "torch.cat([b, a], -1)",
        lambda a, b, f: f.concatenate([b, a], -1),
    ),
    _merged("the forward direction alone", "", "a", lambda a, b, f: a),
    _merged("the backward direction alone", "", "b", lambda a, b, f: b),
)


def _then(time: Summary, merge: Summary) -> Summary:
    halves = "with a, b the halves of it, one a direction"
    advice = {
        "keras": f"{time.advice['keras']}; {merge.advice['keras']}",
        "torch": f"{time.advice['torch']}; then {merge.advice['torch']}, {halves}",
    }
    name = f"{time.name}, {merge.name}"
    return Summary(name, lambda x, f: merge.of(time.of(x, f), f), advice, True)


def _candidates(both: bool) -> list[Summary]:
    times = [*_TIMES, _BOTH_ENDS] if both else list(_TIMES)
    return times + ([_then(time, merge) for merge in _MERGES for time in times] if both else [])


def recognised(sequence: Array, after: Array, both: bool) -> Summary | None:
    """What of a sequence (N, T, features) it is; `both`: the features are of two directions."""
    functions = _functions(None)
    for candidate in _candidates(both):
        if relative(candidate.of(sequence, functions), after) < _SAME:
            return candidate
    if not both or not after.ndim:
        return None
    half = after[..., : after.shape[-1] // 2]
    if not np.array_equal(half, after[..., half.shape[-1] :]):
        return None
    once = recognised(sequence, half, both)
    return once and replace(once, name=f"{once.name}, twice")


def summary(comparison: Comparison, where: Divergence | Afterwards) -> Iterator[Hypothesis]:
    """The two sides take something else of the same sequence."""
    found = between(comparison, where)
    if found is None:
        return
    couples, after, consumer = found
    producer = next((c for c in reversed(couples[-4:]) if is_recurrent(c.port)), None)
    if producer is None or (consumer is not None and consumer.layer is None):
        return
    both = producer.reference.row.kind.startswith("bidirectional")
    theirs = recognised(producer.reference.output, after[0], both)
    ours = recognised(producer.port.output, after[1], both)
    if theirs is None or ours is None or theirs.name == ours.name:
        return
    name, framework = producer.port.name, comparison.port.framework
    yield Hypothesis(
        f"of {name} the port takes {ours.name}, the reference {theirs.name}",
        theirs.name,
        f"take {theirs.name}: {theirs.advice[framework]}",
        partial(_taken, comparison.port, producer, consumer, theirs),
    )


@contextmanager
def _taken(side: Side, producer: Couple, consumer: Event | None, wanted: Summary) -> Iterator[None]:
    """`wanted` of the sequence in place of what the port makes of it."""
    functions = _functions(side.framework)
    tapped: list[Any] = []

    def replaced(tensor: Any) -> Any:
        return wanted.of(tapped.pop(), functions)

    side.tapped[id(producer.port.layer)] = tapped
    with ExitStack() as stack:
        stack.callback(side.tapped.pop, id(producer.port.layer))
        if consumer is not None:
            stack.enter_context(side.intercepted(consumer.layer, before=replaced))
        else:
            stack.enter_context(side.intercepted(side.model, after=replaced))
        yield
