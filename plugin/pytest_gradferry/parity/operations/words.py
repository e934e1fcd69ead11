"""Two segments in words: what is missing, what is there too much, what is done otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from ..report import listed
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
    "matmul": ("mm", "bmm", "einsum", "batch_mat_mul", "dot"),
    "add": ("radd", "iadd", "add_n"),
    "sub": ("rsub", "isub", "subtract"),
    "mul": ("rmul", "imul", "multiply"),
    "div": ("truediv", "rtruediv", "itruediv", "true_divide", "divide", "real_div"),
    "clamp": ("clip", "clip_by_value", "clamp_min", "clamp_max", "hardtanh"),
    "normalize": ("l2_normalize", "unit_normalization"),
    "interpolate": ("resize", "upsample", "up_sampling2d", "resize_images_v2", "resize_v2"),
    "silu": ("swish",),
    "hardsigmoid": ("hard_sigmoid",),
    "hardswish": ("hard_swish", "hard_silu"),
    "leaky_relu": ("leaky_re_lu",),
    "relu": ("re_lu",),
    "dense": ("linear",),
}
_CANONICAL = {other: name for name, others in _SAME_THING.items() for other in others}
_ORDERED = ("concat", "sub", "div")  # whose operands cannot change places


@dataclass(frozen=True)
class Call:
    """One call of a function or layer, whatever operations it is made of."""

    kind: str
    text: str
    where: str


def calls(segment: Segment) -> list[Call]:
    """In their order; without those that change nothing."""
    found: dict[object, list[Operation]] = {}
    for operation in segment.operations:
        if not operation.idle:
            found.setdefault(operation.site.call, []).append(operation)
    return [_call(operations) for operations in found.values()]


def _call(operations: list[Operation]) -> Call:
    site = operations[-1].site
    kind = _CANONICAL.get(site.name, site.name)
    text = str(site)
    if kind in _ORDERED and len(operations[-1].inputs) > 1:
        text += f" of {', '.join(name_of(value) for value in operations[-1].inputs)}"
    return Call(kind, text, site.where)


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


def difference(glue: Glue, whole: Glue) -> str:
    """`between conv and fc the port leaves out relu`, or both lists where it is more than one."""
    theirs, ours = calls(glue.reference), calls(glue.port)
    kinds, here = [c.kind for c in theirs], [c.kind for c in ours]
    place = f"between {_start(glue)} and {end_of(whole)}"
    if (left := _without(theirs, here)) is not None:
        return f"{place} the port leaves out {_said(left)}"
    if (extra := _without(ours, kinds)) is not None:
        again = " once more" if extra.kind in kinds else ""
        return f"{place} the port has {_said(extra)}{again}, the reference does not"
    if sorted(kinds) == sorted(here) and kinds != here:
        order = f"{told(glue.port)}, the reference {told(glue.reference)}"
        return f"{place} the port computes, in another order, {order}"
    if len(kinds) > 1 and kinds == here:
        then = f", then {listed(kinds[1:], _MOST)}"
        return f"{place} the port computes {_said(ours[0])}, the reference {_said(theirs[0])}{then}"
    differing = [(a, b) for a, b in zip(theirs, ours, strict=False) if a.kind != b.kind]
    if len(kinds) == len(here) and len(differing) == 1:
        a, b = differing[0]
        return f"{place} the port computes {_said(b)}, the reference {_said(a)}"
    return f"{place} the port computes {told(glue.port)}, the reference {told(glue.reference)}"


def _said(call: Call) -> str:
    return call.text + (f" [{call.where}]" if call.where else "")


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


def advice(glue: Glue, whole: Glue, framework: str) -> str:
    """What the port has to compute; `framework` is the reference's, whose axes it names."""
    found = calls(glue.reference)
    if not found:
        source = name_of(glue.reference.sources[0].ours)
        return f"feed {end_of(whole)} what {source} puts out"
    place = "last" if whole.target.consumer is None else f"before {end_of(whole)}"
    text = f"compute {listed([call.text for call in found], _MOST)} {place}"
    return text + _translated(glue, framework)


def _translated(glue: Glue, framework: str) -> str:
    """Axes as the port numbers them, where its channels stand elsewhere."""
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
