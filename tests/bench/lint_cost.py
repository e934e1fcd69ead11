"""What the rules add to the cost of a flake8 run: CPU time with them, without them, and of parsing.

Each pair runs flake8 twice over the same files, once as installed and once with gradferry's entry
point hidden from flake8 (all else equal), in alternating order. What is compared is the user and
system CPU time of the whole process tree, start-up included; elapsed time is not, since other work
on the machine changes it.

    python tests/bench/lint_cost.py [--pairs 5] [--jobs 1] [FOLDER]
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.util
import os
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

# Runs in a process of its own: flake8's command line, of which gradferry may not be a part.
FLAKE8 = """
import sys
from importlib import metadata
if sys.argv.pop(1) == "without":
    everything = metadata.distributions
    metadata.distributions = lambda **kw: (
        found for found in everything(**kw) if found.metadata["name"] != "gradferry"
    )
from flake8.main.cli import main
sys.exit(main())
"""


def cpu_seconds(kind: str, folder: Path, jobs: int) -> tuple[float, list[str]]:
    """User and system time of one flake8 run with all its processes, and what it reported."""
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-c", FLAKE8, kind, "--isolated", f"--jobs={jobs}", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    after = os.times()
    if done.returncode not in (0, 1) or done.stderr:
        sys.exit(f"flake8 ({kind}) failed with status {done.returncode}:\n{done.stderr}")
    spent = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    return spent, done.stdout.splitlines()


def parse_seconds(folder: Path) -> tuple[float, int, int]:
    """CPU time of `ast.parse` over the folder's files, with how many files and lines they are."""
    sources = [path.read_bytes() for path in sorted(folder.rglob("*.py"))]
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for source in sources:
            with contextlib.suppress(SyntaxError, ValueError):
                ast.parse(source)
    lines = sum(source.count(b"\n") for source in sources)
    return time.process_time() - start, len(sources), lines


def default_folder() -> Path | None:
    """The installed keras package, found without importing it."""
    spec = importlib.util.find_spec("keras")
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=default_folder())
    parser.add_argument("--pairs", type=int, default=5, help="how many pairs of runs (5)")
    parser.add_argument("--jobs", type=int, default=1, help="flake8's --jobs (1)")
    options = parser.parse_args()
    if options.folder is None:
        parser.error("keras is not installed: name a folder of Python files")
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    if options.pairs < 1:
        parser.error("--pairs must be at least 1")

    unit, files, lines = parse_seconds(options.folder)
    print(f"{options.folder}: {files} files, {lines} lines; ast.parse {unit:.2f} s CPU")
    ratios = []
    added = []
    for pair in range(options.pairs):
        order = ("without", "with") if pair % 2 == 0 else ("with", "without")
        spent = {kind: cpu_seconds(kind, options.folder, options.jobs) for kind in order}
        (base, plain), (full, reported) = spent["without"], spent["with"]
        if any(" XFR" in line for line in plain):
            sys.exit("the run without gradferry reported its codes: nothing was compared")
        found = sum(" XFR" in line for line in reported)
        if len(reported) - found != len(plain):
            sys.exit("the two runs disagree about flake8's own findings: nothing was compared")
        ratios.append(full / base)
        added.append((full - base) / unit)
        print(
            f"pair {pair + 1}: without {base:.2f} s, with {full:.2f} s, ratio {full / base:.3f}, "
            f"added {added[-1]:.1f} x ast.parse, {found} findings",
            flush=True,
        )
    print(
        f"median ratio {statistics.median(ratios):.3f} "
        f"({min(ratios):.3f} to {max(ratios):.3f}), "
        f"added {statistics.median(added):.1f} x ast.parse"
    )


if __name__ == "__main__":
    main()
