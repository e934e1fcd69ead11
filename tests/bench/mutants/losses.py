"""Planted mistakes of losses: XFR401, XFR402, XFR403, XFR405."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from source import (
    FUNCTIONS,
    Edit,
    Made,
    Mutant,
    Source,
    dotted,
    imports,
    keyword,
    value,
    walk,
)

_SQUASHED = re.compile(r"softmax|sigmoid|log_prob", re.I)


# -- torch ---------------------------------------------------------------------------------------


def _is_cross_entropy(source: Source, func: ast.expr) -> bool:
    if dotted(func).endswith(("F.cross_entropy", "functional.cross_entropy")):
        return True
    if isinstance(func, ast.Call):
        return dotted(func.func).endswith("CrossEntropyLoss")
    made = value(source, func)
    return (
        made is not None
        and isinstance(made[1], ast.Call)
        and dotted(made[1].func).endswith("CrossEntropyLoss")
    )


def _scored(source: Source) -> Iterator[tuple[ast.Call, ast.Call]]:
    """Each cross entropy with the call of the model whose output it is given, untouched."""
    for call in source.nodes:
        if not isinstance(call, ast.Call) or len(call.args) < 2:
            continue
        if not _is_cross_entropy(source, call.func):
            continue
        output = call.args[0]
        if isinstance(output, ast.Name):
            scope = source.function(call)
            given = [
                s.value
                for s in walk(scope, ast.Assign)
                if any(dotted(t) == output.id for t in s.targets) and s.lineno <= call.lineno
            ]
            others = [
                n
                for n in walk(scope, ast.Name)
                if n.id == output.id and isinstance(n.ctx, ast.Store)
            ]
            output = given[-1] if given and len(others) == len(given) else output
            if len({ast.unparse(g) for g in given}) > 1:
                continue
        if isinstance(output, ast.Call) and dotted(output.func):
            yield call, output


def softmax_before_cross_entropy(source: Source) -> Iterator[Mutant]:
    """XFR401: the model that cross entropy scores ends in a softmax."""
    if not imports(source, "torch") or not re.search(
        r"CrossEntropyLoss|cross_entropy", source.text
    ):
        return
    done: set[ast.AST] = set()
    for loss, output in _scored(source):
        made = value(source, output.func)
        if made is None or made[1] in done:
            continue
        done.add(made[1])
        for variant, edit in _softmaxed(made):
            if made[0] is not source:
                variant += ", model of another file"
            where = None if made[0] is source else source.path
            yield Mutant("XFR401", variant, made[0], loss.lineno, (edit,), where)
        if isinstance(source.parents[output], ast.Call):
            new = f"torch.softmax({source.written(output)}, dim=1)"
            edit = source.replace(output, new)
            yield Mutant("XFR401", "at the loss", source, loss.lineno, (edit,))


def _softmaxed(made: Made) -> Iterator[tuple[str, Edit]]:
    source, node = made
    if isinstance(node, ast.Call):
        if dotted(node.func).endswith("Sequential") and (edit := _append(source, node)):
            yield "Sequential", edit
        return
    if not isinstance(node, ast.ClassDef):
        return
    forward = next((s for s in node.body if isinstance(s, FUNCTIONS) and s.name == "forward"), None)
    returned = [] if forward is None else list(walk(forward, ast.Return))
    if len(returned) != 1 or isinstance(returned[0].value, (ast.Tuple, ast.Dict, type(None))):
        return
    if _SQUASHED.search(source.written(forward)):
        return
    result = returned[0].value
    text = source.written(result)
    if re.search(
        r"^import torch\.nn\.functional as F|^from torch\.nn import functional as F",
        source.text,
        re.M,
    ):
        new = f"F.softmax({text}, dim=1)"
    elif re.search(r"^import torch\b", source.text, re.M):
        new = f"torch.softmax({text}, dim=1)"
    else:
        new = f"({text}).softmax(dim=1)"
    yield "returned", source.replace(result, new)
    if isinstance(result, ast.Call) and dotted(result.func).startswith("self."):
        held = value(source, result.func)
        if held is None or held[0] is not source or not isinstance(held[1], ast.Call):
            return
        if dotted(held[1].func).endswith("Sequential") and (edit := _append(source, held[1])):
            yield "Sequential inside the class", edit


def _append(source: Source, call: ast.Call) -> Edit | None:
    if not call.args or call.keywords or isinstance(call.args[-1], ast.Starred):
        return None
    if _SQUASHED.search(source.written(call)) or isinstance(call.args[0], (ast.List, ast.Dict)):
        return None
    if isinstance(call.args[0], ast.Call) and dotted(call.args[0].func).endswith("OrderedDict"):
        return None
    if not dotted(call.func).startswith(("nn.", "torch.")):
        return None
    prefix = dotted(call.func).rpartition(".")[0]
    end = source.span(call.args[-1])[1]
    return end, end, f", {prefix}.Softmax(dim=1)"


# -- Keras ---------------------------------------------------------------------------------------

_CROSSENTROPY = re.compile(r"crossentropy$", re.I)


def _linear(call: ast.AST) -> bool | None:
    """Whether a layer is one without activation; None for what is no such layer."""
    if not isinstance(call, ast.Call):
        return None
    if isinstance(call.func, ast.Call):  # Dense(10)(x)
        return _linear(call.func)
    name = dotted(call.func).rpartition(".")[2]
    if name not in ("Dense", "Conv2D"):
        return None
    given = keyword(call, "activation")
    if given is None:
        return len(call.args) < 2 if name == "Dense" else len(call.args) < 6
    return getattr(given.value, "value", "") in (None, "linear")


def _model_call(cls: ast.ClassDef) -> ast.FunctionDef | None:
    return next((s for s in cls.body if isinstance(s, FUNCTIONS) and s.name == "call"), None)


def _returned(source: Source, cls: ast.ClassDef) -> ast.expr | None:
    """The one expression that `call` returns, through the name it may be put in."""
    method = _model_call(cls)
    returned = [] if method is None else list(walk(method, ast.Return))
    if len(returned) != 1 or returned[0].value is None:
        return None
    found = returned[0].value
    if isinstance(found, ast.Name):
        given = [
            s.value
            for s in method.body
            if isinstance(s, ast.Assign) and dotted(s.targets[0]) == found.id
        ]
        return given[-1] if given else None
    return found


def ends_linear(made: Made) -> str:
    """How a Keras model visibly ends in a layer without activation, else ""."""
    source, node = made
    if isinstance(node, ast.Call):
        if dotted(node.func).endswith("Sequential") and node.args:
            layers = node.args[0]
            if isinstance(layers, ast.List) and layers.elts and _linear(layers.elts[-1]):
                return "Sequential"
        return ""
    if isinstance(node, ast.ClassDef):
        last = _returned(source, node)
        if isinstance(last, ast.Call) and dotted(last.func).startswith("self."):
            held = value(source, last.func)
            if held is not None and held[0] is source:
                if _linear(held[1]):
                    return "class"
                if ends_linear(held):
                    return "class holding a Sequential"
        return ""
    if isinstance(node, FUNCTIONS):
        text = source.written(node)
        returned = list(walk(node, ast.Return))
        if len(returned) == 1 and not _SQUASHED.search(text):
            layers = [c for c in walk(node, ast.Call) if _linear(c) is not None]
            if layers and _linear(layers[-1]) and "add(" not in text:
                return "built by a function"
    return ""


def _models(source: Source) -> list[tuple[ast.expr, Made]]:
    """The models of a file that are compiled or called under a tape, by how they were made."""
    found: dict[ast.AST, tuple[ast.expr, Made]] = {}
    for call in source.nodes:
        if not isinstance(call, ast.Call):
            continue
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("compile", "fit"):
            node = call.func.value
        elif dotted(call.func) and keyword(call, "training"):
            node = call.func
        else:
            continue
        made = value(source, node)
        if made is not None:
            found[made[1]] = (node, made)
    return list(found.values())


def _logit_losses(source: Source) -> list[tuple[ast.Call, ast.keyword | None]]:
    return [
        (call, keyword(call, "from_logits"))
        for call in source.nodes
        if isinstance(call, ast.Call)
        and _CROSSENTROPY.search(dotted(call.func))
        and "metrics" not in dotted(call.func)
    ]


def missing_from_logits(source: Source) -> Iterator[Mutant]:
    """XFR402: from_logits=True is gone although the one model of the file ends without softmax."""
    if not imports(source, "tensorflow", "keras"):
        return
    models = _models(source)
    ends = {ends_linear(made) for _, made in models}
    if len(models) != 1 or "" in ends:
        return
    for call, flag in _logit_losses(source):
        if flag is not None and getattr(flag.value, "value", None) is True:
            variant = ends_linear(models[0][1]) + _place(source, call)
            yield Mutant("XFR402", variant, source, call.lineno, (source.drop_argument(flag),))


def _place(source: Source, call: ast.Call) -> str:
    for above in source.ancestors(call):
        if isinstance(above, ast.Call) and dotted(above.func).endswith("compile"):
            return ", in compile"
    return ", elsewhere"


def from_logits_on_probabilities(source: Source) -> Iterator[Mutant]:
    """XFR403: probabilities where logits are announced, in the ways that Keras does not repair."""
    if not imports(source, "tensorflow") or not re.search(
        r"^import tensorflow as tf", source.text, re.M
    ):
        return
    compiled = re.search(r"tf\.function|\.fit\(|train_step", source.text) is not None
    for call in source.nodes:
        if isinstance(call, ast.Call) and (logits := _logits_of(call, compiled)) is not None:
            squash = "sigmoid" if "sigmoid" in dotted(call.func) else "softmax"
            if not _SQUASHED.search(source.written(logits)):
                edit = source.replace(logits, f"tf.nn.{squash}({source.written(logits)})")
                variant = "with_logits" if "logits" in dotted(call.func) else "function in a loop"
                yield Mutant("XFR403", variant, source, call.lineno, (edit,))
    models = _models(source)
    flagged = [c for c, f in _logit_losses(source) if f is not None]
    if len(models) != 1 or not flagged:
        return
    made = models[0][1]
    if not isinstance(made[1], ast.ClassDef) or not ends_linear(made):
        return
    last = _returned(*made)
    if last is None or not re.search(r"^import tensorflow as tf", made[0].text, re.M):
        return
    new = f"tf.nn.softmax({made[0].written(last)})"
    variant = "softmax, eager loop"
    if compiled:
        new, variant = f"tf.clip_by_value({new}, 1e-7, 1.0)", "softmax, then clipped"
    where = None if made[0] is source else source.path
    edit = made[0].replace(last, new)
    yield Mutant("XFR403", variant, made[0], flagged[0].lineno, (edit,), where)


def _logits_of(call: ast.Call, compiled: bool) -> ast.expr | None:
    """The logits of a call that never repairs what it is given."""
    name = dotted(call.func)
    if name.endswith("cross_entropy_with_logits"):
        given = keyword(call, "logits")
        return given.value if given else call.args[1] if len(call.args) > 1 else None
    flag = keyword(call, "from_logits")
    if compiled or flag is None or getattr(flag.value, "value", None) is not True:
        return None
    return call.args[1] if name.endswith("_crossentropy") and len(call.args) > 1 else None


# -- arguments the wrong way round -----------------------------------------------------------------

_ASYMMETRIC = re.compile(
    r"(?:^|\.)(?:CrossEntropyLoss|NLLLoss|BCELoss|BCEWithLogitsLoss|KLDivLoss|(?:F|functional)\."
    r"(?:cross_entropy|nll_loss|kl_div|binary_cross_entropy(?:_with_logits)?)|losses\.(?:Binary|"
    r"Categorical|SparseCategorical)Crossentropy|losses\.(?:sparse_|)(?:binary|categorical)"
    r"_crossentropy|losses\.KLDivergence|(?:Binary|Categorical|SparseCategorical)Crossentropy)$"
)


def swapped_arguments(source: Source) -> Iterator[Mutant]:
    """XFR405: output and target change places."""
    for call in source.nodes:
        match call:
            case ast.Call(func=func, args=[first, second, *_]) if not isinstance(
                first, ast.Starred
            ) and not isinstance(second, ast.Starred):
                pass
            case _:
                continue
        made = value(source, func)
        maker = made[1] if made is not None else None
        held = dotted(maker.func) if isinstance(maker, ast.Call) else ""
        if isinstance(func, ast.Call):
            held = dotted(func.func)
        if not _ASYMMETRIC.search(dotted(func)) and not _ASYMMETRIC.search(held):
            continue
        edits = (
            source.replace(first, source.written(second)),
            source.replace(second, source.written(first)),
        )
        variant = "function" if _ASYMMETRIC.search(dotted(func)) else "object"
        yield Mutant("XFR405", variant, source, call.lineno, edits)
