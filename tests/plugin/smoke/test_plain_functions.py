"""Each check as a function, in tests that use no fixture."""

import typing
import unittest

import keras
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytest_gradferry.smoke import SmokeError, check, training_smoke
from pytest_gradferry.smoke.checks import checks

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("frameworks_imported")


def bench(clear=True):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = nn.Linear(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def step(x, y):
        if clear:
            optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, torch.randn(16, 8), torch.arange(16) % 3, step


def test_one_check_passes_and_is_the_only_one():
    model, x, y, step = bench()
    report = check("fresh-gradients", model, x, y, step=step)
    assert {k: o.status for k, o in report.outcomes.items()} == {"fresh-gradients": "passed"}


def test_one_check_fails_with_its_cause():
    model, x, y, step = bench(clear=False)
    with pytest.raises(
        AssertionError, match=r"fresh-gradients: .*\n.*cause: the step never clears"
    ):
        check("fresh-gradients", model, x, y, step=step)


def test_the_mistake_of_another_check_is_not_its_business():
    model, x, y, step = bench(clear=False)
    check("updates", model, x, y, step=step)


def test_one_check_that_cannot_tell_skips_the_test():
    with pytest.raises(unittest.SkipTest, match="loss-input: the step calls none of the"):
        check("loss-input", nn.Linear(4, 2), torch.ones(4, 4), torch.ones(4, 2), loss="mse")


def test_an_unknown_check():
    with pytest.raises(SmokeError, match="unknown check 'fresh_gradients': known are "):
        check("fresh_gradients", *bench()[:3], loss="cross_entropy")


@pytest.mark.parametrize("name", [c.id for c in checks().values() if c.default])
def test_every_check_runs_alone(name):
    """None leans on another having run before."""
    model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(3)])
    _, x, y, _ = bench()
    for each in (nn.Linear(8, 3), model):
        report = training_smoke.report(
            each, x.numpy(), y.numpy(), loss="cross_entropy", only=[name], steps=5
        )
        assert list(report.outcomes) == [name]
        assert report.passed


def test_all_of_them_without_a_fixture():
    model, x, y, _ = bench()
    assert training_smoke(model, x, y, loss="cross_entropy").passed
    with pytest.raises(AssertionError, match="loss-input"):
        training_smoke(nn.Sequential(model, nn.Softmax(-1)), x, y, loss="cross_entropy")


def test_in_unittest_and_as_a_skip_in_pytest(pytester):
    pytester.makepyfile(
        """
import unittest
import torch
from pytest_gradferry.smoke import check

model, x = torch.nn.Linear(4, 2), torch.ones(4, 4)

class TestTraining(unittest.TestCase):
    def test_updates(self):
        check("updates", model, x, torch.zeros(4, 2), loss="mse")

    def test_loss_input(self):
        check("loss-input", model, x, torch.zeros(4, 2), loss="mse")

def test_loss_input():
    check("loss-input", model, x, torch.zeros(4, 2), loss="mse")
"""
    )
    result = pytester.runpytest_inprocess("-rs")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["*loss-input: the step calls none of the classification losses*"])


def test_the_signatures_are_those_of_the_fixture():
    fixture, plain = (
        typing.get_type_hints(type(training_smoke).__call__),
        typing.get_type_hints(check),
    )
    assert set(fixture) - set(plain) == {"only", "skip"}
    assert set(plain) - set(fixture) == {"name"}
    assert {k: plain[k] for k in fixture if k in plain} == {
        k: fixture[k] for k in plain if k in fixture
    }
