"""Logits for probabilities, log-probabilities for either, and the reverse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ....frameworks import load
from ...layout import Array
from ...training.loss_calls import Call
from ..hypothesis import Hypothesis
from .edits import CallPair

_TAKE_LOGITS = {
    "cross_entropy": ("softmax", "XFR401", "NLLLoss of its logarithm"),
    "binary_cross_entropy_with_logits": ("sigmoid", "XFR406", "BCELoss"),
}
_TAKE_LOGARITHMS = {"nll_loss": "XFR404", "kl_div": "XFR407"}


def logits(pair: CallPair) -> Iterator[Hypothesis]:
    yield from torch_logits(pair)
    yield from keras_logits(pair)


def torch_logits(pair: CallPair) -> Iterator[Hypothesis]:
    """What torch's loss takes, and is given."""
    output, _ = pair.numbers("torch")
    name = pair.torch.name
    if name in _TAKE_LOGITS and _probabilities(output, pair.torch.kind, 1):
        last, rule, other = _TAKE_LOGITS[name]
        yield Hypothesis(
            f"the torch model ends in a {last}, but its loss takes logits",
            "the logarithm of the outputs given to torch's loss"
            if last == "softmax"
            else "the logits of the outputs given to torch's loss",
            f"leave the {last} out of the torch model, or take {other}",
            partial(pair.edited, "torch", _of_logarithm if last == "softmax" else _of_logit),
            rule,
        )
    if name in _TAKE_LOGARITHMS:
        yield from _logarithms(pair, output)


def keras_logits(pair: CallPair) -> Iterator[Hypothesis]:
    """What Keras' loss takes, and is given."""
    yield from _from_logits(pair)
    keras_output, _ = pair.numbers("keras")
    if pair.keras.kind == "kl_div" and keras_output.max(initial=0.0) <= 0:
        yield Hypothesis(
            f"the {pair.role('keras')}'s Keras KLDivergence takes probabilities, and is given "
            "their logarithms",
            "their exponential",
            "give KLDivergence the exponential of log-probabilities",
            partial(pair.edited, "keras", _of_exponential),
            "XFR407",
        )


def _logarithms(pair: CallPair, output: Array) -> Iterator[Hypothesis]:
    """torch's losses of log-probabilities, given something else."""
    loss, rule = pair.torch.name, _TAKE_LOGARITHMS[pair.torch.name]
    whose = f"the {pair.role('torch')}'s torch loss ({loss})"
    if _probabilities(output, "cross_entropy", 1):
        yield Hypothesis(
            f"{whose} takes log-probabilities, and is given probabilities",
            "the logarithm of its input",
            f"give {loss} the log_softmax of the logits",
            partial(pair.edited, "torch", _of_logarithm),
            rule,
        )
    elif not _probabilities(np.exp(np.minimum(output, 1.0)), "cross_entropy", 1):
        yield Hypothesis(
            f"{whose} takes log-probabilities, and is given logits",
            "the log_softmax of its input",
            f"give {loss} the log_softmax of the logits",
            partial(pair.edited, "torch", _of_log_softmax),
            rule,
        )


def _from_logits(pair: CallPair) -> Iterator[Hypothesis]:
    current = pair.keras.arguments.get("from_logits")
    if current is None:
        return
    fix = (
        f"{_class_name(pair.keras.name)}(from_logits={not current})"
        if "reduction" in pair.keras.arguments
        else f"{pair.keras.name}(..., from_logits={not current})"
    )
    yield Hypothesis(
        f"the {pair.role('keras')}'s Keras loss has from_logits={bool(current)}",
        f"from_logits={not current}",
        fix,
        partial(pair.given, "keras", from_logits=not current),
        "XFR403" if current else "XFR402",
    )


def _class_name(function: str) -> str:
    return "".join(word.capitalize() for word in function.split("_"))


def _probabilities(output: Array, kind: str, axis: int) -> bool:
    if not output.size or output.min() < 0 or output.max() > 1 + 1e-6:
        return False
    if kind == "binary":
        return True
    return output.ndim > axis and bool(np.allclose(output.sum(axis=axis), 1.0, atol=1e-5))


def _of_logarithm(call: Call) -> Call:
    return replace(call, output=call.output.log())


def _of_logit(call: Call) -> Call:
    return replace(call, output=call.output.logit())


def _of_log_softmax(call: Call) -> Call:
    return replace(call, output=call.output.log_softmax(1))


def _of_exponential(call: Call) -> Call:
    exp: Any = load("keras").ops.exp
    return replace(call, output=exp(call.output))
