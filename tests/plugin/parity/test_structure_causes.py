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


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("merge", MERGES)
def test_directions_merged_alike(parity, rng, merge, last):
    x = rng.normal(size=(3, 5, 4))
    models = BothWays(merge, last), both_ways(merge, last)
    assert parity(*models, x, tolerance=1e-12).passed
    assert parity(*models[::-1], x, tolerance=1e-12).passed


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("merge", ["sum", "ave", "mul"])
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


def test_another_width_is_no_matter_of_directions(parity, rng):
    port = keras.Sequential(
        [L.Input((5, 4)), L.Bidirectional(L.LSTM(3, return_sequences=True)), L.Dense(4)]
    )
    report = parity.report(BothWays("concat", False), port, rng.normal(size=(3, 5, 4)))
    assert report.failed_rung == "structure"
    assert not report.findings
