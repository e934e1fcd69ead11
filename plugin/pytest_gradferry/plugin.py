"""What pytest loads: options, fixtures, a mark.  Imports no framework, nothing slow before use."""

from __future__ import annotations

import argparse
import json
import os
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .frameworks import Framework
    from .parity import Parity, ParityReport
    from .smoke import Smoke, SmokeReport
    from .smoke.settings import Settings

# One line a call of a fixture leaves for the summary; on the test's report, so that it also
# reaches the terminal from a pytest-xdist worker.
_PROPERTY = "gradferry"
_RESULTS = pytest.StashKey[list[dict[str, Any]]]()
_PAGE = pytest.StashKey[Path]()
_UNDO = pytest.StashKey[ExitStack]()
_SETTINGS = pytest.StashKey["Settings"]()

_MARK = (
    "gradferry(steps=, only=, skip=, seed=, threads=): how training_smoke runs in this test where "
    "its call does not say"
)


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
    group.addoption(
        "--gradferry-seed",
        metavar="N",
        type=_seed,
        help="what tests of training_smoke and parity draw from, where nothing nearer says "
        "(default: 0)",
    )
    parser.addini("gradferry_frameworks", "default of --gradferry-frameworks", default="")
    parser.addini("gradferry_steps", "training steps of training_smoke", default="")
    parser.addini("gradferry_skip", "checks that training_smoke leaves out", "args", default=[])
    parser.addini("gradferry_threads", "torch's threads in tests of ours (default: 1)", default="")


def _seed(text: str) -> int:
    if not (text.isdigit() and int(text) < 2**31):
        raise argparse.ArgumentTypeError(f"{text!r} is no seed: give a whole number from 0 up")
    return int(text)


def _whole_number(config: pytest.Config, name: str, least: int) -> int | None:
    """The value of an entry of the ini-file, None where it is not there."""
    text = str(config.getini(name))
    if not text:
        return None
    if not (text.isdigit() and int(text) >= least):
        raise pytest.UsageError(f"{name} must be a number from {least} up, not {text!r}")
    return int(text)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARK)
    _whole_number(config, "gradferry_steps", 2)
    _whole_number(config, "gradferry_threads", 1)
    if config.getoption("--gradferry-report"):
        config.stash[_RESULTS] = []


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
    return _ours(metafunc._arg2fixturedefs.get("framework", ()))


def _ours(definitions: Any) -> bool:
    return bool(definitions) and definitions[-1].func.__module__ == __name__


def _fixtures(item: pytest.Item) -> set[str]:
    """Those of this plugin that the test asks for."""
    names = {"framework", "training_smoke", "parity"} & set(getattr(item, "fixturenames", ()))
    if not names:
        return names
    information: Any = getattr(item, "_fixtureinfo", None)
    definitions = getattr(information, "name2fixturedefs", {})
    return {name for name in names if _ours(definitions.get(name))}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Under `--dist loadgroup` the tests of one framework go to one worker: it loads no other's,
    and they do not fight over the cores."""
    if not getattr(config.option, "loadgroup", False):  # pytest-xdist sets it in its workers
        return
    for item in items:
        fixtures = _fixtures(item)
        if fixtures and not any(item.iter_markers("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(_group(item, fixtures)))


def _group(item: pytest.Item, fixtures: set[str]) -> str:
    """A name for the framework that the test runs on, or for all where that is not to be seen."""
    if "framework" in fixtures:
        return f"gradferry-{item.callspec.params['framework']}"  # type: ignore[attr-defined]
    found = _frameworks_named_in(getattr(item, "module", None))
    if "parity" in fixtures or len(found) != 1:
        return "gradferry"
    return f"gradferry-{found.pop()}"


def _frameworks_named_in(module: Any) -> set[str]:
    """By the modules, functions and classes, derived ones too, that a test file has names for."""
    places: set[str] = set()
    for value in list(getattr(module, "__dict__", {}).values()):
        if isinstance(value, ModuleType):
            places.add(value.__name__)
        elif isinstance(value, type):
            places |= {base.__module__ for base in value.__mro__}
        elif isinstance(value, FunctionType):
            places.add(value.__module__)
    roots = {place.partition(".")[0] for place in places}
    known = {"torch": "torch", "keras": "tensorflow", "tensorflow": "tensorflow"}
    return {known[root] for root in roots & set(known)}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Seed before the test's other fixtures, so that they can be made again with the test."""
    if _fixtures(item) & {"training_smoke", "parity"}:
        _seeded(item)


