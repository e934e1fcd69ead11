"""Planted mistakes of TensorFlow tapes: XFR201, XFR203, XFR204, XFR303."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from source import (
    FUNCTIONS,
    LOOPS,
    Mutant,
    Source,
    dotted,
    imports,
    keyword,
    method_call,
    mode_dependent,
    value,
    walk,
)


def _zips(source: Source) -> Iterator[tuple[ast.Call, ast.Call]]:
    """apply_gradients(zip(gradients, variables)) in TensorFlow code."""
    if not imports(source, "tensorflow", "keras") or imports(source, "flax", "jax"):
        return
    for node in source.nodes:
        call = method_call(node, "apply_gradients") if isinstance(node, ast.Call) else None
        if call is not None and call.args and isinstance(call.args[0], ast.Call):
            inner = call.args[0]
            if dotted(inner.func) == "zip" and len(inner.args) == 2:
                yield call, inner


def without_zip(source: Source) -> Iterator[Mutant]:
    """XFR201: the gradients alone, or gradients and variables as two arguments."""
    for call, inner in _zips(source):
        first, second = map(source.written, inner.args)
        for variant, new in (("gradients alone", first), ("two arguments", f"{first}, {second}")):
            if variant == "two arguments" and (len(call.args) > 1):
                continue
            yield Mutant("XFR201", variant, source, call.lineno, (source.replace(inner, new),))


def zip_swapped(source: Source) -> Iterator[Mutant]:
    """XFR204: zip(variables, gradients)."""
    for call, inner in _zips(source):
        first, second = inner.args
        if ast.unparse(first) == ast.unparse(second):
            continue
        edits = (
            source.replace(first, source.written(second)),
            source.replace(second, source.written(first)),
        )
        yield Mutant("XFR204", "swapped", source, call.lineno, edits)


def _tapes(source: Source) -> Iterator[tuple[ast.With, str, ast.Call]]:
    for node in source.nodes:
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                call, name = item.context_expr, item.optional_vars
                if (
                    isinstance(call, ast.Call)
                    and dotted(call.func).endswith("GradientTape")
                    and isinstance(name, ast.Name)
                ):
                    yield node, name.id, call


def _uses(source: Source, within: ast.AST, tape: str) -> list[ast.Call]:
    return [
        call
        for call in walk(within, ast.Call)
        if method_call(call, "gradient", "jacobian", "batch_jacobian")
        and dotted(call.func.value) == tape
    ]


def tape_reused(source: Source) -> Iterator[Mutant]:
    """XFR203: a tape that is not persistent is asked twice."""
    if not imports(source, "tensorflow"):
        return
    for block, name, call in _tapes(source):
        function = source.function(block)
        uses = [
            use
            for use in _uses(source, function, name)
            if use.lineno > block.lineno and source.function(use) is function
        ]
        same = [b for b, n, _ in _tapes(source) if n == name and source.function(b) is function]
        if len(same) > 1:
            continue  # several tapes of one name: which is meant needs more than this reading
        persistent = keyword(call, "persistent")
        if persistent is None and len(uses) == 1:
            statement = source.parents[uses[0]]
            if isinstance(statement, ast.Assign) and source.block(statement):
                end = source.span(statement)[1]
                twice = (end, end, "; " + source.written(statement))
                yield Mutant("XFR203", "asked again", source, uses[0].lineno, (twice,))
        elif persistent is not None and _straight(source, block, uses):
            edit = source.drop_argument(persistent)
            yield Mutant("XFR203", "no longer persistent", source, block.lineno, (edit,))


def _straight(source: Source, block: ast.AST, uses: list[ast.Call]) -> bool:
    """Whether two uses stand in one list of statements, or one in a loop behind the tape."""
    blocks = []
    for use in uses:
        statement = use
        while not isinstance(statement, ast.stmt):
            statement = source.parents[statement]
        loops = [a for a in source.ancestors(use) if isinstance(a, LOOPS)]
        if any(loop not in list(source.ancestors(block)) for loop in loops):
            return True
        blocks.append(id(source.block(statement)))
    return any(blocks.count(b) > 1 for b in blocks)


def missing_training(source: Source) -> Iterator[Mutant]:
    """XFR303: a model with Dropout or batch norm is called under a tape without training=True."""
    if not imports(source, "tensorflow"):
        return
    for block, _name, _call in _tapes(source):
        for call in walk(block, ast.Call):
            flag = keyword(call, "training")
            if flag is None or getattr(flag.value, "value", None) is not True:
                continue
            made = value(source, call.func)
            if made is None or not mode_dependent(made):
                continue
            kind = type(made[1]).__name__
            if isinstance(made[1], ast.ClassDef):
                if _defaults_to_true(made[1]):
                    continue
                kind = "class"
            elif isinstance(made[1], FUNCTIONS):
                kind = "built by a function"
            else:
                kind = "built in place"
            if made[0] is not source:
                kind += " of another file"
            if dotted(call.func) == "self":
                kind = "train_step"
            yield Mutant("XFR303", kind, source, call.lineno, (source.drop_argument(flag),))


def _defaults_to_true(cls: ast.ClassDef) -> bool:
    for method in walk(cls, *FUNCTIONS):
        if method.name in ("call", "__call__"):
            names = [a.arg for a in method.args.args]
            defaults = dict(zip(reversed(names), reversed(method.args.defaults), strict=False))
            if getattr(defaults.get("training"), "value", None) is True or "training" not in names:
                return True
    return False
