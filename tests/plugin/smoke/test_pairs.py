"""Two bugs at once: both are told, causes first, and what follows from them is folded."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytest_gradferry.smoke import Smoke

CLASSES = 3


class Net(nn.Module):
    def __init__(self, cut=False, squash=False, mix=False):
        super().__init__()
        self.a, self.drop, self.b = nn.Linear(8, 16), nn.Dropout(0.2), nn.Linear(16, CLASSES)
        self.cut, self.squash, self.mix = cut, squash, mix

    def forward(self, x):
        x = torch.tanh(self.a(x))
        x = self.b(self.drop(x.detach() if self.cut else x))
        x = x + x.mean(0) if self.mix else x
        return x.softmax(-1) if self.squash else x


def case(model, *, zero=True, step=True, rest=False, lr=0.1, held=None, shuffle=False):
    optimizer = torch.optim.SGD((held or model).parameters(), lr=lr)

    def run(x, y):
        if rest:
            model.eval()
        if zero:
            optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y[torch.randperm(len(y))] if shuffle else y)
        loss.backward()
        if step:
            optimizer.step()
        return loss

    return model, run


PAIRS = {
    "no zero_grad, in eval": (
        lambda: case(Net(), zero=False, rest=True),
        {"fresh-gradients": "never clears", "modes": "training is False"},
    ),
    "cut, softmax": (
        lambda: case(Net(cut=True, squash=True)),
        {"gradients": "cut between a and b", "loss-input": "given probabilities"},
    ),
    "cut, rate of zero": (
        lambda: case(Net(cut=True), lr=0.0),
        {"gradients": "cut between a and b", "updates": "learning rate is 0"},
    ),
    "no step, mixed batch": (
        lambda: case(Net(mix=True), step=False),
        {"updates": "no optimizer was stepped", "batch-independence": "other samples"},
    ),
    "softmax, in eval": (
        lambda: case(Net(squash=True), rest=True),
        {"modes": "training is False", "loss-input": "given probabilities"},
    ),
    "targets shuffled, no zero_grad": (
        lambda: case(Net(), zero=False, shuffle=True),
        {"fresh-gradients": "never clears", "pairing": "different orders"},
    ),
    "half the weights, softmax": (
        lambda: case(model := Net(squash=True), held=model.b),
        {"updates": "no optimizer holds them", "loss-input": "given probabilities"},
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_bugs_are_told_and_nothing_else(name):
    make, expected = PAIRS[name]
    torch.manual_seed(0)
    model, step = make()
    x, y = torch.randn(16, 8), torch.arange(16) % CLASSES
    report = Smoke().report(model, x, y, step=step)
    found = {check: outcome.findings for check, outcome in report.outcomes.items()}
    found = {check: findings for check, findings in found.items() if findings}
    assert list(found) == list(expected), str(report)
    for check, words in expected.items():
        assert words in str(found[check][0]), str(report)


def test_consequences_are_folded_under_the_cause():
    torch.manual_seed(0)
    model, step = case(Net(), step=False)
    report = Smoke().report(model, torch.randn(16, 8), torch.arange(16) % CLASSES, step=step)
    assert report.outcomes["learns"].status == "follows"
    assert report.outcomes["learns"].reason == "updates"
    assert "learns: failed too, which follows from updates" in str(report)


def statuses(report):
    return {check: outcome.status for check, outcome in report.outcomes.items()}


def test_of_numbers_that_are_not_finite_only_finite_judges():
    torch.manual_seed(0)
    model, step = case(Net())
    x = torch.full((16, 8), float("nan"))
    found = statuses(Smoke().report(model, x, torch.arange(16) % CLASSES, step=step))
    judged = [check for check, status in found.items() if status in ("passed", "failed")]
    assert judged == ["finite", "modes", "shapes", "loss-input"]
    assert found["learns"] == "follows"


def test_without_an_update_nothing_is_told_of_updates():
    torch.manual_seed(0)
    model, step = case(Net(), step=False)
    report = Smoke().report(model, torch.randn(16, 8), torch.arange(16) % CLASSES, step=step)
    for check in ("fresh-gradients", "resume"):
        assert report.outcomes[check].reason == "no update in the steps watched"


def test_weights_that_get_no_gradient_do_not_move_for_that_reason():
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(x, y):
        optimizer.step()
        return F.cross_entropy(model(x), y)

    report = Smoke().report(model, torch.randn(16, 8), torch.arange(16) % CLASSES, step=step)
    assert report.outcomes["gradients"].status == "failed"
    assert report.outcomes["updates"].reason == "gradients"
