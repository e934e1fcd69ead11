"""Two segments in words: what is missing, what is there too much, what is done otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from ....wording import listed
from .glue import Glue, Segment
from .matching import Match
from .stream import Operation, Value

_MOST = 8
_SAME_THING = {
    "mean": ("reduce_mean", "average", "global_average_pooling2d", "adaptive_avg_pool2d"),
    "sum": ("reduce_sum",),
    "max": ("amax", "reduce_max", "adaptive_max_pool2d"),
    "min": ("amin", "reduce_min"),
    "concat": ("cat", "concatenate", "hstack", "vstack", "concat"),
    "reshape": ("view", "flatten", "unflatten", "squeeze", "unsqueeze", "expand_dims", "rearrange"),
    "transpose": ("permute", "movedim", "moveaxis", "swapaxes", "T", "mT", "t"),
    "slice": ("getitem", "select", "narrow", "gather", "take", "index_select", "get_item"),
    "matmul": ("mm", "bmm", "einsum", "batch_mat_mul", "dot", "bmm"),
    "add": ("radd", "iadd", "add_n"),
    "sub": ("rsub", "isub", "subtract"),
    "mul": ("rmul", "imul", "multiply"),
    "div": ("truediv", "rtruediv", "itruediv", "true_divide", "divide", "real_div"),
    "clamp": ("clip", "clip_by_value", "clamp_min", "clamp_max", "hardtanh"),
    "normalize": ("l2_normalize", "unit_normalization"),
    "interpolate": ("resize", "upsample", "up_sampling2d", "resize_images"),
    "silu": ("swish",),
    "hardsigmoid": ("hard_sigmoid",),
    "hardswish": ("hard_swish", "hard_silu"),
    "leaky_relu": ("leaky_re_lu",),
    "relu": ("re_lu",),
    "dense": ("linear",),
    "mask": ("where", "masked_fill"),
}
_CANONICAL = {other: name for name, others in _SAME_THING.items() for other in others}
_MOVING = ("reshape", "transpose", "slice", "contiguous")


@dataclass(frozen=True)
class Call:
    """One call of a function or layer, whatever operations it is made of."""

    kind: str
    text: str
    where: str
    operands: str  # of a call that has several


def calls(segment: Segment) -> list[Call]:
    """In their order; without those that change nothing."""
    found: dict[object, list[Operation]] = {}
    for operation in segment.operations:
        if not operation.idle:
            found.setdefault(operation.site.call, []).append(operation)
    return [_call(operations) for operations in found.values()]


def _call(operations: list[Operation]) -> Call:
    made = {value for operation in operations for value in operation.outputs}
    taken = [v for o in operations for v in o.inputs if v.floats and v not in made]
    names = ", ".join(name_of(value) for value in dict.fromkeys(taken))
    site = operations[-1].site
    kind = kind_of(operations[-1].outputs[0])
    return Call(kind, str(site), site.where, names if len(set(taken)) > 1 else "")


def kind_of(value: Value) -> str:
    name = "" if value.maker is None else value.maker.site.name
    return _CANONICAL.get(name, name)


def name_of(value: Value) -> str:
    """Who made it, the layer if a layer did."""
    if value.maker is None:
        return "the input"
    site = value.maker.site
    return site.layer or site.text


def told(segment: Segment) -> str:
    """`relu, mean((2, 3)) [net.py:12]`"""
    found = calls(segment)
    lines = list(dict.fromkeys(call.where for call in found if call.where))
    text = listed([call.text for call in found], _MOST) or "nothing"
    return text + (f" [{listed(lines, 2)}]" if lines else "")


def difference(glue: Glue, whole: Glue) -> tuple[str, str]:
    """`between conv and fc the port leaves out relu`, or both lists where it is more than that;
    and what to do about it."""
    theirs, ours = calls(glue.reference), calls(glue.port)
    place = f"between {_start(glue)} and {end_of(whole)}"
    moving = [[c for c in side if c.kind not in _MOVING] for side in (theirs, ours)]
    for a, b in ((theirs, ours), (moving[0], moving[1])):
        found = _one_thing(glue, a, b)
        if found is not None:
            return f"{place} the port {found[0]}", found[1]
    theirs_said = told(glue.reference) if theirs else f"feeds {_start(glue)} as it is"
    said = f"{place} the port computes {told(glue.port)}, the reference {theirs_said}"
    return said, _compute(theirs)


def _one_thing(glue: Glue, theirs: list[Call], ours: list[Call]) -> tuple[str, str] | None:
    """What makes `ours` of `theirs`, if it is one thing, and the remedy."""
    kinds, here = [c.kind for c in theirs], [c.kind for c in ours]
    if (left := _without(theirs, here)) is not None:
        return f"leaves out {_said(left)}", _compute([left])
    if (extra := _without(ours, kinds)) is not None:
        before = [kind_of(match.ours) for match in glue.reference.sources]
        again = " once more" if extra.kind in (*kinds, *before) else ""
        return f"has {_said(extra)}{again}, the reference does not", f"leave out {extra.text}"
    if not kinds:
        return None
    if kinds == here:
        then = f", then {listed(kinds[1:], _MOST)}" if len(kinds) > 1 else ""
        a, b = (_said(side[0], operands=True) for side in (theirs, ours))
        return f"computes {b}, the reference {a}{then}", _compute(theirs[:1])
    if sorted(kinds) == sorted(here):
        order = f"{told(glue.port)}, the reference {told(glue.reference)}"
        return f"computes, in another order, {order}", _compute(theirs)
    differing = [(a, b) for a, b in zip(theirs, ours, strict=False) if a.kind != b.kind]
    if len(kinds) == len(here) and len(differing) == 1:
        first, second = differing[0]
        return f"computes {_said(second)}, the reference {_said(first)}", _compute([first])
    return None


def _said(call: Call, operands: bool = False) -> str:
    of = f" of {call.operands}" if operands and call.operands else ""
    return call.text + of + (f" [{call.where}]" if call.where else "")


def _without(longer: list[Call], shorter: list[str]) -> Call | None:
    """The one call that `longer` has and `shorter` has not."""
    if len(longer) != len(shorter) + 1:
        return None
    for i, call in enumerate(longer):
        if [c.kind for c in longer[:i] + longer[i + 1 :]] == shorter:
            return call
    return None


def _start(glue: Glue) -> str:
    names = dict.fromkeys(name_of(match.ours) for match in glue.reference.sources)
    return listed(list(names), 3)


def end_of(glue: Glue) -> str:
    consumer = glue.target.consumer
    return "the output" if consumer is None else consumer.name


def _compute(wanted: list[Call]) -> str:
    texts = [c.text + (f" of {c.operands}" if c.operands else "") for c in wanted]
    return f"compute {listed(texts, _MOST)}" if texts else "pass it on as it is"


def axes_of(glue: Glue, framework: str) -> str:
    """The axes that the reference's calls name, as the port numbers them where its channels stand
    elsewhere; `framework` is the reference's."""
    moved = {m.theirs.array.ndim for m in glue.reference.sources if _moved(m)}
    notes = []
    for operation in glue.reference.operations:
        axes, rank = operation.site.axes, operation.inputs[0].array.ndim
        if axes and rank in moved:
            turned = tuple(_turned(axis % rank, rank, framework) for axis in axes)
            said = turned[0] if len(turned) == 1 else turned
            notes.append(f"{operation.site.name} over axis {said}")
    return f" ({', '.join(dict.fromkeys(notes))} in the port's layout)" if notes else ""


def _moved(match: Match) -> bool:
    """The channels stand in another place."""
    same_rank = match.theirs.array.ndim == match.ours.array.ndim > 2
    return same_rank and not bool((match.order[:-1] < match.order[1:]).all())


def _turned(axis: int, rank: int, framework: str) -> int:
    if axis == 0:
        return 0
    if framework == "torch":
        return rank - 1 if axis == 1 else axis - 1
    return 1 if axis == rank - 1 else axis + 1
