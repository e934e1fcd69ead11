"""Noting the state of torch objects, and putting it back into the very same objects."""

from __future__ import annotations

import copy
from typing import Any

from ...frameworks import Undo
from ..tree import map_arrays

_TABLES = ("_parameters", "_buffers", "_modules")


def save_tensor(tensor: Any) -> Undo:
    """Value, gradient and requires_grad of a tensor, put back in place."""
    import torch

    value = tensor.detach().clone()
    gradient = tensor.grad if tensor.is_leaf else None
    gradient_value = None if gradient is None else gradient.detach().clone()
    needs = tensor.requires_grad

    def undo() -> None:
        with torch.no_grad():
            tensor.data.copy_(value)
            if gradient is not None:
                gradient.copy_(gradient_value)
        if tensor.is_leaf:
            tensor.requires_grad_(needs)
            tensor.grad = gradient

    return undo


def save_modes(modules: list[Any]) -> Undo:
    modes = [(module, module.training) for module in modules]

    def undo() -> None:
        for module, training in modes:
            module.training = training

    return undo


def save_tables(modules: list[Any]) -> Undo:
    """Which weights, buffers, parts and hooks the modules have, for a step that changes them."""
    tables = [
        (table, table.copy())
        for module in modules
        for name, table in vars(module).items()
        if isinstance(table, dict) and (name in _TABLES or name.endswith("_hooks"))
    ]

    def undo() -> None:
        for table, before in tables:
            table.clear()  # so that the order is the same too
            table.update(before)

    return undo


def save_generator(generator: Any) -> Undo:
    state = generator.get_state()
    return lambda: generator.set_state(state)


def save_state_dict(thing: Any) -> list[Undo]:
    """Schedulers, gradient scalers and the like."""
    if not (hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict")):
        return []
    try:
        state = copy.deepcopy(thing.state_dict())
    except Exception:  # not a state that can be copied: leave the object alone
        return []
    undos: list[Undo] = [lambda: thing.load_state_dict(copy.deepcopy(state))] if state else []
    stages = getattr(thing, "_per_optimizer_states", None)  # where a GradScaler is in its step
    if stages is not None:
        noted = {key: dict(stage) for key, stage in stages.items()}

        def undo_stages() -> None:
            stages.clear()
            stages.update({key: dict(stage) for key, stage in noted.items()})

        undos.append(undo_stages)
    return undos


def save_optimizer(optimizer: Any) -> Undo:
    """State and parameter groups, put back into the optimizer's own objects.

    Its load_state_dict makes new objects for both, which are taken out again.
    """
    import torch

    def clone(tree: Any) -> Any:
        return map_arrays(lambda x: x.clone() if isinstance(x, torch.Tensor) else x, tree)

    slots_of, list_of_groups = optimizer.state, optimizer.param_groups
    own_groups = list(list_of_groups)
    state = {parameter: clone(dict(slots)) for parameter, slots in slots_of.items()}
    groups = [{k: clone(v) for k, v in g.items() if k != "params"} for g in optimizer.param_groups]

    def undo() -> None:
        optimizer.state, optimizer.param_groups = slots_of, list_of_groups
        list_of_groups[:] = own_groups
        slots_of.clear()
        for parameter, slots in state.items():
            slots_of[parameter] = clone(slots)
        for group, saved in zip(own_groups, groups, strict=True):
            for key in set(group) - set(saved) - {"params"}:
                del group[key]
            group.update(clone(saved))

    return undo


def save_attributes(modules: list[Any], private: bool = False) -> Undo:
    """What stands on modules besides weights and children: the state of a recurrent net, say.

    With `private`, what torch and Lightning keep there for themselves too.
    """

    def plain(module: Any) -> dict[str, Any]:
        return {n: value for n, value in vars(module).items() if private or not n.startswith("_")}

    before = [(module, plain(module)) for module in modules]

    def undo() -> None:
        for module, attributes in before:
            for name in plain(module).keys() - attributes.keys():
                del vars(module)[name]
            vars(module).update(attributes)

    return undo
