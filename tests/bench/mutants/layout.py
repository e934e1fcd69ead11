"""Planted mistakes of axes and sequences: XFR508, XFR516, XFR517, XFR522."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from source import Mutant, Source, dotted, imports, keyword, walk

_KERAS = ("tensorflow", "keras", "tf_keras")
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN")


def _calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """The calls of a file with the last name of what they call."""
    for node in source.nodes:
        if isinstance(node, ast.Call):
            yield node, getattr(node.func, "attr", getattr(node.func, "id", ""))


def _numbers(nodes: list[ast.expr]) -> list[object]:
    return [node.value if isinstance(node, ast.Constant) else None for node in nodes]


def layout_by_reshape(source: Source) -> Iterator[Mutant]:
    """XFR508: `x.permute(0, 2, 3, 1)` becomes a reshape to the sizes in that order."""
    if not imports(source, "torch"):
        return
    for call, name in _calls(source):
        held = call.func.value if isinstance(call.func, ast.Attribute) else None
        order = _numbers(call.args)
        if name != "permute" or not isinstance(held, ast.Name) or None in order:
            continue
        if len(order) > 2 and min(order) == 0 and order != sorted(order):
            sizes = ", ".join(f"{held.id}.size({place})" for place in order)
            edit = source.replace(call, f"{held.id}.reshape({sizes})")
            yield Mutant("XFR508", "permute", source, call.lineno, (edit,))


def flatten_drops_batch(source: Source) -> Iterator[Mutant]:
    """XFR516: `torch.flatten(x, 1)` without the 1, in the `forward` of a class that convolves."""
    if not imports(source, "torch"):
        return
    for call, name in _calls(source):
        function = source.function(call)
        cls = source.enclosing(call, ast.ClassDef)
        if name != "flatten" or dotted(call.func) != "torch.flatten" or cls is None:
            continue
        text = source.written(cls)
        images = "Conv2d(" in text and "Linear(" in text
        if images and len(call.args) == 2 and getattr(function, "name", "") == "forward":
            edit = source.drop_argument(call.args[1])
            yield Mutant("XFR516", "torch.flatten", source, call.lineno, (edit,))


def missing_batch_first(source: Source) -> Iterator[Mutant]:
    """XFR517: `batch_first=True` dropped where the class reads `[:, -1]` or names a batch size."""
    if not imports(source, "torch"):
        return
    for call, name in _calls(source):
        given = keyword(call, "batch_first")
        cls = source.enclosing(call, ast.ClassDef)
        if given is None or cls is None or name not in _RECURRENT:
            continue
        text = source.written(cls)
        if "[:, -1" in text or ".size(0), self.hidden" in text:
            edit = source.drop_argument(given)
            yield Mutant("XFR517", name, source, call.lineno, (edit,))


def missing_return_sequences(source: Source) -> Iterator[Mutant]:
    """XFR522: `return_sequences=True` dropped from the first of two recurrent layers in a list."""
    if not imports(source, *_KERAS):
        return
    for row in walk(source.tree, ast.List):
        for layer, reader in zip(row.elts, row.elts[1:], strict=False):
            if not isinstance(layer, ast.Call) or not isinstance(reader, ast.Call):
                continue
            names = [dotted(made.func).rpartition(".")[2] for made in (layer, reader)]
            given = keyword(layer, "return_sequences")
            if given is not None and all(name in _RECURRENT for name in names):
                edit = source.drop_argument(given)
                yield Mutant("XFR522", names[1], source, layer.lineno, (edit,))
