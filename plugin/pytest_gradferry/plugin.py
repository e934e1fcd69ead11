"""What pytest loads: options and fixtures.  Imports no framework, and nothing slow before use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .frameworks import Framework
    from .parity import Parity, ParityReport
    from .smoke import Smoke, SmokeReport

# One line a call of a fixture leaves for the summary; on the test's report, so that it also
# reaches the terminal from a pytest-xdist worker.
_PROPERTY = "gradferry"
_RESULTS = pytest.StashKey[list[dict[str, Any]]]()
_PAGE = pytest.StashKey[Path]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradferry")
    group.addoption(
        "--gradferry-frameworks",
        metavar="NAMES",
        help="frameworks the `framework` fixture runs on, e.g. torch,tensorflow (default: all "
        "that are installed)",
    )
    group.addoption(
        "--gradferry-report",
        metavar="DIR",
        type=Path,
        help="write what the fixtures found to DIR, as a page (gradferry.html) and as JSON",
    )
    parser.addini("gradferry_frameworks", "default of --gradferry-frameworks", default="")
    parser.addini("gradferry_steps", "training steps of training_smoke", default="")
    parser.addini("gradferry_skip", "checks that training_smoke leaves out", "args", default=[])


def _chosen_frameworks(config: pytest.Config) -> tuple[str, ...]:
    from . import frameworks

    wanted = config.getoption("--gradferry-frameworks") or config.getini("gradferry_frameworks")
    if not wanted:
        return frameworks.installed()
    names = tuple(name.strip() for name in wanted.split(",") if name.strip())
    for name in names:
        if name not in frameworks.NAMES:
            known = ", ".join(frameworks.NAMES)
            raise pytest.UsageError(f"gradferry: unknown framework {name!r}; known are {known}")
        if not frameworks.installed_module(name):
            raise pytest.UsageError(f"gradferry: the framework {name!r} is not installed")
    return names


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "framework" in metafunc.fixturenames and _is_ours(metafunc):
        metafunc.parametrize("framework", _chosen_frameworks(metafunc.config), indirect=True)


def _is_ours(metafunc: pytest.Metafunc) -> bool:
    """Whether `framework` is this plugin's fixture, not one of the user's by the same name."""
    for mark in metafunc.definition.iter_markers("parametrize"):
        names = mark.args[0] if mark.args else mark.kwargs.get("argnames", ())
        names = names.split(",") if isinstance(names, str) else names
        if "framework" in [name.strip() for name in names]:
            return False
    definitions = metafunc._arg2fixturedefs.get("framework", ())
    return bool(definitions) and definitions[-1].func.__module__ == __name__


@pytest.fixture
def framework(request: pytest.FixtureRequest) -> Iterator[Framework]:
    """Each installed framework in turn: `.name`, `.seed(n)`, `.tensor(array)`, `.to_numpy(t)`.

    One thread during the test; the random states and the threads are put back after it.
    """
    from . import frameworks

    chosen = frameworks.get(request.param)
    with frameworks.undisturbed():
        yield chosen


@pytest.fixture
def training_smoke(request: pytest.FixtureRequest) -> Smoke:
    """Train a model a few steps and check what a training step must do.  See `Smoke.__call__`."""
    from .smoke import Smoke

    steps = request.config.getini("gradferry_steps")
    if steps and not (str(steps).isdigit() and int(steps) >= 2):
        raise pytest.UsageError(f"gradferry_steps must be a number from 2 up, not {steps!r}")
    return Smoke(
        steps=int(steps) if steps else None,
        skip=tuple(request.config.getini("gradferry_skip")),
        keep=lambda report: _keep(request, report),
    )


@pytest.fixture
def parity(request: pytest.FixtureRequest) -> Parity:
    """Prove a port equal to its reference.  See `Parity.__call__`."""
    from .parity import Parity

    return Parity(keep=lambda report: _keep(request, report))


def _keep(request: pytest.FixtureRequest, report: ParityReport | SmokeReport) -> None:
    request.node.user_properties.append((_PROPERTY, report.summary()))
    results = request.config.stash.get(_RESULTS, None)
    if results is not None:
        results.append({"test": request.node.nodeid, **report.to_dict()})


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--gradferry-report"):
        config.stash[_RESULTS] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    results = session.config.stash.get(_RESULTS, None)
    if results is None:
        return
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_PROPERTY] = json.dumps(results)
        return
    from .session_report import write

    session.config.stash[_PAGE] = write(session.config.getoption("--gradferry-report"), results)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """pytest-xdist's worker has ended: take over what it found."""
    results = node.config.stash.get(_RESULTS, None)
    if results is not None:  # a worker that crashed hands nothing on
        results += json.loads(getattr(node, "workeroutput", {}).get(_PROPERTY, "[]"))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    lines = [
        f"{report.nodeid}: {value}"
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for key, value in report.user_properties
        if key == _PROPERTY
    ]
    if page := config.stash.get(_PAGE, None):
        lines.append(f"report: {page}")
    if lines:
        terminalreporter.section("gradferry")
        for line in lines:
            terminalreporter.write_line(line)
