"""A smoke run leaves the user's objects as they were, also after an exception."""

import copy
import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytest_gradferry.smoke import Smoke, SmokeError


class Bench:
    """A model with all sorts of state, and what all of it is now."""

    def __init__(self):
        torch.manual_seed(3)
        self.model = nn.Sequential(
            nn.Linear(8, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 3)
        )
        self.model[0].bias.requires_grad_(False)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.1)
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, 0.9)
        self.average = copy.deepcopy(self.model)
        self.noise = np.random.default_rng(0)
        self.history = []
        self.calls = 0
        self.x, self.y = torch.randn(8, 8), torch.randint(0, 3, (8,))
        for _ in range(2):
            self.step(self.x, self.y)
        self.model[1].eval()

    def step(self, x, y):
        self.calls += 1
        x = x + 0.01 * torch.tensor(self.noise.normal(size=x.shape), dtype=x.dtype)
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        self.history.append(loss.item())
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.model.parameters(), strict=True):
                slow.lerp_(fast, 0.1)
        return loss

    def state(self):
        return {
            "weights": {k: v.clone() for k, v in self.model.state_dict().items()},
            "average": {k: v.clone() for k, v in self.average.state_dict().items()},
            "gradients": [None if p.grad is None else p.grad.clone() for p in self.parameters()],
            "gradient objects": [id(p.grad) for p in self.parameters()],
            "requires_grad": [p.requires_grad for p in self.parameters()],
            "optimizer": copy.deepcopy(self.optimizer.state_dict()),
            "schedule": copy.deepcopy(self.schedule.state_dict()),
            "modes": [m.training for m in self.model.modules()],
            "hooks": [len(m._forward_hooks) for m in self.model.modules()],
            "own generator": self.noise.bit_generator.state,
            "calls": self.calls,
            "history": list(self.history),
            "random": (random.getstate(), np.random.get_state()[1].tolist()),
            "torch random": torch.get_rng_state(),
            "threads": torch.get_num_threads(),
        }

    def parameters(self):
        return list(self.model.parameters())


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


def assert_unchanged(before, after):
    changed = [key for key in before if not same(before[key], after[key])]
    assert not changed


def test_own_step():
    bench = Bench()
    before = bench.state()
    report = Smoke().report(bench.model, bench.x, bench.y, step=bench.step)
    assert "modes" in report.outcomes
    assert_unchanged(before, bench.state())


def test_the_tools_loop_with_the_users_optimizer():
    bench = Bench()
    before = bench.state()
    Smoke().report(bench.model, bench.x, bench.y, loss="cross_entropy", optimizer=bench.optimizer)
    assert_unchanged(before, bench.state())


def test_after_an_exception():
    bench = Bench()
    before = bench.state()

    def step(x, y):
        loss = bench.step(x, y)
        if bench.calls > 4:
            raise RuntimeError("out of luck")
        return loss

    with pytest.raises(SmokeError, match="out of luck") as caught:
        Smoke()(bench.model, bench.x, bench.y, step=step)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert_unchanged(before, bench.state())


def test_counter_in_a_closure():
    model = nn.Linear(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    calls, log = 0, {"last": 0.0}

    def step(x, y):
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        log["last"] = loss.item()
        return loss

    Smoke()(model, torch.randn(4, 8), torch.tensor([0, 1, 2, 0]), step=step)
    assert calls == 0
    assert log == {"last": 0.0}


def test_optimizer_that_nothing_leads_to():
    """Found when it steps: its state is noted before."""
    model = nn.Linear(8, 3)
    hidden = {"optimizer": [[[[torch.optim.Adam(model.parameters(), lr=0.1)]]]]}

    class Far:
        __slots__ = ("box",)

        def __init__(self, box):
            self.box = box

        def optimizer(self):
            return self.box["optimizer"][0][0][0][0]

    far = Far(hidden)

    def step(x, y):
        far.optimizer().zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        far.optimizer().step()
        return loss

    before = model.weight.detach().clone()
    Smoke()(model, torch.randn(4, 8), torch.tensor([0, 1, 2, 0]), step=step)
    assert torch.equal(model.weight, before)
    assert not far.optimizer().state


def test_same_seed_same_report():
    def run(seed):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.5), nn.Linear(16, 3))
        x, y = torch.randn(8, 8), torch.randint(0, 3, (8,))
        return Smoke()(model, x, y, loss="cross_entropy", seed=seed).losses

    assert run(0) == run(0)
    assert run(0) != run(1)
