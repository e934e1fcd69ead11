"""Keras on torch and on JAX: one backend a process, so each has one of its own."""

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

HERE = Path(__file__).parent
RUN = """
import sys
sys.modules["tensorflow"] = None  # as where it is not installed
sys.path.insert(0, sys.argv[1])
import keras_cases
keras_cases.main(sys.argv[2])
"""


def names(backend):
    """The cases of a backend, read off their files: nothing of Keras is imported for it."""
    lines = [
        line
        for file in ("keras_cases.py", f"keras_cases_{backend}.py")
        for line in (HERE / file).read_text().splitlines()
    ]
    marked = [
        after for line, after in pairwise(lines) if line.startswith(("@sound", "@bug(", "@state"))
    ]
    return [line.split("(")[0].removeprefix("def ") for line in marked]


@cache
def results(backend):
    # JAX compiles each operation for each shape: most of the time goes there.
    jax = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_backend_optimization_level=0"}
    with TemporaryDirectory() as folder:
        out = Path(folder) / "results.json"
        done = subprocess.run(
            [sys.executable, "-c", RUN, HERE, out],
            env=os.environ | {"KERAS_BACKEND": backend} | jax,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(out.read_text())


@pytest.mark.parametrize(
    ("backend", "case"), [(b, case) for b in ("torch", "jax") for case in names(b)]
)
def test_case(backend, case):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed, so Keras cannot run on it here")
    assert results(backend)[case] == "passed", results(backend)[case]
