"""Planted mistakes about what a tape records: XFR209, XFR210, XFR212, XFR223, XFR236, XFR237."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from source import Mutant, Source, dotted, imports, keyword, method_call, walk
from tape import _tapes, _uses, _zips

_VARIABLES = ("trainable_variables", "trainable_weights")


def _asked(source: Source) -> Iterator[tuple[ast.With, ast.Call, ast.Call]]:
    """A block, its tape's making, and the one call that asks the tape for a gradient."""
    if not imports(source, "tensorflow"):
        return
    for block, name, made in _tapes(source):
        function = source.function(block)
        uses = [use for use in _uses(source, function, name) if use.lineno > block.lineno]
        same = [b for b, n, _ in _tapes(source) if n == name and source.function(b) is function]
        if len(uses) == 1 and len(same) == 1 and len(uses[0].args) > 1:
            yield block, made, uses[0]


def _model(use: ast.Call) -> str:
    """`model`, where the gradient is asked for by `model.trainable_variables`."""
    sources = use.args[1]
    if isinstance(sources, ast.Attribute) and sources.attr in _VARIABLES:
        return dotted(sources.value)
    return ""


def outside_the_tape(source: Source) -> Iterator[Mutant]:
    """XFR209: the forward pass stands before the block, or the loss after it."""
    for block, _made, use in _asked(source):
        model, body = _model(use), block.body
        if not model or len(body) < 2 or len(block.items) > 1 or source.block(block) == []:
            continue
        first, last = body[0], body[-1]
        runs = [c for s in body for c in walk(s, ast.Call) if dotted(c.func) == model]
        if (
            isinstance(first, ast.Assign)
            and isinstance(first.value, ast.Call)
            and dotted(first.value.func) == model
            and len(runs) == 1
            and first.lineno == first.end_lineno
        ):
            start = source.span(block)[0]
            moved = (start, start, source.written(first) + "\n" + " " * block.col_offset)
            yield Mutant(
                "XFR209", "forward before", source, first.lineno, (moved, source.drop(first))
            )
        if (
            isinstance(last, ast.Assign)
            and isinstance(last.value, (ast.Call, ast.BinOp))
            and dotted(last.targets[0]) == dotted(use.args[0]) != ""
            and not any(dotted(c.func) == model for c in walk(last, ast.Call))
            and dotted(last.targets[0]) not in [n.id for n in walk(last.value, ast.Name)]
            and block.end_lineno == last.end_lineno
            and last.lineno == last.end_lineno
            and body[-2].end_lineno == last.lineno - 1
        ):
            start = source.span(last)[0]
            line = source.text.rfind("\n", 0, start) + 1
            dedent = (line, start, " " * block.col_offset)
            yield Mutant("XFR209", "loss behind", source, last.lineno, (dedent,))


def through_numpy(source: Source) -> Iterator[Mutant]:
    """XFR212: the mean that makes the loss is numpy's."""
    if "import numpy as np" not in source.text:
        return
    for block, _made, use in _asked(source):
        for assign in walk(block, ast.Assign):
            mean = assign.value
            if (
                _model(use)
                and isinstance(mean, ast.Call)
                and dotted(mean.func) == "tf.reduce_mean"
                and dotted(assign.targets[0]) == dotted(use.args[0]) != ""
            ):
                edit = source.replace(mean.func, "np.mean")
                yield Mutant("XFR212", "np.mean", source, mean.lineno, (edit,))


def nothing_watched(source: Source) -> Iterator[Mutant]:
    """XFR237: a tape that watches only what it is told, and is told nothing."""
    for block, made, use in _asked(source):
        watches = [c for c in walk(source.function(block), ast.Call) if method_call(c, "watch")]
        if not watches and not made.args and not made.keywords and _model(use):
            start, end = source.span(made)
            edit = (start, end, source.written(made)[:-1] + "watch_accessed_variables=False)")
            yield Mutant("XFR237", "told nothing", source, made.lineno, (edit,))


def other_variables(source: Source) -> Iterator[Mutant]:
    """XFR210: the gradients of the trainable variables are paired with all variables."""
    for call, inner in _zips(source):
        second = inner.args[1]
        if isinstance(second, ast.Attribute) and second.attr in _VARIABLES and dotted(second):
            edit = source.replace(second, source.written(second.value) + ".variables")
            yield Mutant("XFR210", "all variables", source, call.lineno, (edit,))


def pairs_read(source: Source) -> Iterator[Mutant]:
    """XFR236: the pairs are counted before they are applied."""
    for call, inner in _zips(source):
        statement = source.parents[call]
        if isinstance(statement, ast.Expr) and source.block(statement) and len(call.args) == 1:
            start = source.span(statement)[0]
            made = f"pairs = {source.written(inner)}; print(len(list(pairs))); "
            edits = ((start, start, made.replace("\n", " ")), source.replace(inner, "pairs"))
            yield Mutant("XFR236", "counted", source, call.lineno, edits)


def penalty_without_graph(source: Source) -> Iterator[Mutant]:
    """XFR223: a gradient penalty's `create_graph=True` is gone."""
    if not imports(source, "torch"):
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and dotted(node.func).endswith("grad"):
            flag = keyword(node, "create_graph")
            if flag is not None and "penalty" in getattr(source.function(node), "name", ""):
                yield Mutant("XFR223", "torch", source, node.lineno, (source.drop_argument(flag),))
