"""Models whose layers do not pair: what one of them does otherwise is named, where the layers'
shapes and calls tell it."""

import keras
import pytest
import torch
from keras import layers as L
from torch import nn

MERGES = {
    "concat": lambda a, b: torch.cat([a, b], -1),
    "sum": lambda a, b: a + b,
    "ave": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
}
SAID = {"sum": "their sum", "ave": "their mean", "mul": "their product", "concat": "side by side"}


class BothWays(nn.Module):
    def __init__(self, merge, last):
        super().__init__()
        self.merge, self.last = MERGES[merge], last
        self.first = nn.LSTM(4, 3, batch_first=True, bidirectional=True)
        self.out = nn.Linear(6 if merge == "concat" else 3, 2)

    def forward(self, x):
        states, (h, _) = self.first(x)
        a, b = h if self.last else (states[..., :3], states[..., 3:])
        return self.out(self.merge(a, b))


def both_ways(merge, last):
    layer = L.LSTM(3, return_sequences=not last)
    inner = L.Bidirectional(layer, merge_mode=merge, name="both")
    return keras.Sequential([L.Input((5, 4)), inner, L.Dense(2, name="out")])


@pytest.mark.parametrize("merge", MERGES)
def test_directions_merged_alike(parity, rng, merge):
    last = merge in ("concat", "mul")
    x = rng.normal(size=(3, 5, 4))
    models = BothWays(merge, last), both_ways(merge, last)
    assert parity(*models, x, tolerance=1e-12).passed
    assert parity(*models[::-1], x, tolerance=1e-12).passed


@pytest.mark.parametrize(("merge", "last"), [("sum", False), ("ave", True), ("mul", False)])
def test_directions_merged_against_side_by_side(parity, rng, merge, last):
    x = rng.normal(size=(3, 5, 4))
    for reference, port in ((merge, "concat"), ("concat", merge)):
        for models, to_keras in (
            ((BothWays(reference, last), both_ways(port, last)), True),
            ((both_ways(reference, last), BothWays(port, last)), False),
        ):
            report = parity.report(*models, x)
            assert report.failed_rung == "structure"
            (finding,) = report.findings
            ours, theirs = finding.cause.split("the reference")
            assert SAID[reference] in theirs
            assert SAID[port] in ours
            if to_keras:
                assert f'merge_mode="{reference}"' in finding.fix


def test_directions_merged_otherwise(parity, rng):
    """The shapes agree, so it is measured."""
    report = parity.report(
        BothWays("sum", True), both_ways("mul", True), rng.normal(size=(3, 5, 4))
    )
    (finding,) = report.findings
    assert "their product, the reference" in finding.cause
    assert 'merge_mode="sum"' in finding.fix
    assert finding.after < 1e-12


@pytest.mark.parametrize("to_keras", [True, False])
@pytest.mark.parametrize("both", [True, False])
def test_one_way_against_both(parity, rng, both, to_keras):
    theirs = nn.GRU(4, 3, batch_first=True, bidirectional=both if to_keras else not both)

    class First(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru, self.out = theirs, nn.Linear(6 if theirs.bidirectional else 3, 2)

        def forward(self, x):
            return self.out(self.gru(x)[0])

    layer = L.GRU(3, return_sequences=True)
    ours = L.Bidirectional(layer) if both != to_keras else layer
    models = First(), keras.Sequential([L.Input((5, 4)), ours, L.Dense(2)])
    report = parity.report(*(models if to_keras else models[::-1]), rng.normal(size=(3, 5, 4)))
    (finding,) = report.findings
    words = ("one way", "both ways") if both else ("both ways", "one way")
    assert f"the port runs {words[0]}" in finding.cause
    assert f"the reference {words[1]}" in finding.cause
    assert (f"bidirectional={both}" if not to_keras else "Bidirectional") in finding.fix


class Chain(nn.Module):
    def __init__(self, shared):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = self.a if shared else nn.Linear(4, 4)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        return self.out(torch.sin(self.b(torch.tanh(self.a(x)))))


class KerasChain(keras.Model):
    def __init__(self, shared):
        super().__init__()
        self.a = L.Dense(4)
        self.b = self.a if shared else L.Dense(4)
        self.out = L.Dense(2)

    def call(self, x):
        return self.out(keras.ops.sin(self.b(keras.ops.tanh(self.a(x)))))


@pytest.mark.parametrize("to_keras", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_one_layer_for_two(parity, rng, shared, to_keras):
    """Called again, or another one of its kind."""
    x = rng.normal(size=(5, 4))
    models = (
        (Chain(shared), KerasChain(shared)) if to_keras else (KerasChain(shared), Chain(shared))
    )
    assert parity(*models, x, tolerance=1e-12).passed
    models = (Chain(shared), KerasChain(not shared))
    if not to_keras:
        models = (KerasChain(shared), Chain(not shared))
    report = parity.report(*models, x)
    assert report.failed_rung == "structure"
    (finding,) = report.findings or pytest.fail(report.text())
    said = "a, b of the port are one layer in the reference, a"
    assert finding.cause == (
        said if shared else "a of the port is several layers in the reference, a, b"
    )
    assert finding.before > 1e-2
    assert finding.after < 1e-12


def test_sharing_that_is_not_all_is_not_claimed(parity, rng):
    class Other(KerasChain):
        def call(self, x):
            return self.out(keras.ops.sin(self.b(self.a(x))))

    report = parity.report(Chain(False), Other(True), rng.normal(size=(5, 4)))
    assert report.failed_rung == "structure"
    assert not report.findings


def test_another_width_is_no_matter_of_directions(parity, rng):
    port = keras.Sequential(
        [L.Input((5, 4)), L.Bidirectional(L.LSTM(3, return_sequences=True)), L.Dense(4)]
    )
    report = parity.report(BothWays("concat", False), port, rng.normal(size=(3, 5, 4)))
    assert report.failed_rung == "structure"
    assert not report.findings
