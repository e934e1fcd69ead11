"""Planted mistakes of model definitions and modes: XFR101, XFR106, XFR301, XFR305, XFR310."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from source import (
    FUNCTIONS,
    MODES,
    Mutant,
    Source,
    defined,
    dotted,
    how_seen,
    imports,
    keyword,
    method_call,
    mode_dependent,
    receiver,
    value,
    walk,
)

_KERAS = ("tensorflow", "keras", "tf_keras")


def bases_of(source: Source, cls: ast.ClassDef, depth: int = 0) -> set[str]:
    """The last names of the bases, through the project's own classes."""
    found: set[str] = set()
    for base in cls.bases:
        name = dotted(base)
        found.add(name.rpartition(".")[2])
        made = defined(source, name) if depth < 4 else None
        if made is not None and isinstance(made[1], ast.ClassDef) and made[1] is not cls:
            found |= bases_of(*made, depth + 1)
    return found


def keras_classes(source: Source) -> Iterator[tuple[ast.ClassDef, set[str]]]:
    if imports(source, *_KERAS) and not imports(source, "tensorlayer", "tensorlayerx"):
        for cls in source.nodes:
            if isinstance(cls, ast.ClassDef) and (bases := bases_of(source, cls)) & {
                "Model",
                "Layer",
            }:
                yield cls, bases


