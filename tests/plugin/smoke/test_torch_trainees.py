"""Sound torch training passes, and all of the user's objects are afterwards as they were."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from pytest_gradferry.smoke import Smoke

from .sound import torch_calls, torch_nets, torch_steps, torch_weights

CASES = [
    case
    for module in (torch_steps, torch_nets, torch_weights, torch_calls)
    for case in module.SOUND
]


def modules_of(model):
    nets = model.values() if isinstance(model, dict) else model
    return [model] if isinstance(model, nn.Module) else list(nets)


def state_of(model, how):
    """Everything that a run must leave alone."""
    step = how.get("step")
    cells = (
        [] if step is None else [c.cell_contents for c in getattr(step, "__closure__", None) or ()]
    )
    things = [x for cell in cells for x in (cell if isinstance(cell, (list, tuple)) else [cell])]
    kept = [x for x in things if hasattr(x, "state_dict")]
    return copy.deepcopy(
        {
            "weights": [net.state_dict() for net in modules_of(model)],
            "modes": [m.training for net in modules_of(model) for m in net.modules()],
            "hooks": [len(m._forward_hooks) for n in modules_of(model) for m in n.modules()],
            "gradients": [p.grad for net in modules_of(model) for p in net.parameters()],
            "kept": [x.state_dict() for x in kept],
            "generators": [x.get_state() for x in things if isinstance(x, torch.Generator)],
            "plain": [x for x in things if isinstance(x, (int, float))],
            "random": torch.get_rng_state(),
            "threads": torch.get_num_threads(),
        }
    )


def same(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    return a == b


# torch says that TorchScript is deprecated, and reads .grad of all it compiles.
@pytest.mark.filterwarnings("ignore:.*torch.jit", "ignore:The .grad attribute of a Tensor")
@pytest.mark.parametrize("sound", CASES, ids=lambda case: case.__name__)
def test_sound_training_passes_and_is_undone(sound):
    torch.manual_seed(2)
    model, x, y, how = sound()
    lazy = any(
        isinstance(p, nn.parameter.UninitializedParameter)
        for p in modules_of(model)[0].parameters()
    )
    before = None if lazy else state_of(model, how)
    report = Smoke().report(model, x, y, **how)
    assert report.passed, str(report)
    if before is not None:
        after = state_of(model, how)
        changed = [key for key in before if not same(before[key], after[key])]
        assert not changed
