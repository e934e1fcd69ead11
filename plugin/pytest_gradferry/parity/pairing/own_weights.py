"""Why the weights that a user copied into the port are not the reference's."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from ...wording import listed
from ..compare import Comparison, relative
from ..layout import Array
from ..report import Finding
from .layers import WeightPair

_SAME = 1e-6  # the user copied float32 values
_GATES = {"gru": 3, "lstm": 4}

# What is wrong with it -> (what the report says of those weights, how to copy them, the rule).
_MISTAKES: dict[str, tuple[str, str, str | None]] = {
    "flatten": (
        "rows in torch's flatten order, the Keras model flattens channels last",
        "permute the rows (C, H, W) -> (H, W, C), or let parity copy the weights",
        "XFR506",
    ),
    "gates": (
        "the gates stand in another order than the layer's",
        "reorder the blocks: a GRU's are r, z, n in torch and z, r, h in Keras, an LSTM's i, f, g, "
        "o in both",
        None,
    ),
    "bias": (
        "one of torch's two biases left out, or one too many: Keras' is bias_ih + bias_hh",
        "bias = bias_ih + bias_hh in Keras; in torch one of the two is the bias, the other zero",
        None,
    ),
    "transposed": (
        "the square matrix transposed",
        "torch keeps (out, in), Keras (in, out): transpose it",
        None,
    ),
    "": (
        "not the reference's weights in the port's layout",
        'copy them by the layer\'s layout, or let parity do it (weights="reference")',
        None,
    ),
}


def explain_weights(comparison: Comparison, wrong: list[WeightPair]) -> list[Finding]:
    """The mistakes made, if the right weights in the wrong ones' place bring the outputs nearer."""
    reference, port = comparison.reference, comparison.port
    before = comparison.forward_eval().error
    made: dict[str, list[WeightPair]] = {}
    for weight in wrong:
        made.setdefault(_mistake(comparison, weight), []).append(weight)
    with port.unchanged():
        for weight in wrong:
            port.set(weight.port, weight.to_port(reference.get(weight.reference)))
        after = comparison.forward_eval().error
    if after >= before:
        return []
    findings = []
    for mistake, weights in made.items():
        what, fix, rule = _MISTAKES[mistake]
        cause = f"{listed([w.port.name for w in weights])}: {what}"
        change = "the reference's weights in the port's layout"
        findings.append(Finding(cause, change, fix, before, after, rule=rule))
    return findings


def _mistake(comparison: Comparison, weight: WeightPair) -> str:
    layer = next((p for p in comparison.pairing.layers if weight in p.weights), None)
    if layer is None:
        return ""
    ours, theirs = _in_torchs_layout(comparison, weight)
    if layer.order is not None and ours.ndim == 2:
        return "flatten"
    blocks = _GATES.get(layer.reference.row.kind.split()[-1], 1)
    if _reordered(ours, theirs, blocks):
        return "gates"
    second = _second_bias(comparison, weight)
    if second is not None and any(
        relative(ours + sign * second, theirs) < _SAME for sign in (1, -1)
    ):
        return "bias"
    square = ours.ndim == 2 and ours.shape[0] == ours.shape[1]
    return "transposed" if square and relative(ours.T, theirs) < _SAME else ""


def _in_torchs_layout(comparison: Comparison, weight: WeightPair) -> tuple[Array, Array]:
    """What the port has, and what it should have."""
    theirs, ours = comparison.reference.get(weight.reference), comparison.port.get(weight.port)
    if comparison.port.framework == "torch":
        return ours, weight.to_port(theirs)
    return weight.to_reference(ours), theirs


def _reordered(ours: Array, theirs: Array, blocks: int) -> bool:
    parts = np.split(ours, blocks) if len(ours) % blocks == 0 else []
    return any(
        relative(np.concatenate(order), theirs) < _SAME for order in list(permutations(parts))[1:]
    )


def _second_bias(comparison: Comparison, weight: WeightPair) -> Array | None:
    """What was folded into this bias, of the torch side."""
    pairs = ((comparison.reference, weight.reference), (comparison.port, weight.port))
    found = (side.folded_values.get(side.key(handle)) for side, handle in pairs)
    return next((bias for bias in found if bias is not None), None)
