"""Bugs of whole loops and models, each caught with its cause named, and as one bug."""

import importlib
import pkgutil

import keras
import pytest
import torch

from pytest_gradferry.smoke import Smoke

from . import planted

BUGS = {
    f"{found.name}.{bug[0].__name__}": bug
    for found in pkgutil.iter_modules(planted.__path__)
    for bug in importlib.import_module(f"{planted.__name__}.{found.name}").BUGS
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


def test_a_saddle_is_no_minimum():
    """`learns` by itself, where `gradients` would have told before it."""
    model, x, y, how = BUGS["torch_advanced.both_factors_zero"][0]()
    report = Smoke(only=["learns"]).report(model, x, y, **how)
    assert "no slope, though it is no minimum" in str(report)
