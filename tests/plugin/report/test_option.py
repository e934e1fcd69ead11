"""`--gradferry-report`, in sessions of its own; with workers in smoke/test_xdist.py."""

import json

pytest_plugins = ["pytester"]

TESTS = """
import pytest, torch
from torch import nn

@pytest.mark.parametrize("rate", ["0.1", "0"])
def test_it(training_smoke, rate):
    torch.set_num_threads(1)
    net = nn.Linear(4, 3)
    training_smoke(net, torch.randn(8, 4), torch.arange(8) % 3, loss="cross_entropy",
                   optimizer=lambda p: torch.optim.SGD(p, lr=float(rate)))
"""


def test_the_report_holds_every_result(pytester):
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("--gradferry-report=out/r")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["report: out?r?gradferry.html"])
    data = json.loads((pytester.path / "out/r/gradferry.json").read_text("utf-8"))
    found = {r["test"].split("::")[1]: r["passed"] for r in data["results"]}
    assert found == {"test_it[0.1]": True, "test_it[0]": False}
    assert "test_it[0.1]" in (pytester.path / "out/r/gradferry.html").read_text("utf-8")


def test_no_report_unless_asked(pytester):
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_subprocess("--gradferry-report=out")
    result.stdout.fnmatch_lines(["report: out?gradferry.html"])
    assert "0 results" in (pytester.path / "out/gradferry.html").read_text("utf-8")
    assert "report:" not in str(pytester.runpytest_subprocess().stdout)
