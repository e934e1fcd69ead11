"""torch modules that a model keeps where torch does not look: in plain lists and dicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def hidden_modules(model: Any) -> Iterator[tuple[str, tuple[Any, str, str]]]:
    """Modules with parameters kept in plain lists and dicts: (name, (module, place, rule))."""
    import torch

    seen = {id(module) for module in model.modules()}
    for prefix, owner in list(model.named_modules()):
        for name, value in vars(owner).items():
            if name.startswith("_") and not isinstance(value, (list, dict)):
                continue
            if name in ("_modules", "_parameters", "_buffers") or "_hooks" in name:
                continue
            place = f"{prefix}.{name}" if prefix else name
            for key, module in _modules_inside(value, place):
                if isinstance(value, torch.nn.Module) or id(module) in seen:
                    continue
                if not any(True for _ in module.parameters()):
                    continue
                seen.add(id(module))
                kind, code = ("dict", "XFR107") if isinstance(value, dict) else ("list", "XFR106")
                yield key, (module, f"the plain {kind} {place}", code)


def _modules_inside(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    import torch

    if isinstance(value, torch.nn.Module):
        yield place, value
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _modules_inside(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _modules_inside(item, f"{place}[{key!r}]")
