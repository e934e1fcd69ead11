"""Under pytest-xdist: tests of one framework go to one worker, and their reports come together."""

import json
import re

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("frameworks_imported")

TORCH = """
import os, pytest, torch

@pytest.fixture(autouse=True)
def told(request):
    groups = [mark.args[0] for mark in request.node.iter_markers("xdist_group")]
    print("GROUPS", request.node.name, *groups)

@pytest.mark.parametrize("number", range(4))
def test_smoke(training_smoke, number):
    print("RAN torch", os.environ.get("PYTEST_XDIST_WORKER"))
    rate = 0.1 if number else 0.0
    training_smoke(torch.nn.Linear(4, 3), torch.randn(8, 4), torch.arange(8) % 3, only=["updates"],
                   loss="cross_entropy", optimizer=lambda p: torch.optim.SGD(p, lr=rate))

@pytest.mark.xdist_group("mine")
def test_of_the_users_own_group(training_smoke):
    pass

def test_light():
    pass
"""
BOTH = """
import os, pytest

@pytest.fixture(autouse=True)
def told(request):
    groups = [mark.args[0] for mark in request.node.iter_markers("xdist_group")]
    print("GROUPS", request.node.name, *groups)

@pytest.mark.parametrize("number", range(2))
def test_framework(framework, number):
    print("RAN", framework.name, os.environ.get("PYTEST_XDIST_WORKER"))

def test_parity(parity):
    pass

def test_smoke(training_smoke):
    pass
"""
# What pytest-xdist says to its workers under --dist=loadgroup.
LOADGROUP = """
def pytest_configure(config):
    config.option.loadgroup = True
"""
KERAS = "from keras.layers import Dense\n" + BOTH.replace("test_parity(parity)", "test_no()")
DERIVED = """
from nets import Net

def test_derived(training_smoke, request):
    groups = [mark.args[0] for mark in request.node.iter_markers("xdist_group")]
    print("GROUPS", request.node.name, *groups)
"""


def test_the_group_is_the_framework(pytester):
    pytester.makeconftest(LOADGROUP)
    pytester.makeini("[pytest]\nmarkers = xdist_group\naddopts = --strict-markers -p no:xdist")
    pytester.makepyfile(test_torch=TORCH, test_both=BOTH, test_keras=KERAS, test_derived=DERIVED)
    pytester.makepyfile(nets="from torch import nn\nclass Net(nn.Module): pass")
    result = pytester.runpytest_inprocess("-rP")
    found = dict(re.findall(r"^GROUPS (\S+) ?(.*)$", result.stdout.str(), re.MULTILINE))
    assert found == {
        "test_framework[torch-0]": "gradferry-torch",
        "test_framework[torch-1]": "gradferry-torch",
        "test_framework[tensorflow-0]": "gradferry-tensorflow",
        "test_framework[tensorflow-1]": "gradferry-tensorflow",
        "test_parity": "gradferry",
        "test_derived": "gradferry-torch",
        "test_smoke": "gradferry-tensorflow",  # of test_keras.py, the last
        **{f"test_smoke[{i}]": "gradferry-torch" for i in range(4)},
        "test_of_the_users_own_group": "mine",
        "test_no": "",
        "test_light": "",
    }


def test_no_groups_unless_asked(pytester):
    pytester.makepyfile(BOTH)
    result = pytester.runpytest_inprocess("-rP", "-k", "parity", "--strict-markers")
    result.assert_outcomes(passed=1, deselected=5)
    assert "GROUPS test_parity\n" in result.stdout.str()


def test_reports_of_all_workers(pytester):
    pytest.importorskip("xdist")
    pytester.makepyfile(test_torch=TORCH)
    result = pytester.runpytest_subprocess(
        "-n2", "--dist=loadgroup", "-rA", "--gradferry-report=out"
    )
    result.assert_outcomes(passed=5, failed=1)
    text = result.stdout.str()
    workers = re.findall(r"^RAN torch (gw\d)$", text, re.MULTILINE)
    assert len(workers) == 4
    # pytest 9.2 no longer reads the attribute that pytest-xdist 3.8 writes groups into.
    if "test_of_the_users_own_group@mine" in text:
        assert len(set(workers)) == 1
    data = json.loads((pytester.path / "out/gradferry.json").read_text("utf-8"))
    found = {result["test"]: result for result in data["results"]}
    assert sorted(found) == [f"test_torch.py::test_smoke[{i}]" for i in range(4)]
    failed = found["test_torch.py::test_smoke[0]"]
    assert not failed["passed"]
    assert failed["replay"] == "pytest 'test_torch.py::test_smoke[0]' --gradferry-seed=0"
    assert sum(result["passed"] for result in found.values()) == 3
