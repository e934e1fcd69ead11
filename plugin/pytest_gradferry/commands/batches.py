"""Batches made up for a model: inputs of a shape, and targets that suit a loss."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any


def add_batch_options(parser: argparse.ArgumentParser, layout: str, required: bool) -> None:
    """--shape and --tokens; `layout` says whose layout the shape is in."""
    parser.add_argument(
        "--shape",
        action="append",
        required=required,
        type=_shape,
        help=f"of the inputs{layout}, batch first, as 8,3,32,32; once for each input",
    )
    parser.add_argument(
        "--tokens",
        type=at_least(1),
        metavar="N",
        help="the inputs are whole numbers from 0 to N - 1 (default: normally distributed floats)",
    )


def at_least(least: int) -> Callable[[str], int]:
    """For argparse: whole numbers that are not smaller."""

    def number(text: str) -> int:
        if text.isdigit() and least <= int(text) < 2**31:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number, at least {least}")

    return number


def _shape(text: str) -> tuple[int, ...]:
    try:
        shape = tuple(int(part) for part in text.split(","))
    except ValueError:
        shape = ()
    if not shape or min(shape) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no shape: give whole numbers as 8,3,32,32")
    return shape


def inputs(options: argparse.Namespace) -> Any:
    """A random batch of each --shape: one array, or a tuple of them."""
    import numpy as np

    generator = np.random.default_rng(options.seed)

    def batch(shape: tuple[int, ...]) -> Any:
        if options.tokens:
            return generator.integers(0, options.tokens, shape)
        return generator.standard_normal(shape).astype(np.float32)

    arrays = tuple(batch(shape) for shape in options.shape)
    return arrays[0] if len(arrays) == 1 else arrays


class TargetsUnknown(ValueError):
    """Nothing says which targets suit; the message says what to give."""


# What a loss takes for targets, by its name here or in Keras.
_TARGETS = {
    "cross_entropy": "classes",
    "nll": "classes",
    "sparse_categorical_crossentropy": "classes",
    "categorical_crossentropy": "one-hot",
    "categorical_focal_crossentropy": "one-hot",
    "categorical_hinge": "one-hot",
    "bce_with_logits": "bits",
    "binary_crossentropy": "bits",
    "bce": "bits",
    "binary_focal_crossentropy": "bits",
    "hinge": "bits",
    "squared_hinge": "bits",
    "kl_div": "shares",
    "kl_divergence": "shares",
    "kld": "shares",
    "poisson": "positive",
    "mean_squared_logarithmic_error": "positive",
    "msle": "positive",
    "mean_absolute_percentage_error": "positive",
    "mape": "positive",
    **dict.fromkeys(("mse", "mean_squared_error", "l1", "mae", "mean_absolute_error"), "numbers"),
    **dict.fromkeys(("huber", "log_cosh", "logcosh", "cosine_similarity"), "numbers"),
}


def loss_name(loss: Any) -> str:
    """The name of a loss, given as a name, a function or an object.

    Raises TargetsUnknown for one of the user's own.
    """
    if isinstance(loss, str):
        return loss
    name = getattr(loss, "__name__", None) or _snake(type(loss).__name__)
    if name in _TARGETS:
        return str(name)
    raise TargetsUnknown(
        f"which targets suit the loss {name}? Give --classes N for class numbers, or name a "
        "function that returns (model, inputs, targets)"
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def targets(loss: str, shape: tuple[int, ...], seed: int, class_axis: int) -> Any:
    """Random ones that suit a named loss and outputs of this shape."""
    import numpy as np

    generator = np.random.default_rng(seed + 1)
    kind = _TARGETS.get(loss)
    if kind in ("classes", "one-hot"):
        classes = shape[class_axis]
        rest = tuple(size for axis, size in enumerate(shape) if axis != class_axis % len(shape))
        labels = generator.integers(0, classes, rest)
        if kind == "classes":
            return labels
        return np.moveaxis(np.eye(classes, dtype=np.float32)[labels], -1, class_axis)
    if kind == "bits":
        return generator.integers(0, 2, shape).astype(np.float32)
    values = generator.standard_normal(shape).astype(np.float32)
    if kind == "positive":
        return np.abs(values)
    if kind == "shares":
        parts = np.exp(values)
        return parts / parts.sum(-1, keepdims=True)
    return values
