"""What training_smoke does where its call does not say: marks, options, the ini-file, seeds."""

import json
import re
import shlex

import pytest
import torch

from pytest_gradferry.smoke import Smoke, SmokeError
from pytest_gradferry.smoke.settings import Settings

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("frameworks_imported")

MODEL = """
import pytest, torch
from torch import nn

def model():
    return nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))

x, y = torch.randn(16, 8), torch.arange(16) % 3

def run(training_smoke, **how):
    return training_smoke(model(), x, y, loss="cross_entropy", **how)
"""


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def session(pytester, tests, *arguments, ini=""):
    pytester.makeini(f"[pytest]\naddopts = --strict-markers\n{ini}")
    pytester.makepyfile(MODEL + tests)
    return pytester.runpytest_inprocess(*arguments)


def test_the_nearest_decides(pytester):
    tests = """
@pytest.mark.gradferry(steps=4, seed=2)
class TestMarked:
    def test_class(self, training_smoke):
        report = run(training_smoke)
        assert (len(report.losses), report.seed) == (4, 2)
        assert "learns" not in report.outcomes and torch.get_num_threads() == 2

    @pytest.mark.gradferry(steps=5, skip=["save-load"], threads=3)
    def test_function(self, training_smoke):
        assert torch.get_num_threads() == 3
        report = run(training_smoke)
        assert (len(report.losses), report.seed) == (5, 2)
        assert "learns" in report.outcomes and "save-load" not in report.outcomes

    @pytest.mark.gradferry(only=["learns", "finite"])
    def test_only_sets_a_farther_skip_aside(self, training_smoke):
        assert list(run(training_smoke).outcomes) == ["finite", "learns"]
        assert list(run(training_smoke, skip=["finite"]).outcomes) == ["learns"]
        report = run(training_smoke, only=["updates"], steps=6, seed=7)
        assert (list(report.outcomes), len(report.losses), report.seed) == (["updates"], 6, 7)

def test_ini_and_option(training_smoke):
    report = run(training_smoke)
    assert (len(report.losses), report.seed) == (3, 11)

def test_threads_are_put_back():
    assert torch.get_num_threads() == 1
"""
    ini = "gradferry_steps = 3\ngradferry_skip = learns\ngradferry_threads = 2"
    session(pytester, tests, "--gradferry-seed=11", ini=ini).assert_outcomes(passed=5)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("step=3", "the mark gradferry: unknown step: known are steps, only, skip, seed, threads"),
        ("steps=1", "the mark gradferry: steps=1: give a whole number, at least 2"),
        ("steps=2.5", "the mark gradferry: steps=2.5: give a whole number, at least 2"),
        ("seed=-1", "the mark gradferry: seed=-1: give a whole number, at least 0"),
        ("seed=2**31", "the mark gradferry: seed=2147483648: give a whole number"),
        ("threads=True", "the mark gradferry: threads=True: give a whole number, at least 1"),
        ("skip='modes'", "the mark gradferry: skip='modes': give a tuple or list of check ids"),
        ("only=['learn']", "the mark gradferry: only: unknown check 'learn': known are "),
        ("only=[]", "only and skip leave no check to run"),
        ("3", "the mark gradferry takes no positional arguments"),
    ],
)
def test_bad_mark(pytester, mark, said):
    tests = f"@pytest.mark.gradferry({mark})\ndef test_it(training_smoke): run(training_smoke)"
    lines = session(pytester, tests, "-q", "--tb=short").stdout.str().splitlines()
    told = [line for line in lines if said in line and not line.startswith(("ERROR ", "FAILED "))]
    assert len(told) == 1


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ("gradferry_steps = many", "gradferry_steps must be a number from 2 up, not 'many'"),
        ("gradferry_steps = 1", "gradferry_steps must be a number from 2 up, not '1'"),
        ("gradferry_threads = 0", "gradferry_threads must be a number from 1 up, not '0'"),
    ],
)
def test_bad_ini(pytester, ini, said):
    pytester.makeini(f"[pytest]\n{ini}")
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {said}" in result.stderr.str()


def test_unknown_check_in_the_ini_file(pytester):
    result = session(pytester, "def test_it(training_smoke): pass", ini="gradferry_skip = learn")
    result.stdout.fnmatch_lines(["ini-file: gradferry_skip: unknown check 'learn': known are *"])


