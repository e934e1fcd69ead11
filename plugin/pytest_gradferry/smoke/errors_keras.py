"""What a training step that TensorFlow or Keras stopped with an error did wrong."""

from __future__ import annotations

import traceback
from typing import Any

from ..frameworks import load


def explain(error: BaseException) -> tuple[str, str, str]:
    """(cause, fix, code) of a mistake known by the error it ends in, else three empty strings.

    Only of what can be told from the error itself: the arguments are read off the frame of
    `apply_gradients` that it passed through.
    """
    text = str(error)
    if "non-persistent GradientTape can only be used" in text:
        return (
            "the tape is asked for gradients twice",
            "ask once, tape.gradient(loss, [a, b]), or tf.GradientTape(persistent=True)",
            "XFR203",
        )
    frames = list(traceback.walk_tb(error.__traceback__))
    given = next((f.f_locals for f, _ in frames if f.f_code.co_name == "apply_gradients"), None)
    if given is None:
        if "apply_gradients() takes 2 positional arguments" not in text:
            return "", "", ""
    elif _are_variables(given.get("grads")) and not _are_variables(
        given.get("trainable_variables")
    ):
        return (
            "the pairs given to apply_gradients are (variable, gradient)",
            "zip(gradients, variables)",
            "XFR204",
        )
    elif not _are_tensors(given.get("grads_and_vars")):
        return "", "", ""
    return (
        "apply_gradients takes pairs of gradient and variable",
        "optimizer.apply_gradients(zip(gradients, variables))",
        "XFR201",
    )


def _are_variables(things: Any) -> bool:
    kinds = (load("keras").Variable, load("tensorflow").Variable)
    return bool(things) and all(isinstance(thing, kinds) for thing in things)


def _are_tensors(things: Any) -> bool:
    """Gradients where pairs are wanted; None is the gradient of what the loss does not reach."""
    if not isinstance(things, (list, tuple)) or not things:
        return False
    tf = load("tensorflow")
    return all(thing is None or tf.is_tensor(thing) for thing in things)
