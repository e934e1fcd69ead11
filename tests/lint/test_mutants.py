"""The mutation bench finds victims in each rule's own sound program, and the rule finds the bug."""

from __future__ import annotations

import importlib.util
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


CODES = (
    "XFR101 XFR106 XFR118 XFR119 XFR201 XFR202 XFR203 XFR204 XFR205 XFR206 XFR231 XFR301 XFR302 "
    "XFR303 XFR305 XFR310 XFR401 XFR402 XFR403 XFR405 XFR410 XFR420 XFR426 XFR508 XFR516 XFR517 "
    "XFR522"
)

# For rules whose Good programs have another shape than the one the mutator looks for.
MORE = {
    "XFR203": """\
import tensorflow as tf

w = tf.Variable(1.0)
with tf.GradientTape() as tape:
    loss = w * w
gradient = tape.gradient(loss, w)
""",
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


@pytest.mark.parametrize("code", CODES.split())
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
