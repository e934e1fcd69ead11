"""What the attentions of the two may not look at: torch blocks where a mask is True, Keras where it
is False."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from ..compare import Comparison
from ..layout import Array
from ..report import Finding
from ..sides.side import Side
from .hypothesis import Hypothesis
from .localise import Divergence

_INVERTED = {
    "keras": "attention_mask=~mask: in Keras True is where to look, in torch where not to",
    "torch": "key_padding_mask=~mask, attn_mask=~mask: in torch True is where not to look, in "
    "Keras where to",
}
_CAUSAL = {
    "keras": "use_causal_mask=True",
    "torch": "attn_mask=nn.Transformer.generate_square_subsequent_mask(T)",
}


def attention(comparison: Comparison, where: Divergence) -> Iterator[Hypothesis]:
    """The port's attention with the reference's mask."""
    couple = where.couple
    if couple.reference.row.kind != "attention":
        return
    masks = _masks(couple.reference.blocked, couple.port.blocked)
    if masks is None or np.array_equal(*masks):
        return
    theirs, ours = masks
    side, name = comparison.port, couple.port.name
    layer = "MultiHeadAttention" if side.framework == "keras" else "nn.MultiheadAttention"
    what, fix = f"{name} blocks other positions than the reference", "give it the same mask"
    if np.array_equal(ours, ~theirs):
        what, fix = f"the mask of {name} has the other sense", _INVERTED[side.framework]
    elif not ours.any():
        causal = np.array_equal(theirs, np.broadcast_to(_causal(theirs.shape), theirs.shape))
        what = f"{name} has no mask, the reference a {'causal' if causal else ''} one"
        what = what.replace("  ", " ")
        fix = f"{layer}'s {_CAUSAL[side.framework]}" if causal else "give it the reference's mask"
    elif not theirs.any():
        what, fix = f"{name} has a mask, the reference none", "leave it out"
    elif np.array_equal(ours | _causal(ours.shape), theirs):
        what, fix = f"{name} has no causal mask, the reference one", _CAUSAL[side.framework]
    yield Hypothesis(
        what,
        "the reference's mask",
        fix if "=" not in fix else f"{name}: {fix}",
        partial(_masked, side, couple.port.layer, theirs),
    )


def head_sizes(reference: Side, port: Side) -> Iterator[Finding]:
    """Where the layers do not pair: Keras' key_dim is the size of one head, not of all of them."""
    keras, torch = (reference, port) if reference.framework == "keras" else (port, reference)
    if not hasattr(keras.model, "_flatten_layers") or not hasattr(torch.model, "modules"):
        return  # recorded elsewhere
    layers = keras.model._flatten_layers(include_self=True, recursive=True)
    found = [layer for layer in layers if keras.kind(layer) == "attention"]
    for module in torch.model.modules():
        if torch.kind(module) != "attention":
            continue
        size, width = module.head_dim, module.embed_dim
        for layer in found:
            if layer.key_dim == width != size and layer.num_heads == module.num_heads:
                yield Finding(
                    f"{layer.name} has key_dim={width}, the size of one head, of which torch's "
                    f"{width} features make {module.num_heads}",
                    "",
                    f"MultiHeadAttention({module.num_heads}, key_dim={size})",
                )
                found.remove(layer)
                break


def _masks(theirs: Array | None, ours: Array | None) -> tuple[Array, Array] | None:
    """Both in one shape, None where they do not fit each other."""
    if theirs is None and ours is None:
        return None
    theirs = np.zeros((1, 1, 1, 1), bool) if theirs is None else theirs
    ours = np.zeros((1, 1, 1, 1), bool) if ours is None else ours
    try:
        a, b = np.broadcast_arrays(theirs, ours)
    except ValueError:
        return None
    return a, b


def _causal(shape: tuple[int, ...]) -> Array:
    return np.triu(np.ones(shape[-2:], bool), 1)


@contextmanager
def _masked(side: Side, layer: Any, blocked: Array) -> Iterator[None]:
    side.forced_masks[id(layer)] = blocked
    try:
        yield
    finally:
        del side.forced_masks[id(layer)]
