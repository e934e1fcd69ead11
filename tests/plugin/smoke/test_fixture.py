"""The fixtures as users meet them, each in a session of its own."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("frameworks_imported")

MODEL = """
import torch
from torch import nn

def model(*extra):
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), *extra, nn.Linear(16, 3))

x, y = torch.randn(16, 8), torch.arange(16) % 3
"""


def test_pass_fail_and_summary(pytester):
    pytester.makepyfile(
        MODEL
        + """
def test_right(training_smoke):
    report = training_smoke(model(), x, y, loss="cross_entropy")
    assert report.passed and report.losses[0] > report.losses[-1]
    assert {"finite", "learns", "save-load"} < set(report.outcomes)

def test_wrong(training_smoke):
    training_smoke(model(nn.Softmax(-1)).append(nn.Softmax(-1)), x, y, loss="cross_entropy")

def test_report(training_smoke):
    report = training_smoke.report(model().append(nn.Softmax(-1)), x, y, loss="cross_entropy")
    assert list(report.failed) == ["loss-input"]
    assert report.codes() == {"XFR401"}
"""
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E * AssertionError: training_smoke of Sequential (torch): 1 of * checks failed*",
            "E * loss-input: F.cross_entropy takes its input for logits, but its rows*",
            "E * cause: it is given probabilities",
            "E * fix: * drop the softmax: cross_entropy applies log_softmax itself",
            "E * passed: finite, gradients, *",
            "*= gradferry =*",
            "*::test_right: training_smoke Sequential (torch), * checks, all passed*, loss 1.*",
            "*::test_wrong: training_smoke Sequential (torch), * checks, failed: loss-input*",
        ]
    )
    assert "smoke/__init__.py" not in result.stdout.str()  # no frame of ours in the traceback


def test_only_and_skip(pytester):
    pytester.makeini("[pytest]\ngradferry_skip = save-load learns\ngradferry_steps = 3")
    pytester.makepyfile(
        MODEL
        + """
def test_ini(training_smoke):
    report = training_smoke(model(), x, y, loss="cross_entropy")
    assert "save-load" not in report.outcomes and "learns" not in report.outcomes
    assert len(report.losses) == 3

def test_only(training_smoke):
    report = training_smoke(model(), x, y, loss="cross_entropy", only=["updates", "finite"])
    assert set(report.outcomes) == {"finite", "updates"}

def test_skip(training_smoke):
    report = training_smoke(model(), x, y, loss="cross_entropy", skip=["modes"], steps=5)
    assert "modes" not in report.outcomes and len(report.losses) == 5
"""
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=3)


FRAMEWORK_TEST = """
import numpy as np

def test_it(framework):
    framework.seed(0)
    array = np.arange(6, dtype="float32").reshape(2, 3)
    tensor = framework.tensor(array)
    assert framework.is_tensor(tensor) and not framework.is_tensor(array)
    assert np.array_equal(framework.to_numpy(tensor), array)
    assert framework.to_numpy(framework.tensor(array, dtype="float64")).dtype == "float64"
    assert framework.to_numpy(framework.tensor(array, dtype="bfloat16")).dtype == "float32"
    print("ran on", framework.name)
"""


def test_framework_runs_on_each(pytester):
    pytester.makepyfile(FRAMEWORK_TEST)
    result = pytester.runpytest_inprocess("-s", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*test_it?torch?*ran on torch*", "*?tensorflow?*ran on tensorflow*"]
    )


@pytest.mark.parametrize("place", ["option", "ini"])
def test_framework_narrowed(pytester, place):
    pytester.makepyfile(FRAMEWORK_TEST)
    arguments = ["--gradferry-frameworks=torch"] if place == "option" else []
    if place == "ini":
        pytester.makeini("[pytest]\ngradferry_frameworks = torch")
    result = pytester.runpytest_inprocess("-v", *arguments)
    result.assert_outcomes(passed=1)


def test_framework_unknown_or_missing(pytester, monkeypatch):
    pytester.makepyfile(FRAMEWORK_TEST)
    result = pytester.runpytest_inprocess("--gradferry-frameworks=torch,jax")
    result.stdout.fnmatch_lines(["*unknown framework 'jax'; known are torch, tensorflow, keras*"])
    monkeypatch.setattr("pytest_gradferry.frameworks.installed_module", lambda name: False)
    result = pytester.runpytest_inprocess("--gradferry-frameworks=torch")
    result.stdout.fnmatch_lines(["*the framework 'torch' is not installed*"])


def test_framework_of_the_users_own(pytester):
    """A common name: a fixture or a parameter of that name is left alone."""
    pytester.makepyfile(
        test_fixture="""
