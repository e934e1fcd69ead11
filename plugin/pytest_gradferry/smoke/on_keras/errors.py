"""What the user's code did wrong where TensorFlow or Keras stopped it with an error."""

from __future__ import annotations

import re
import traceback
from typing import Any

from ...frameworks import load

# Keras tells an error inside errors of its own, the first one last.
_FIRST_ERROR = re.compile(r"^(?:Exception|Error) encountered(?: during deserialization)?: ", re.M)

_OF_EVERY_LAYER = ("name", "trainable", "dtype")


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
    if "tf.function only supports singleton tf.Variables" in text:
        return (
            "what has variables is made in every call of a tf.function, which may only make them "
            "in its first",
            "make the layer, optimizer, metric or variable once, outside of the function",
            "XFR801",
        )
    if "No gradients provided for any variable" in text:
        return (
            "nothing that the tape recorded leads from the weights to the loss",
            "call the model and the loss inside the tape; look for .numpy(), predict, argmax, "
            "rounding or stop_gradient between them",
            "",
        )
    if "not enough values to unpack (expected 2, got 0)" in text and any(
        f.f_code.co_name == "apply_gradients" for f, _ in traceback.walk_tb(error.__traceback__)
    ):
        return (
            "apply_gradients is given no pair at all: every gradient was None and left out",
            "call the model and the loss inside the tape; look for .numpy(), predict, argmax, "
            "rounding or stop_gradient between them",
            "",
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


def reason(error: BaseException) -> str:
    """The first line of what went wrong when Keras failed to load a model."""
    told = _FIRST_ERROR.split(str(error))[-1].strip()
    return told.splitlines()[0] if told else type(error).__name__


def loading_advice(told: str) -> tuple[str, str, str]:
    """(cause, fix, code) of a `reason` for which a model of the user's own does not load."""
    match = re.match(
        r"([\w.]+)\.__init__\(\) (?:got an unexpected keyword argument '(\w+)'|missing)", told
    )
    if match is None:
        return "", "check get_config and build of the layers of your own", ""
    name, keyword = match.groups()
    if keyword is None:
        return (
            f"get_config of {name} leaves out what its __init__ needs",
            'return it, {**super().get_config(), "units": self.units}',
            "",
        )
    if keyword in _OF_EVERY_LAYER:
        return (
            f"Keras builds {name} from its config, where every layer has name, trainable and dtype",
            "accept **kwargs in __init__ and hand them to super().__init__(**kwargs)",
            "XFR123",
        )
    return (
        f"get_config of {name} returns {keyword!r}, which its __init__ does not take",
        "let __init__ and get_config name the same arguments",
        "",
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
