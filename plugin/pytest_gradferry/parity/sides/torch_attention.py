"""nn.MultiheadAttention: observed from outside, what it blocks seen and replaced."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..errors import ParityInputError
from ..layout import Array

_ARGUMENTS = inspect.signature(nn.MultiheadAttention.forward)

# Runs the attention, observed: (module, its name, query, run, what it blocks) -> what it hands on.
Observe = Callable[..., Any]


def refuse(module: nn.Module, name: str) -> None:
    """Raises ParityInputError for an attention that no Keras layer can be."""
    if not isinstance(module, nn.MultiheadAttention):
        return
    options = {"add_bias_kv": module.bias_k is not None, "add_zero_attn": module.add_zero_attn}
    for option, given in options.items():
        if given:
            raise ParityInputError(f"{name} has {option}=True: Keras' attention has no such thing")


@contextmanager
def attended(
    module: Any, name: str, forced: dict[int, Array], observe: Observe, to_array: Any
) -> Iterator[None]:
    """The module's calls pass `observe`; `forced` masks, by the module's id, take the place of its
    own. Queries and outputs are (N, T, features) there, masks (N, heads, T, S) or broadcast to it.
    """
    original = module.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        given = _ARGUMENTS.bind(module, *args, **kwargs).arguments
        del given["self"]
        query, key, value = (given.pop(part) for part in ("query", "key", "value"))
        swapped = not module.batch_first and query.dim() == 3
        blocked = _blocked(given, module.num_heads, to_array)
        weights: list[Any] = []

        def run(x: Any) -> Any:
            asked = x.transpose(0, 1) if swapped else x
            rest = _forced(given, forced.get(id(module)), asked, key, module)
            k, v = (asked if part is query else part for part in (key, value))
            rate, module.dropout = module.dropout, 0.0
            try:
                output, scores = original(asked, k, v, **rest)
            finally:
                module.dropout = rate
            weights.append(scores)
            return output.transpose(0, 1) if swapped else output

        x = query.transpose(0, 1) if swapped else query
        output = observe(module, name, x, run, blocked=blocked)
        return output.transpose(0, 1) if swapped else output, weights[0]

    module.forward = forward
    try:
        yield
    finally:
        del module.__dict__["forward"]


def _blocked(given: dict[str, Any], heads: int, to_array: Callable[[Any], Array]) -> Array | None:
    """True where a query may not look; None where nothing is blocked, or not simply."""
    found: Array | None = None
    padding, mask = given.get("key_padding_mask"), given.get("attn_mask")
    if padding is not None:
        found = _as_bool(to_array(padding))
        found = None if found is None else found[..., None, None, :]
    if mask is not None:
        own = _as_bool(to_array(mask))
        if own is None:
            return None
        own = own.reshape(-1, heads, *own.shape[1:]) if own.ndim == 3 else own[None, None]
        found = own if found is None else found | own
    return found


def _as_bool(mask: Array) -> Array | None:
    if mask.dtype.kind == "f":  # added to the scores
        simple = np.isin(mask, (0.0, -np.inf)).all()
        return np.isneginf(mask) if simple else None
    return mask.astype(bool)


def _forced(
    given: dict[str, Any], blocked: Array | None, query: Any, key: Any, module: Any
) -> dict[str, Any]:
    if blocked is None:
        return given
    batch = 0 if module.batch_first else 1
    shape = (query.shape[batch], module.num_heads, query.shape[1 - batch], key.shape[1 - batch])
    mask = torch.from_numpy(np.broadcast_to(blocked, shape).reshape(-1, *shape[2:]).copy())
    rest = {k: v for k, v in given.items() if k != "key_padding_mask"}
    return rest | {"attn_mask": mask.to(query.device), "is_causal": False}


def without_dropout(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, float]:
    """Arguments of F.scaled_dot_product_attention that drop nothing, and the rate they had."""
    given = inspect.signature(_scaled_dot_product_attention).bind(*args, **kwargs)
    rate = float(given.arguments.get("dropout_p", 0.0))
    given.arguments["dropout_p"] = 0.0
    return given.args, given.kwargs, rate


def _scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> None:
    """F.scaled_dot_product_attention has no signature that `inspect` could read."""


ATTENTION = F.scaled_dot_product_attention


@contextmanager
def no_fast_path() -> Iterator[None]:
    """In evaluation nn.TransformerEncoderLayer runs as one kernel, past the layers in it."""
    enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(enabled)


def alone(module: Any, x: torch.Tensor) -> Any:
    """Self-attention of (N, T, features), without a mask."""
    if not isinstance(module, nn.MultiheadAttention):
        return module(x)
    x = x if module.batch_first else x.transpose(0, 1)
    output = module(x, x, x, need_weights=False)[0]
    return output if module.batch_first else output.transpose(0, 1)
