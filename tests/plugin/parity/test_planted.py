"""Single mistakes in real architectures are named. tests/bench/planted_ports.py tries them all."""

import pytest
from plugin.parity.planted import PLANTS, modules, named, report_of

# Quick ones of every kind.
TRIED = """
batch norm epsilon
batch norm over the rows
dense without a bias
dilation forgotten
max pool padding same
activation forgotten
slope of leaky relu
flatten order in torch
dropout rate
a frozen layer
wrong number of classes
from_logits forgotten
loss summed in torch
learning rate left at its default
nesterov forgotten
"""
CHOSEN = [plant for plant in PLANTS if plant.name in TRIED.strip().splitlines()]


def test_the_chosen_exist():
    assert len(CHOSEN) == len(TRIED.strip().splitlines())
    assert len({plant.name for plant in PLANTS}) == len(PLANTS) >= 60


@pytest.mark.parametrize("plant", CHOSEN, ids=lambda plant: plant.name.replace(" ", "-"))
def test_planted_mistake_is_the_first_cause(parity, rng, plant):
    report = report_of(parity, plant, rng)
    assert not report.passed
    assert named(plant, report) == 0, report.text()


def test_every_mistake_can_still_be_planted():
    for plant in PLANTS:
        modules(plant)
