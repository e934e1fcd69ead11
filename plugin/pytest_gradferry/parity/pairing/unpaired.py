"""Why the layers of two models do not pair: some are kept where torch does not see them, or have a
bias, a scale or a shift on one side alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import numpy as np

from ...wording import listed
from ..causes.glue import has_own_activation
from ..causes.norm_order import norm_order
from ..compare import Comparison
from ..report import Finding
from ..sides.side import Side, Trace
from .directions import directions
from .layers import Pairing, Unit, WeightPair, coupled, loose, units
from .shared import shared


def reasons(
    comparison: Comparison,
    traces: tuple[Trace, Trace],
    copy: Callable[[list[WeightPair]], None],
) -> list[Finding]:
    """Causes of a StructureError; `copy` gives the port the reference's weights."""
    return [
        *_hidden_layers(comparison),
        *_one_sided(comparison, traces, copy),
        *directions(comparison, traces),
        *shared(comparison, traces, copy),
        *_called_otherwise(comparison, traces, copy),
    ]


def _called_otherwise(
    comparison: Comparison,
    traces: tuple[Trace, Trace],
    copy: Callable[[list[WeightPair]], None],
) -> Iterator[Finding]:
    """The same layers, but the norms among them stand elsewhere: those alike are paired in their
    order for trial."""
    reference, port = comparison.reference, comparison.port
    theirs, ours = units(reference, traces[0]), units(port, traces[1])
    if Counter(u.signature for u in theirs) != Counter(u.signature for u in ours):
        return
    rest = list(ours)
    couples = []
    for unit in theirs:
        partner = next(u for u in rest if u.signature == unit.signature)
        rest.remove(partner)
        couples.append((unit, partner))
    layers = [coupled(reference, port, a, b) for a, b in couples]
    try:
        with reference.unchanged(), port.unchanged():
            comparison.pairing = Pairing(layers, loose(reference, port, layers, set(), {}))
            copy(comparison.pairing.weights)
            before = comparison.forward_eval().error
            for hypothesis in norm_order(comparison):
                with hypothesis.apply():
                    after = comparison.forward_eval().error
                if after < before / 100:
                    h = hypothesis
                    yield Finding(h.cause, h.change, h.fix, before, after)
                    return
    except Exception:  # the models differ in more than that
        return
    finally:
        comparison.pairing = Pairing([], [])
        comparison.forget()


def _hidden_layers(comparison: Comparison) -> Iterator[Finding]:
    for side, role in ((comparison.reference, "reference"), (comparison.port, "port")):
        for (place, rule), names in side.hidden_layers().items():
            cause = f"the {role} keeps {listed(names)} in {place}, where torch does not see them"
            fix = "nn.ModuleList" if rule == "XFR106" else "nn.ModuleDict"
            yield Finding(cause, "", f"make it an {fix}", rule=rule)


def _one_sided(
    comparison: Comparison,
    traces: tuple[Trace, Trace],
    copy: Callable[[list[WeightPair]], None],
) -> list[Finding]:
    """Where the layers pair but for weights that one of two lacks."""
    theirs, ours = units(comparison.reference, traces[0]), units(comparison.port, traces[1])
    if [u.row.kind for u in theirs] != [u.row.kind for u in ours]:
        return []
    couples = list(zip(theirs, ours, strict=True))
    if any(a.shapes != b.shapes and not _alike(a, b) for a, b in couples):
        return []
    groups: dict[tuple[tuple[str, ...], str, bool], list[tuple[Unit, Unit]]] = {}
    for a, b in couples:
        if names := tuple(sorted(_names(a) ^ _names(b))):
            needed = _names(a) > _names(b)
            groups.setdefault((names, _advice(b, names, needed), needed), []).append((a, b))
    measured = _measured(comparison, couples, copy) if groups else None
    return [_finding(*key, group, measured) for key, group in groups.items()]


def _names(unit: Unit) -> set[str]:
    return {name for name, _ in unit.shapes}


