"""The mutation bench finds victims in each rule's own sound program, and the rule finds the bug."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from flake8_gradferry.catalog import rules

BENCH = Path(__file__).parent.parent / "bench" / "mutants"


@pytest.fixture(scope="module")
def bench() -> Iterator[ModuleType]:
    """The bench's main module; it is a folder that runs as a script, not a package."""
    sys.path.insert(0, str(BENCH))
    before = set(sys.modules)
    spec = importlib.util.spec_from_file_location("mutants_main", BENCH / "__main__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(BENCH))
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == BENCH:
            del sys.modules[name]


# The bench's own table says for which rules there is a mutator.
TABLE = (BENCH / "__main__.py").read_text(encoding="utf-8")
CODES = re.findall(r'^    "(XFR\d{3})": \(', TABLE, re.MULTILINE)

# For rules whose Good programs have another shape than the one the mutator looks for.
MORE = {
    "XFR203": """\
import tensorflow as tf

w = tf.Variable(1.0)
with tf.GradientTape() as tape:
    loss = w * w
gradient = tape.gradient(loss, w)
""",
    "XFR212": """\
import keras
import numpy as np
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
x = np.ones((4, 3), "float32")
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(model(x, training=True) ** 2)
gradients = tape.gradient(loss, model.trainable_variables)
""",
    "XFR223": """\
import torch


def gradient_penalty(critic, x):
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return ((slope.norm(2, dim=1) - 1) ** 2).mean()
""",
    **dict.fromkeys(
        ("XFR236", "XFR237"),
        """\
import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(model(tf.ones((4, 3)), training=True) ** 2)
gradients = tape.gradient(loss, model.trainable_variables)
optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
    ),
    "XFR301": """\
import torch
from torch import nn


def evaluate(model, batches):
    model.eval()
    with torch.no_grad():
        return [model(x) for x in batches]


model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x in torch.randn(8, 2, 4):
    optimizer.zero_grad()
    model(x).pow(2).mean().backward()
    optimizer.step()
print(evaluate(model, torch.randn(8, 2, 4)))
""",
}


@pytest.mark.parametrize("code", CODES)
def test_a_bug_planted_in_the_good_program_is_found(
    bench: ModuleType, tmp_path: Path, code: str
) -> None:
    if code not in rules():
        pytest.skip(f"{code} is not written yet")
    programs = [*rules()[code].page.good, *filter(None, [MORE.get(code)])]
    for number, program in enumerate(programs):
        (tmp_path / f"good{number}.py").write_text(program)
    plan = bench.choose([tmp_path], [code], limit=20, per_checkout=20, seed=0)
    assert plan, f"no victim in the Good programs of {code}"
    results = [item["result"] for item in bench.measure(plan)]
    assert "caught" in results
    assert not any(item["original"] for item in plan)