@pytest.mark.parametrize("seed", ["-1", "x", "2147483648"])
def test_bad_seed(pytester, seed):
    result = pytester.runpytest_inprocess(f"--gradferry-seed={seed}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"'{seed}' is no seed: give a whole number from 0 up" in result.stderr.str()


def test_plain_settings():
    near, far = Settings(only=("learns",)), Settings(steps=3, skip=("learns",), seed=0)
    assert near.over(far) == Settings(steps=3, only=("learns",), seed=0)
    assert far.over(near) == Settings(steps=3, only=("learns",), skip=("learns",), seed=0)
    with pytest.raises(SmokeError, match="unknown lenght"):
        Settings.checked(lenght=3)


RANDOM = """
import numpy as np, random

@pytest.fixture
def net():  # made before the training_smoke fixture, random as the test itself
    return nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.4), nn.Linear(16, 3), nn.Softmax(-1))

@pytest.mark.parametrize("name", ["a b", "[c]"])
def test_it(net, training_smoke, name):
    data = torch.randn(16, 8), torch.as_tensor(np.random.randint(0, 3, 16))
    print("DRAWN", random.random())
    training_smoke(net, *data, loss="cross_entropy")
"""


def test_a_failure_is_replayed_by_the_line_it_shows(pytester):
    """The very same report, from the line as it is pasted."""
    pytester.makeini("[pytest]\naddopts = --strict-markers")
    folder = pytester.mkdir("tests")
    (folder / "test_random.py").write_text(MODEL + RANDOM)

    def reports(*arguments):
        pytester.runpytest_inprocess(*arguments, "--gradferry-report=out")
        data = json.loads((pytester.path / "out/gradferry.json").read_text("utf-8"))
        found = {r["test"]: r for r in data["results"]}
        for result in found.values():
            del result["seconds"], result["summary"]
        return found

    first = reports("--gradferry-seed=3")
    assert len(first) == 2
    name, report = list(first.items())[1]
    assert report["replay"] == f"pytest '{name}' --gradferry-seed=3"
    assert not report["passed"]
    _, *arguments = shlex.split(report["replay"])
    assert reports(*arguments) == {name: report}
    assert reports(arguments[0], "--gradferry-seed=4")[name]["losses"] != report["losses"]
    shown = pytester.runpytest_inprocess(*arguments, "--tb=short").stdout.str()
    assert f"replay: {report['replay']}" in re.sub(r"\nE +", "\n", shown)


def test_random_states_are_put_back(pytester):
    tests = """
import random
import numpy as np

def draw():
    return random.random(), np.random.rand(), torch.rand(()).item()

def test_before():
    random.seed(1), np.random.seed(1), torch.manual_seed(1)

def test_seeded(training_smoke):
    run(training_smoke, only=["finite"])
    draw()

def test_skipped(training_smoke):
    pytest.skip("for no reason")

def test_after():
    found = draw()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    assert found == draw()
"""
    session(pytester, tests).assert_outcomes(passed=3, skipped=1)


def test_a_fixture_of_the_users_own_by_our_name_is_not_seeded(pytester):
    tests = """
@pytest.fixture
def parity():
    return "mine"

def test_before():
    torch.manual_seed(1)

def test_it(parity):
    assert parity == "mine"
    first = torch.rand(())
    torch.manual_seed(0)
    assert first != torch.rand(())
"""
    session(pytester, tests).assert_outcomes(passed=2)


def test_a_fixture_asked_for_late_or_by_a_fixture_over_it(pytester):
    tests = """
@pytest.fixture
def training_smoke(training_smoke):
    return training_smoke

def test_wrapped(training_smoke):
    assert run(training_smoke).replay.endswith("--gradferry-seed=6")

def test_late(request):
    torch.manual_seed(1)
    request.getfixturevalue("parity")
    drawn = torch.rand(())
    torch.manual_seed(6)
    assert drawn == torch.rand(())

def test_after():
    drawn = torch.rand(())
    torch.manual_seed(1)
    assert drawn == torch.rand(())
"""
    session(pytester, tests, "--gradferry-seed=6").assert_outcomes(passed=3)


def test_the_same_seed_gives_the_same_report_and_another_another():
    def report(seed):
        torch.manual_seed(0)
        model = torch.nn.Sequential(
            torch.nn.Linear(8, 4), torch.nn.Dropout(), torch.nn.Linear(4, 3)
        )
        x, y = torch.randn(8, 8), torch.arange(8) % 3
        found = Smoke().report(model, x, y, loss="cross_entropy", seed=seed).to_dict()
        del found["seconds"], found["summary"]
        return found

    assert report(1) == report(1)
    assert report(1)["losses"] != report(2)["losses"]