def _seeded(item: pytest.Item) -> Settings:
    """Seed what the test draws, once; its teardown puts the random states back."""
    if _UNDO not in item.stash:
        from . import frameworks

        settings = item.stash[_SETTINGS] = _settings(item)
        item.stash[_UNDO] = undo = ExitStack()
        undo.enter_context(frameworks.undisturbed(settings.threads or 1))
        frameworks.seed_all(settings.seed or 0)
    return item.stash[_SETTINGS]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    if _UNDO in item.stash:
        item.stash[_UNDO].close()
        del item.stash[_UNDO]


def _settings(item: pytest.Item) -> Settings:
    """Of the marks, the nearest first, then of the command line, then of the ini-file."""
    from .smoke.errors import SmokeError
    from .smoke.settings import Settings

    config, found = item.config, Settings()
    try:
        for mark in item.iter_markers("gradferry"):
            if mark.args:
                raise SmokeError("the mark gradferry takes no positional arguments")
            found = found.over(Settings.checked("the mark gradferry: ", **mark.kwargs))
        found = found.over(Settings(seed=config.getoption("--gradferry-seed")))
        ini = {"steps": _whole_number(config, "gradferry_steps", 2)}
        ini["threads"] = _whole_number(config, "gradferry_threads", 1)
        skip = config.getini("gradferry_skip") or None
        return found.over(Settings.checked("ini-file: gradferry_", skip=skip, **ini))
    except SmokeError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture
def framework(request: pytest.FixtureRequest) -> Iterator[Framework]:
    """Each installed framework in turn: `.name`, `.seed(n)`, `.tensor(array)`, `.to_numpy(t)`.

    One thread during the test (or `gradferry_threads` of the ini-file); the random states and the
    threads are put back after it.
    """
    from . import frameworks

    chosen = frameworks.get(request.param)
    with frameworks.undisturbed(_whole_number(request.config, "gradferry_threads", 1) or 1):
        yield chosen


@pytest.fixture
def training_smoke(request: pytest.FixtureRequest) -> Smoke:
    """Train a model a few steps and check what a training step must do.  See `Smoke.__call__`."""
    from .smoke import Smoke

    return Smoke(
        _seeded(request.node),
        keep=lambda report: _keep(request, report),
        replay=_replay(request.node),
    )


@pytest.fixture
def parity(request: pytest.FixtureRequest) -> Parity:
    """Prove a port equal to its reference.  See `Parity.__call__`."""
    from .parity import Parity

    _seeded(request.node)
    return Parity(keep=lambda report: _keep(request, report))


def _replay(item: pytest.Item) -> str:
    """The command that runs this test again, with the same draws."""
    path = os.path.relpath(item.path, item.config.invocation_params.dir)
    test = shlex.quote(f"{path}::{_name(item).partition('::')[2]}")
    return f"pytest {test} --gradferry-seed={item.stash[_SETTINGS].seed or 0}"


def _name(item: pytest.Item) -> str:
    """The test's id, without the group that pytest-xdist appends."""
    for mark in item.iter_markers("xdist_group"):
        name = mark.args[0] if mark.args else mark.kwargs.get("name", "default")
        return item.nodeid.removesuffix(f"@{name}")
    return item.nodeid


def _keep(request: pytest.FixtureRequest, report: ParityReport | SmokeReport) -> None:
    request.node.user_properties.append((_PROPERTY, report.summary()))
    results = request.config.stash.get(_RESULTS, None)
    if results is not None:
        results.append({"test": _name(request.node), **report.to_dict()})


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
