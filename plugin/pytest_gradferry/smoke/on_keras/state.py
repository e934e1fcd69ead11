"""Noting what Keras objects are besides the values of their variables, and putting that back.

Training builds optimizers and compiled losses and metrics, and traces `train_function`.  While the
run lasts they stay as they are; at its end they are as the user made them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...frameworks import Undo, load, loaded
from .backends import Backend

_OF_TRAINING = ("train_function", "stop_training", "_jax_state", "_jax_state_synced")


def save_training(model: Any, optimizers: list[Any], backend: Backend) -> Undo:
    """Of a model that `fit` or the tool trains; the user's own step may have traced functions over
    what it has built, so there it stays built."""
    undos = []
    compiled = [getattr(model, name, None) for name in ("_compile_loss", "_compile_metrics")]
    own = [value for value in vars(model).values() if backend.is_optimizer(value)]
    inner = [getattr(thing, "inner_optimizer", None) for thing in (*own, *optimizers)]
    for thing in (*compiled, *own, *optimizers, *inner):
        if not getattr(thing, "built", True):
            undos.append(save_attributes(thing))
            undos += [save_attributes(thing._tracker)] if hasattr(thing, "_tracker") else []
    kept = {name: vars(model)[name] for name in _OF_TRAINING if name in vars(model)}

    def undo() -> None:
        for each in undos:
            each()
        for name in _OF_TRAINING:
            if name in kept:
                setattr(model, name, kept[name])
            elif name in vars(model):
                delattr(model, name)

    return undo


def save_policy() -> Undo:
    """Keras' global dtype policy."""
    config = load("keras").config
    policy = config.dtype_policy()
    return lambda: config.set_dtype_policy(policy)


def no_new_tensorflow() -> Undo:
    """Keep Keras on another backend from importing TensorFlow, which takes seconds.

    It does where TensorFlow is installed, to see whether what it saves is one of its tensors.
    """
    module = load("keras.src.utils.module_utils").tensorflow
    before = module._available
    if loaded("tensorflow") is None:
        module._available = False

    def undo() -> None:
        module._available = before

    return undo


def save_attributes(thing: Any) -> Undo:
    """All attributes, and what the lists, dicts and sets among them hold."""
    again = {name: _noted(value) for name, value in vars(thing).items()}

    def undo() -> None:
        values = {name: value() for name, value in again.items()}
        vars(thing).clear()
        vars(thing).update(values)

    return undo


def _noted(value: Any) -> Callable[[], Any]:
    """A function that gives the value again.

    Keras' own containers are filled behind their backs, as they track nothing more once an object
    is built; so are those that TensorFlow wraps lists and dicts in.
    """
    inner: Any = getattr(value, "__wrapped__", value)
    if isinstance(inner, list):
        items = [_noted(item) for item in list.__iter__(inner)]
        wrapper = [save_attributes(inner)] if "_storage" in getattr(inner, "__dict__", ()) else []

        def fill() -> None:
            list.__setitem__(inner, slice(None), [item() for item in items])
            for undo in wrapper:
                undo()

    elif isinstance(inner, dict):
        entries = {key: _noted(entry) for key, entry in inner.items()}

        def fill() -> None:
            dict.clear(inner)
            dict.update(inner, {key: entry() for key, entry in entries.items()})

    elif isinstance(inner, set):
        copy = set(inner)

        def fill() -> None:
            set.clear(inner)
            set.update(inner, copy)

    else:
        return lambda: value

    def again() -> Any:
        fill()
        if inner is not value and hasattr(value, "_update_snapshot"):
            value._update_snapshot()  # else TensorFlow takes it for changed by somebody else
        return value

    return again
