"""The layers of a Keras model by names that a user finds again in the source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .frameworks import load


def layers_of(model: Any) -> list[Any]:
    """A Keras model and its layers, nested ones too; empty for a tf.Module, which lists none."""
    return list(getattr(model, "_flatten_layers", list)())


def layer_paths(model: Any) -> dict[int, str]:
    """Layers by the attribute they are kept under or, in functional models, by their own name.

    Keyed by `id`, the model itself as "".  Layers kept under attributes that begin with an
    underscore are not in it.
    """
    keras = load("keras")
    paths: dict[int, str] = {id(model): ""}

    def visit(layer: Any, prefix: str) -> None:
        if isinstance(layer, keras.Sequential) or hasattr(layer, "_inputs_struct"):
            parts = [(sub.name, sub) for sub in layer.layers]
        else:
            # On torch a layer is a module, and keeps its sublayers as such.
            kept = {**vars(layer), **vars(layer).get("_modules", {})}
            parts = [(name, value) for name, value in kept.items() if name[0] != "_"]
        for name, value in parts:
            for path, sub in _sublayers(keras.layers.Layer, f"{prefix}{name}", value):
                if id(sub) not in paths:
                    paths[id(sub)] = path
                    visit(sub, f"{path}.")

    visit(model, "")
    return paths


def _sublayers(kind: type[Any], path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, kind):
        yield path, value
    elif isinstance(value, (list, tuple)):
        for i, part in enumerate(value):
            yield from _sublayers(kind, f"{path}.{i}", part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _sublayers(kind, f"{path}.{key}", part)
