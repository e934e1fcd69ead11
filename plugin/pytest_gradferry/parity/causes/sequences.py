"""How recurrent layers are fed and run: direction, axes, masks of padding, states kept or given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from ...frameworks import load
from ...wording import listed
from ..compare import Comparison, relative
from ..layout import Array
from ..sides.side import Side
from .hypothesis import Hypothesis
from .localise import Divergence
from .summaries import is_recurrent

_SAME = 1e-6


def recurrent(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """For a recurrent layer whose output is the first that differs."""
    if not is_recurrent(where.couple.port) or where.couple.reference.layer is None:
        return
    yield from _axes(comparison, where)
    yield from _states(comparison, where)
    yield from _direction(comparison, where)


def _axes(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """Batch and time are swapped."""
    theirs, ours = where.couple.reference.inputs, where.couple.port.inputs
    if ours.ndim != 3 or relative(ours, theirs) < _SAME:
        return
    if relative(ours.swapaxes(0, 1), theirs) > _SAME:
        return
    on_torch = comparison.port.framework == "torch"
    side, event = (
        (comparison.port, where.couple.port)
        if on_torch
        else (comparison.reference, where.couple.reference)
    )
    module, whose = getattr(event.layer, "module", None), "port" if on_torch else "reference"
    if module is None:  # recorded elsewhere
        return
    wanted = not module.batch_first
    first = "(N, T, features)" if wanted else "(T, N, features)"
    yield Hypothesis(
        f"{event.name} of the {whose} takes axis {int(module.batch_first)} of its input for time",
        f"batch_first={wanted}",
        f"nn.{type(module).__name__}(..., batch_first={wanted}): the input is {first}",
        partial(_changed, comparison, side, [(module, "batch_first", wanted)]),
    )


def _direction(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    layer, name, side = where.couple.port.layer, where.couple.port.name, comparison.port
    if where.couple.port.row.kind.startswith("bidirectional"):
        return
    if side.framework == "torch":
        yield Hypothesis(
            f"the reference runs {where.couple.name} backwards in time, the port forwards",
            "the sequence reversed",
            f"feed {name} x.flip(1)",
            lambda: side.intercepted(layer, before=lambda x: x.flip(1)),
        )
        return
    wanted = not layer.go_backwards
    yield Hypothesis(
        f"{name} runs {'forwards' if wanted else 'backwards'} in time, the reference the other way",
        f"go_backwards={wanted}",
        f"{type(layer).__name__}(..., go_backwards={wanted})",
        partial(_changed, comparison, side, [(layer, "go_backwards", wanted)]),
    )


def _states(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """The states it starts from."""
    theirs, ours = (e.detail.get("states") for e in (where.couple.reference, where.couple.port))
    layer, name, side = where.couple.port.layer, where.couple.port.name, comparison.port
    if not theirs or not ours or len(theirs) != len(ours):
        return
    if max(map(relative, ours, theirs)) < _SAME:
        return
    what = "other states than the reference"
    fix = f"give {name} the states that the reference gives {where.couple.name}"
    if not any(state.any() for state in ours):
        what = "zeros, the reference from states that it is given"
        fix += " (initial_state=)" if side.framework == "keras" else " (as h_0, c_0)"
    elif not any(state.any() for state in theirs):
        what, fix = "states that it is given, the reference from zeros", f"give {name} no states"
    elif len(theirs) == 2 and max(map(relative, ours[::-1], theirs)) < _SAME:
        what, fix = "h and c in each other's place", f"{name}: the states are (h, c)"
    yield Hypothesis(
        f"{name} starts from {what}",
        "the reference's states",
        fix,
        partial(_started_from, side, layer, theirs),
    )


@contextmanager
def _started_from(side: Side, layer: Any, states: Any) -> Iterator[None]:
    side.forced_states[id(layer)] = states
    try:
        yield
    finally:
        del side.forced_states[id(layer)]


def _keras_layers(side: Side) -> list[Any]:
    """All layers of a Keras model; none of torch's, or of one that was recorded elsewhere."""
    flatten = getattr(side.model, "_flatten_layers", None)
    return [] if flatten is None else list(flatten(include_self=True, recursive=True))