def _alike(a: Unit, b: Unit) -> bool:
    """But for a bias, a scale or a shift that one of them lacks."""
    shapes, others = dict(a.shapes), dict(b.shapes)
    common = shapes.keys() & others.keys()
    lacking = shapes.keys() ^ others.keys()
    optional = {"bias", "weight"} if a.row.kind.endswith("norm") else {"bias"}
    return lacking <= optional and all(shapes[name] == others[name] for name in common)


def _advice(unit: Unit, names: tuple[str, ...], needed: bool) -> str:
    """What gives the layer those weights, or takes them away."""
    kind, norm = type(unit.layer).__name__, unit.row.kind.endswith("norm")
    if hasattr(unit.layer, "dtype_policy"):
        arguments = {"weight": "scale", "bias": "center"} if norm else {"bias": "use_bias"}
        return f"{kind}(..., {', '.join(f'{arguments[name]}={needed}' for name in names)})"
    if not norm or (unit.row.kind == "layernorm" and names == ("bias",)):
        return f"{kind}(..., bias={needed})"
    if len(names) == 1 and unit.row.kind != "rmsnorm":
        return f"{kind} has a scale and a shift or neither: freeze one where it does nothing"
    affine = "elementwise_affine" if unit.row.kind in ("layernorm", "rmsnorm") else "affine"
    return f"{kind}(..., {affine}={needed})"


def _finding(
    names: tuple[str, ...],
    advice: str,
    needed: bool,
    group: list[tuple[Unit, Unit]],
    measured: tuple[float, float] | None,
) -> Finding:
    theirs, ours = (listed([pair[i].name for pair in group]) for i in (0, 1))
    norm = group[0][0].row.kind.endswith("norm")
    words = {"weight": "scale", "bias": "shift" if norm else "bias"}
    word = " and ".join(words[name] for name in sorted(names, reverse=True))
    has, lacks, role = (theirs, ours, "port") if needed else (ours, theirs, "reference")
    cause = f"no {word} in {lacks} of the {role}, where {has} has one"
    before, after = measured or (None, None)
    return Finding(cause, f"the reference's {word}", f"{advice}: {ours}", before, after)


def _measured(
    comparison: Comparison,
    couples: list[tuple[Unit, Unit]],
    copy: Callable[[list[WeightPair]], None],
) -> tuple[float, float] | None:
    """The outputs' difference with the weights that both have, and with the others put in."""
    reference, port = comparison.reference, comparison.port
    layers = [coupled(reference, port, a, b) for a, b in couples]
    comparison.pairing = Pairing(layers, [])
    try:
        with reference.unchanged(), port.unchanged():
            copy(comparison.pairing.weights)
            before = comparison.forward_eval().error
            with ExitStack() as stack:
                for a, b in couples:
                    if not _names(b) <= _names(a):
                        return None  # what the port has too much of does nothing as it starts
                    for name in _names(a) - _names(b):
                        if name != "bias":
                            return None
                        bias = reference.array(a.layer.bias if _is_torch(reference) else _shift(a))
                        stack.enter_context(_shifted(port, b, bias))
                after = comparison.forward_eval().error
    finally:
        comparison.pairing = Pairing([], [])
        comparison.forget()
    return (before, after) if after < before / 100 else None


def _is_torch(side: Side) -> bool:
    return side.framework == "torch"


def _shift(unit: Unit) -> Any:
    return unit.layer.beta if unit.row.kind.endswith("norm") else unit.layer.bias


def _shifted(side: Side, unit: Unit, bias: Any) -> AbstractContextManager[None]:
    """The layer with `bias` added, before an activation of its own."""
    layer = unit.layer

    def add(tensor: Any) -> Any:
        first = _is_torch(side) and unit.row.channels and tensor.ndim > 2
        shape = (-1, *(1,) * (tensor.ndim - 2)) if first else (-1,)
        return tensor + side.tensor(np.asarray(bias).reshape(shape))

    if has_own_activation(layer):
        return _preceded(layer, add)
    return side.intercepted(layer, after=add)


@contextmanager
def _preceded(layer: Any, function: Callable[[Any], Any]) -> Iterator[None]:
    activation = layer.activation
    layer.__dict__["activation"] = lambda x: activation(function(x))
    try:
        yield
    finally:
        layer.__dict__["activation"] = activation