def method_of(cls: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((s for s in cls.body if isinstance(s, FUNCTIONS) and s.name == name), None)


def dunder_call(source: Source) -> Iterator[Mutant]:
    """XFR101: `call` of a Keras class is called `__call__`."""
    for cls, bases in keras_classes(source):
        method = method_of(cls, "call")
        if method is None or method_of(cls, "__call__"):
            continue
        start = source.offset(method.lineno, method.col_offset)
        named = re.compile(r"def\s+call\b").search(source.text, start)
        variant = "model" if "Model" in bases else "layer"
        direct = {dotted(b).rpartition(".")[2] for b in cls.bases}
        if not direct & {"Model", "Layer"}:
            variant += ", inherited"
        edit = (named.start(), named.end(), "def __call__")
        yield Mutant("XFR101", variant, source, method.lineno, (edit,))


def call_without_training(source: Source) -> Iterator[Mutant]:
    """XFR305: a Keras model's `call` no longer has the training parameter that it handed on."""
    for cls, bases in keras_classes(source):
        method = method_of(cls, "call")
        if "Model" not in bases or method is None:
            continue
        arguments = method.args
        parameter = next((a for a in arguments.args if a.arg == "training"), None)
        if parameter is None or arguments.kwarg or arguments.args[-1] is not parameter:
            continue
        uses = [n for n in walk(method, ast.Name) if n.id == "training" and n is not parameter]
        handed = [n for n in uses if isinstance(source.parents[n], (ast.keyword, ast.Call))]
        if len(handed) != len(uses):
            continue  # `if training:` is another matter
        edits = [_without_default(source, method, parameter)]
        for use in uses:
            above = source.parents[use]
            edits.append(source.drop_argument(above if isinstance(above, ast.keyword) else use))
        text = source.written(method_of(cls, "__init__") or cls)
        if MODES.search(text):
            variant = "own layers"
        elif mode_dependent((source, cls)):
            variant = "layers of a block"
        else:
            continue
        if _trained_by_fit(source, cls):
            variant += ", fit in the file"
        elif _held_or_called_with_flag(source, cls):
            continue  # the flag reaches the layers all the same, from outside
        else:
            variant += ", use unseen"
        yield Mutant("XFR305", variant, source, method.lineno, tuple(edits))


def _trained_by_fit(source: Source, cls: ast.ClassDef) -> bool:
    return any(
        (made := value(source, call.func.value)) is not None and made[1] is cls
        for call in source.nodes
        if isinstance(call, ast.Call) and method_call(call, "fit")
    )


def _held_or_called_with_flag(source: Source, cls: ast.ClassDef) -> bool:
    """Whether another class makes one of these, or any file near it passes training=True."""
    if any(
        dotted(call.func) == cls.name and source.enclosing(call, ast.ClassDef)
        for call in source.nodes
        if isinstance(call, ast.Call)
    ):
        return True
    near = [*source.path.parent.glob("*.py"), *source.path.parent.parent.glob("*.py")]
    texts = [path.read_text(errors="replace") for path in near[:80]]
    return any(
        re.search(r"training\s*=\s*True", text) or re.search(rf"self\.\w+ = {cls.name}\(", text)
        for text in texts
    )


def _without_default(source: Source, method: ast.FunctionDef, parameter: ast.arg) -> tuple:
    start, end, new = source.drop_argument(parameter)
    if method.args.defaults:
        end = source.span(method.args.defaults[-1])[1]
    return start, end, new


def modules_in_list(source: Source) -> Iterator[Mutant]:
    """XFR106: nn.ModuleList([...]) becomes [...]."""
    if not imports(source, "torch"):
        return
    for call in source.nodes:
        if not isinstance(call, ast.Call) or not dotted(call.func).endswith("ModuleList"):
            continue
        statement = source.parents[call]
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        if not dotted(target).startswith("self.") or call.keywords:
            continue
        if not call.args:
            if not re.search(rf"{re.escape(dotted(target))}\.append\(", source.text):
                continue
            variant, new = "empty, then append", "[]"
        else:
            inner = call.args[0]
            variant = type(inner).__name__
            new = source.written(inner)
            if isinstance(inner, ast.GeneratorExp):
                new = "[" + new.strip()[1:-1] + "]" if new.strip().startswith("(") else f"[{new}]"
            elif not isinstance(inner, (ast.List, ast.ListComp, ast.Name)):
                continue
        yield Mutant("XFR106", variant, source, call.lineno, (source.replace(call, new),))


_NO_GRAD = re.compile(r"\b(?:no_grad|inference_mode)\b")


def missing_eval(source: Source) -> Iterator[Mutant]:
    """XFR301: a function evaluates a model under no_grad and never calls eval() on it."""
    if not imports(source, "torch"):
        return
    for function in source.nodes:
        if not isinstance(function, FUNCTIONS):
            continue
        text = source.written(function)
        if not _NO_GRAD.search(text) and not any(
            _NO_GRAD.search(ast.unparse(d)) for d in function.decorator_list
        ):
            continue
        evals = [
            s
            for s in walk(function, ast.Expr)
            if (c := method_call(s, "eval"))
            and dotted(c.func)
            and not c.args
            and source.function(s) is function
        ]
        if not evals:
            continue
        name = receiver(method_call(evals[0], "eval"))
        evals = [s for s in evals if receiver(method_call(s, "eval")) == name]
        calls = [c for c in walk(function, ast.Call) if dotted(c.func) == name]
        elsewhere = [
            n
            for n in source.nodes
            if isinstance(n, ast.Expr) and method_call(n, "eval") and n not in evals
        ]
        if not calls or elsewhere:
            continue
        variant = how_seen(source, method_call(evals[0], "eval").func.value)
        if not variant:
            continue
        if ".backward()" in text:
            variant += ", in the training function"
        yield Mutant("XFR301", variant, source, evals[0].lineno, tuple(map(source.drop, evals)))


def functional_dropout(source: Source) -> Iterator[Mutant]:
    """XFR310: F.dropout without training=self.training."""
    if not imports(source, "torch"):
        return
    for call in source.nodes:
        if not isinstance(call, ast.Call):
            continue
        holder, _, name = dotted(call.func).rpartition(".")
        if name not in ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout"):
            continue
        if holder not in ("F", "nn.functional", "torch.nn.functional", "functional"):
            continue
        flag = keyword(call, "training")
        given = flag.value if flag else call.args[2] if len(call.args) == 3 else None
        if given is None or dotted(given) != "self.training":
            continue
        edit = source.drop_argument(flag or given)
        yield Mutant("XFR310", "keyword" if flag else "third", source, call.lineno, (edit,))