def masks_of_padding(comparison: Comparison) -> Iterator[Hypothesis]:
    """Layers behind Embedding(mask_zero=True) or Masking skip the padding; torch's never do."""
    keras = load("keras")
    kinds = (keras.layers.Embedding, keras.layers.Masking)
    for side, role in ((comparison.port, "port"), (comparison.reference, "reference")):
        layers = _keras_layers(side)
        sources = [layer for layer in layers if isinstance(layer, kinds)]
        masking = [layer for layer in sources if getattr(layer, "mask_zero", True)]
        if masking:
            other = "reference" if role == "port" else "port"
            yield Hypothesis(
                f"{listed([layer.name for layer in masking])} of the {role} masks the padding, the "
                f"{other} runs over it",
                "no mask there",
                "leave out mask_zero=True"
                if role == "port"
                else "pack the sequences (nn.utils.rnn.pack_padded_sequence), or mask what follows",
                partial(_padded, comparison, side, False),
            )
        elif sources and role == "port" and (valid := kept_tokens(comparison)) is not None:
            yield Hypothesis(
                "the reference skips the padding, the port runs over it",
                "mask_zero=True",
                f"Embedding(..., mask_zero=True): {listed([layer.name for layer in sources])}",
                partial(_padded, comparison, side, valid),
            )


def kept_tokens(comparison: Comparison) -> Array | None:
    """Where the first embedding gets a token that is not 0."""
    events = comparison.traces()[1].events
    tokens = next((e.inputs for e in events if e.row.kind == "embedding"), None)
    return None if tokens is None or tokens.ndim != 2 else tokens != 0


@contextmanager
def _padded(comparison: Comparison, side: Side, padding: Array | bool) -> Iterator[None]:
    side.padding = padding
    if side is comparison.reference:
        comparison.forget()
    try:
        yield
    finally:
        side.padding = None
        if side is comparison.reference:
            comparison.forget()


def kept_states(comparison: Comparison) -> Iterator[Hypothesis]:
    """What goes on from the last batch, where the other side starts anew."""
    for side, role in ((comparison.port, "port"), (comparison.reference, "reference")):
        kept = [layer for layer in _keras_layers(side) if getattr(layer, "stateful", False)]
        if kept:
            yield Hypothesis(
                f"{listed([layer.name for layer in kept])} of the {role} keeps its state from one "
                "batch to the next (stateful=True)",
                "stateful=False there",
                "stateful=False, or reset_state() before each batch",
                partial(_changed, comparison, side, [(layer, "stateful", False) for layer in kept]),
            )
        elif side.carried:
            names = listed(sorted(side.carried))
            yield Hypothesis(
                f"{names} of the {role} keeps a tensor from one batch to the next",
                "each batch started from what the first one found",
                f"set {names} back before each batch, or pass the state in and out",
                partial(_forgetful, comparison, side),
            )


@contextmanager
def _forgetful(comparison: Comparison, side: Side) -> Iterator[None]:
    def forget(on: bool) -> None:
        side.carries_nothing = on
        if side is comparison.reference:
            comparison.forget()

    forget(True)
    try:
        yield
    finally:
        forget(False)


@contextmanager
def _changed(
    comparison: Comparison, side: Side, changes: list[tuple[Any, str, Any]]
) -> Iterator[None]:
    """Attributes of layers set, past the frameworks' own tracking."""
    forget: Callable[[], None] = (
        comparison.forget if side is comparison.reference else comparison.port_changed
    )
    with ExitStack() as stack:
        stack.callback(forget)
        for layer, name, value in changes:
            stack.callback(_set, layer, name, layer.__dict__.get(name))
            _set(layer, name, value)
        forget()
        yield


def _set(layer: Any, name: str, value: Any) -> None:
    layer.__dict__[name] = value
