"""Bugs of whole loops and models, each caught with its cause named, and as one bug."""

import keras
import pytest
import torch

from pytest_gradferry.smoke import Smoke

from .planted import keras_loops, keras_tape, torch_loops, torch_models

BUGS = {
    f"{module.__name__.rpartition('.')[2]}.{bug[0].__name__}": bug
    for module in (torch_loops, torch_models, keras_loops, keras_tape)
    for bug in module.BUGS
}


@pytest.mark.parametrize("name", BUGS)
def test_bug_is_caught_with_its_cause(name):
    bug, check, words, code = BUGS[name]
    torch.manual_seed(1)
    keras.utils.set_random_seed(1)
    model, x, y, how = bug()
    report = Smoke().report(model, x, y, **how)
    found = {check: outcome for check, outcome in report.outcomes.items() if outcome.findings}
    assert check in found, str(report)
    text = "\n".join(str(finding) for finding in found[check].findings)
    assert words in text, str(report)
    assert code in {finding.code for finding in found[check].findings}, str(report)
    assert [*found] == [check], f"one bug, found as several: {report}"
    assert len(found[check].findings) == 1, f"one bug, found as several: {report}"
