"""Ready-made torch models whose head the program replaces: `model.fc = nn.Linear(512, 10)`."""

from __future__ import annotations

import ast

from ..source.callframes import Value
from ..source.values import Trace

# What makes a classifier, and the attributes that hold the last layers of one.
_MAKERS = ("torchvision.models.", "timm.create_model", "torch.hub.load")
_HEADS = ("fc", "classifier", "head", "heads")


def replaced_head(trace: Trace, model: Value) -> Value | None:
    """The layer that is put in the place of the head of a ready-made model, if one is."""
    call, file = model.node, model.file
    if not isinstance(call, ast.Call) or not (file.qualified(call.func) or "").startswith(_MAKERS):
        return None
    found = []
    around = set(file.ancestors(call))
    for assign in file.index[ast.Assign]:
        match assign.targets:
            case [ast.Attribute(attr=attr, value=holder)] if attr in _HEADS:
                ends = list(trace.ends(model.at(holder)))
                if any(end.value.node is call for end in ends):
                    always = not any(
                        isinstance(above, ast.If | ast.Try) and above not in around
                        for above in file.ancestors(assign)
                    )
                    found.append(model.at(assign.value) if len(ends) == 1 and always else None)
    return found[0] if len(found) == 1 else None
