"""What the installed plugin adds to pytest's start where no test uses it.

    python tests/bench/startup.py [ROUNDS]

Runs an empty session with and without the plugin by turns, and prints the medians of the wall and
the CPU time, their differences and ratios.  By turns, because the machine's load changes.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

WITHOUT = ("-p", "no:gradferry")


def session(folder: Path, *arguments: str) -> tuple[float, float]:
    """Seconds of wall and CPU time of one session with one empty test."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_empty.py").write_text("def test_empty():\n    pass\n")
        session(folder)  # compiles what is not compiled yet
        found = [(session(folder, *WITHOUT), session(folder)) for _ in range(rounds)]
    for index, what in enumerate(("wall", "CPU")):
        bare = median(without[index] for without, _ in found)
        added = median(with_[index] - without[index] for without, with_ in found)
        print(
            f"{what:<4}  {1e3 * bare:6.0f} ms without, {1e3 * added:+5.1f} ms with the plugin: "
            f"{(bare + added) / bare:.3f} times"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
