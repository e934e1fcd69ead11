"""What both commands share: what a name stands for, progress, exit statuses."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FAILED, USAGE_ERROR = 1, 2


def load(path: str) -> Any:
    """What `module:name` names; modules of the current folder are found, as by `python -m`.

    Raises LookupError, with what was wrong, for anything that does not import.
    """
    module, _, name = path.partition(":")
    if not module or not name:
        raise LookupError(f"{path!r} names no model: give module:name, as my_package.net:Net")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no start-up notices among the results
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # the module's own code ran
        raise LookupError(f"{path} cannot be had: {told(error)}") from error
    return found


def told(error: BaseException) -> str:
    """An error of the user's code in one line, with the place where it was raised."""
    text = f"{type(error).__name__}: {error}"
    ours, library = str(Path(__file__).parents[1]), os.path.dirname(os.__file__)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_file()
        and "site-packages" not in frame.filename
        and not frame.filename.startswith((ours, library))
    ]
    return f"{text} ({frames[-1].filename}:{frames[-1].lineno})" if frames else text


@contextmanager
def progress(parts: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """A bar on the terminal's error stream, gone when all is done; nothing where that is a file.

    What is yielded is called with the part at work, or "part: what is tried in it".
    """
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError:  # it comes with Keras, not with torch
        with _line() as tell:
            yield tell
        return

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("building", total=len(parts))

        def tell(what: str) -> None:
            part = what.partition(":")[0]
            done = parts.index(part) if part in parts else None
            bar.update(task, description=what, completed=done)

        yield tell


@contextmanager
def _line() -> Iterator[Callable[[str], None]]:
    """One line that is written over and over."""
    stream = sys.stderr

    def tell(what: str) -> None:
        if stream.isatty():
            print(f"\r\x1b[2K{what}", end="", file=stream, flush=True)

    try:
        yield tell
    finally:
        tell("")


def finish(name: str, report: Any, folder: Path | None) -> int:
    """Print a report, write its page if a folder is given, and return the exit status."""
    print(report)
    if folder:
        from ..session_report import write

        print(f"report: {write(folder, [{'test': name, **report.to_dict()}])}")
    return 0 if report.passed else FAILED


def refuse(error: BaseException) -> int:
    print(f"gradferry: {error.args[0]}", file=sys.stderr)
    return USAGE_ERROR
