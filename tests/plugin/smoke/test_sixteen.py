"""The sixteen bugs of the bench against the peers, each caught with its cause."""

import keras
import pytest
import torch

from pytest_gradferry.smoke import Smoke

from .sixteen import in_keras, in_torch


@pytest.mark.parametrize("side", [in_torch, in_keras], ids=["torch", "keras"])
@pytest.mark.parametrize("name", in_torch.BUGS)
def test_bug_is_caught_with_its_cause(side, name):
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)
    make, check, words = side.BUGS[name]
    loop = make()
    report = Smoke().report(loop.model, loop.inputs, loop.targets, step=loop.step)
    told = "\n".join(str(finding) for finding in report.outcomes[check].findings)
    assert words in told, str(report)


@pytest.mark.parametrize("side", [in_torch, in_keras], ids=["torch", "keras"])
def test_loop_without_a_bug_passes(side):
    loop = side.sound()
    assert Smoke()(loop.model, loop.inputs, loop.targets, step=loop.step).passed
