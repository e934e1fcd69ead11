"""Planted mistakes of PyTorch training loops: XFR202, XFR205, XFR206, XFR231, XFR302."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from source import (
    FUNCTIONS,
    LOOPS,
    Mutant,
    Source,
    dotted,
    how_seen,
    imports,
    method_call,
    receiver,
    walk,
)

_OPTIMIZER = re.compile(r"opt|solver|adam|sgd|rmsprop", re.I)


def _torch(source: Source) -> bool:
    return imports(source, "torch") and not imports(source, "mxnet", "paddle", "chainer", "jax")


def _clears(node: ast.AST) -> bool:
    """Whether a statement clears gradients: zero_grad(), p.grad.zero_(), p.grad = None."""
    if method_call(node, "zero_grad"):
        return True
    if (call := method_call(node, "zero_")) and receiver(call).endswith((".grad", ".grad.data")):
        return True
    match node:
        case ast.Assign(targets=[ast.Attribute(attr="grad")], value=ast.Constant(value=None)):
            return True
        case ast.Expr(value=ast.ListComp(elt=elt)):
            return method_call(elt, "zero_grad") is not None
    return False


def _clearing(node: ast.AST) -> list[ast.AST]:
    return [s for s in walk(node, ast.Expr, ast.Assign) if _clears(s)]


def _backward(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and method_call(node, "backward") is not None


def _steps(node: ast.AST) -> str:
    """The optimizer that a statement steps (`scaler.step(opt)` steps opt), else ""."""
    if isinstance(node, (ast.Expr, ast.Assign)) and (call := method_call(node.value, "step")):
        if call.args and _OPTIMIZER.search(dotted(call.args[0])) and "opt" not in receiver(call):
            return dotted(call.args[0])
        name = receiver(call)
        if _OPTIMIZER.search(name) and not re.search(r"sched|env", name, re.I):
            return name
    return ""


def _helpers(source: Source, node: ast.AST) -> Iterator[ast.AST]:
    """The functions of this file that are called below a node."""
    names = {dotted(call.func).rpartition(".")[2] for call in walk(node, ast.Call)}
    for name in names - {""}:
        yield from source.functions(name)


def missing_zero_grad(source: Source) -> Iterator[Mutant]:
    """XFR202: no statement of a loop, nor of the helpers it calls, clears gradients any more."""
    if not _torch(source):
        return
    done: set[ast.AST] = set()
    for backward in source.nodes:
        if not _backward(backward):
            continue
        function = source.function(backward)
        loops = [a for a in source.ancestors(backward) if isinstance(a, LOOPS)]
        loops = [loop for loop in loops if source.function(loop) is function]
        if loops and any(_steps(s) for s in walk(loops[0], ast.Expr)):
            outer, region, variant = loops[-1], loops[0], "loop"
        elif (
            isinstance(function, FUNCTIONS)
            and not loops
            and any(_steps(s) for s in walk(function, ast.Expr))
        ):
            outer = region = function
            variant = "step function" if _called_in_loop(source, function) else "library function"
        else:
            continue
        if outer in done:
            continue
        done.add(outer)
        gone = _clearing(outer)
        inside = set(ast.walk(region))
        helped = [s for h in _helpers(source, outer) if h is not function for s in _clearing(h)]
        if helped:
            variant += ", clearing in a helper"
        elif not any(s in inside for s in gone):
            continue
        gone = list(dict.fromkeys([*gone, *helped]))
        optimizers = {_steps(s) for s in walk(region, ast.Expr)} - {""}
        if len(optimizers) > 1:
            variant += ", several optimizers"
        yield Mutant("XFR202", variant, source, backward.lineno, tuple(map(source.drop, gone)))
        zeroed = {
            receiver(c): s for s in gone if (c := method_call(s, "zero_grad")) and s in inside
        }
        if len(optimizers) > 1 and set(zeroed) == optimizers and len(zeroed) == len(gone):
            name = sorted(zeroed)[0]
            edits = (source.drop(zeroed[name]),)
            yield Mutant("XFR202", "one of several", source, backward.lineno, edits)


def _called_in_loop(source: Source, function: ast.AST) -> bool:
    return any(
        dotted(call.func).rpartition(".")[2] == function.name
        for call in source.nodes
        if isinstance(call, ast.Call) and source.enclosing(call, *LOOPS)
    )


def _sequences(source: Source) -> Iterator[tuple[ast.AST | None, ast.AST, ast.AST, str]]:
    """zero_grad (in the same block, or None), the one backward after it, the step that follows."""
    for backward in source.nodes:
        if not _backward(backward):
            continue
        block = source.block(backward)
        here = block.index(backward)
        after = next((s for s in block[here + 1 :] if _steps(s) or _backward(s)), None)
        if after is None or _backward(after):
            continue
        name = _steps(after)
        zero = None
        for statement in reversed(block[:here]):
            if _backward(statement) or any(map(_backward, walk(statement, ast.Expr))):
                break
            if _clears(statement):
                call = method_call(statement, "zero_grad")
                if call is not None and receiver(call) == name:
                    zero = statement
                break
        yield zero, backward, after, name


def zero_grad_after_backward(source: Source) -> Iterator[Mutant]:
    """XFR205: zero_grad moves between backward and step."""
    if not _torch(source):
        return
    for zero, backward, _step, _name in _sequences(source):
        if zero is not None:
            end = source.span(backward)[1]
            moved = (end, end, "; " + source.written(zero))
            yield Mutant(
                "XFR205", "same block", source, backward.lineno, (source.drop(zero), moved)
            )


def step_before_backward(source: Source) -> Iterator[Mutant]:
    """XFR206: step moves before backward."""
    if not _torch(source):
        return
    for zero, backward, step, name in _sequences(source):
        call = method_call(step.value, "step")
        if isinstance(step, ast.Assign) or call.args or call.keywords:
            continue
        block = source.block(backward)
        behind = block[block.index(step) + 1 :]
        cleared = any(
            (c := method_call(s, "zero_grad")) is not None and receiver(c) == name for s in behind
        )
        if zero is None and not cleared:
            continue
        start = source.span(backward)[0]
        moved = (start, start, source.written(step) + "; ")
        variant = "zero_grad first" if zero is not None else "zero_grad last"
        yield Mutant("XFR206", variant, source, backward.lineno, (source.drop(step), moved))


def method_not_called(source: Source) -> Iterator[Mutant]:
    """XFR231: the parentheses of eval, train, zero_grad, backward or step are missing."""
    if not _torch(source):
        return
    for node in source.nodes:
        if not isinstance(node, ast.Expr):
            continue
        call = method_call(node, "eval", "train", "zero_grad", "backward", "step")
        if call is None or call.args or call.keywords or not dotted(call.func):
            continue
        verb = call.func.attr
        if verb == "step" and not _steps(node):
            continue
        edit = source.replace(call, source.written(call.func))
        yield Mutant("XFR231", verb, source, node.lineno, (edit,))


def missing_train(source: Source) -> Iterator[Mutant]:
    """XFR302: nothing in the epoch loop, which evaluates, sets the model back to training."""
    if not _torch(source):
        return
    for loop in source.nodes:
        if not isinstance(loop, LOOPS) or source.enclosing(loop, *LOOPS):
            continue
        trains, evals = _modes(loop, "train"), _modes(loop, "eval")
        helpers = list(_helpers(source, loop))
        helper_trains = [s for h in helpers for s in _modes(h, "train")]
        learns = any(_backward(s) for s in walk(loop, ast.Expr)) or any(
            _backward(s) for h in helpers for s in walk(h, ast.Expr)
        )
        if not learns:
            continue
        if trains and evals and not helper_trains:
            variant = "same loop"
        elif helper_trains and not trains and (evals or any(_modes(h, "eval") for h in helpers)):
            variant, trains = "in helpers", helper_trains
            evals = evals or [s for h in helpers for s in _modes(h, "eval")]
        else:
            continue
        names = {receiver(method_call(s, "train")) for s in trains}
        if not names & {receiver(method_call(s, "eval")) for s in evals}:
            continue
        seen = how_seen(source, method_call(trains[0], "train").func.value)
        if not seen:
            continue
        variant += f", {seen}"
        yield Mutant("XFR302", variant, source, loop.lineno, tuple(map(source.drop, trains)))


def _modes(node: ast.AST, verb: str) -> list[ast.AST]:
    """The statements `model.train()` or `model.eval()` below a node."""
    return [
        s
        for s in walk(node, ast.Expr)
        if (call := method_call(s, verb))
        and not call.keywords
        and dotted(call.func)
        and (not call.args or getattr(call.args[0], "value", None) is True)
    ]