import pytest

@pytest.fixture
def framework():
    return "mine"

def test_fixture(framework):
    assert framework == "mine"
""",
        test_parameter="""
import pytest

@pytest.mark.parametrize("size, framework", [(1, "mine"), (2, "mine")])
def test_parameter(size, framework):
    assert framework == "mine"
""",
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=3)


def test_framework_restores_random_state_and_threads(pytester):
    pytester.makepyfile(
        """
import random
import numpy as np
import torch

def draw():
    return random.random(), np.random.rand(), torch.rand(()).item(), torch.get_num_threads()

def test_before():
    torch.set_num_threads(2)
    random.seed(1), np.random.seed(1), torch.manual_seed(1)

def test_framework(framework):
    assert torch.get_num_threads() == 1
    framework.seed(5)
    draw()

def test_after():
    found = draw()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    assert found == draw()
    assert torch.get_num_threads() == 2
"""
    )
    pytester.runpytest_inprocess("--gradferry-frameworks=torch").assert_outcomes(passed=3)


UNUSED = """
import atexit, sys

def report():
    found = [m for m in ("torch", "tensorflow", "keras", "numpy", "astroid") if m in sys.modules]
    found += [m for m in sys.modules if m.startswith("pytest_gradferry.") and "plugin" not in m]
    print("IMPORTED", found)

atexit.register(report)

def test_nothing():
    pass
"""


def test_an_unused_session_imports_the_plugin_and_nothing_else(pytester):
    """Up to the end of the process: hooks that run last, like the summary, import too."""
    path = pytester.makepyfile(
        "import atexit, sys\n"
        "atexit.register(lambda: print('IMPORTED', *sys.modules))\n"
        "def test_nothing(): pass\n"
    )

    def modules(*arguments):
        command = [sys.executable, "-m", "pytest", "-q", "-s", str(path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert "1 passed" in done.stdout
        return set(done.stdout.partition("IMPORTED ")[2].split())

    added = modules("--gradferry-seed=1") - modules("-p", "no:gradferry")
    assert added == {"pytest_gradferry", "pytest_gradferry.plugin"}


def test_torch_session_imports_no_tensorflow(pytester):
    code = UNUSED.replace("def test_nothing():\n    pass", MODEL) + (
        "\ndef test_it(training_smoke):\n"
        "    training_smoke(model(), x, y, loss='cross_entropy', only=['finite'])\n"
    )
    path = pytester.makepyfile(code)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", str(path)], capture_output=True, text=True
    )
    assert "1 passed" in done.stdout
    assert "'torch'" in done.stdout
    assert "'tensorflow'" not in done.stdout
    assert "'keras'" not in done.stdout


def test_error_in_a_model_shows_its_line_and_none_of_ours(pytester):
    pytester.makepyfile(
        models="""
import keras
import torch

class Torch(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(8, 3)

    def forward(self, x):
        return self.fc(x).there_is_no_such_thing()

class Keras(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc = keras.layers.Dense(3)

    def call(self, x, training=None):
        return self.fc(x) if not training else self.fc(x).there_is_no_such_thing()
""",
        test_models="""
import numpy as np
import pytest
from models import Keras, Torch

x, y = np.ones((4, 8), "float32"), np.array([0, 1, 2, 0])

@pytest.mark.parametrize("model", [Torch, Keras])
def test_loss(training_smoke, model):
    training_smoke(model(), x, y, loss="cross_entropy")

def test_compiled(training_smoke):
    model = Keras()
    model.compile("sgd", "mse")
    training_smoke(model, x, y)
""",
    )
    result = pytester.runpytest_inprocess("--tb=short")
    result.assert_outcomes(failed=3)
    text = result.stdout.str()
    assert text.count("in forward\n") == 1
    assert text.count("in call\n") == 2
    # Where the variable CI is set, pytest's summary gives each message a second time.
    told = [line for line in text.splitlines() if line.startswith("E ")]
    assert sum("raised in its training step" in line for line in told) == 3
    assert "pytest_gradferry/" not in text
