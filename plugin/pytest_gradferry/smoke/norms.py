"""How large the weights, their gradients and their updates are, from what the checks have seen."""

from __future__ import annotations

import numpy as np

from ..frameworks import Array
from .evidence import Evidence
from .report import WeightNorms


def weight_norms(evidence: Evidence) -> list[WeightNorms]:
    """Of every weight, in the model's order; takes no step that was not taken yet."""
    seen = vars(evidence)  # where its cached properties stand once they are computed
    records = evidence.watched if "watched" in seen else []
    curve = evidence.curve if "curve" in seen else None
    names = list(evidence.trainee.weights)
    if curve is not None:
        names += [name for name in curve.before if name not in evidence.trainee.weights]
    norms = []
    for name in names:
        weight = evidence.trainee.weights.get(name)
        before = None if curve is None else curve.before.get(name)
        after = None if curve is None else curve.after.get(name)
        norms.append(
            WeightNorms(
                name,
                trainable=weight is None or weight.trainable,
                shape=None if before is None else before.shape,
                size=_norm(before),
                change=None if before is None or after is None else _norm(after - before),
                gradients=[_norm(record.fresh.get(name)) for record in records],
            )
        )
    return norms


def _norm(array: Array | None) -> float | None:
    if array is None or array.dtype.kind not in "fc":
        return None
    with np.errstate(all="ignore"):
        norm = float(np.linalg.norm(array))
        if array.dtype.itemsize < 8 and (norm == 0 or not np.isfinite(norm)):  # of its squares
            norm = float(np.linalg.norm(array.astype(np.float64)))
        return norm
