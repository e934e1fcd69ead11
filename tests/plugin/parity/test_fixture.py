"""The fixture as users meet it, in a session of its own."""

import torch._inductor.test_operators

pytest_plugins = ["pytester"]

# An optimizer imports this at first use. pytester forgets what was imported inside it, and torch
# can register these operators only once.
assert torch._inductor.test_operators

MODELS = """
import torch
from torch import nn
import keras
from keras import layers as L
import numpy as np
import pytest

torch.set_num_threads(1)
x = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
y = np.arange(8) % 3

def reference():
    return nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4), nn.Linear(4, 3))

def port(epsilon):
    return keras.Sequential(
        [L.Input((6,)), L.Dense(4), L.LayerNormalization(epsilon=epsilon, name="norm"), L.Dense(3)]
    )
"""


def test_fixture_passes_and_fails(pytester):
    pytester.makepyfile(
        MODELS
        + """
def test_right(parity):
    report = parity(reference(), port(1e-5), x, y, loss="cross_entropy", optimizer="sgd")
    assert report.passed

def test_wrong(parity):
    parity(reference(), port(1e-3), x, y, loss="cross_entropy", optimizer="sgd")
"""
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E * AssertionError: parity: Sequential (keras) differs from Sequential (torch), *",
            "E * FAIL       forward-eval *",
            "E * first divergence: 1 (LayerNorm) / norm (LayerNormalization)*",
            "E * cause: epsilon of norm is 0.001: with epsilon=1e-05 the difference drops from *",
            "E *   fix: LayerNormalization(..., epsilon=1e-05)",
            "*test_right: parity: Sequential (keras) equals Sequential (torch), *",
        ]
    )
