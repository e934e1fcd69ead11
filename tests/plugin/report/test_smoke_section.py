"""What the page says of a smoke run, and the norms it shows."""

import re

import keras
import numpy as np
import pytest
import torch
from torch import nn

from pytest_gradferry.html.charts import log_span
from pytest_gradferry.html.elements import document
from pytest_gradferry.html.smoke import smoke
from pytest_gradferry.smoke import Smoke
from pytest_gradferry.smoke.norms import _norm
from pytest_gradferry.smoke.report import Finding as SmokeFinding
from pytest_gradferry.smoke.report import SmokeReport, WeightNorms, failed, passed, skipped


def weight(name, *gradients, change=0.1, size=1.0, trainable=True):
    return WeightNorms(name, trainable, (2, 3), size, change, list(gradients))


def section(weights=(), losses=(2.0, 1.0), replay="pytest test_it.py --gradferry-seed=4"):
    outcomes = {
        "finite": passed(),
        "learns": passed("only after 20 steps"),
        "updates": failed(SmokeFinding("a never moves", "no optimizer", "give it one", "XFR216")),
        "modes": skipped("no dropout"),
        "shapes": passed(),
    }
    report = SmokeReport("Net (torch)", 4, outcomes, list(losses), list(weights), 0.1, replay)
    return "".join(document(part) for part in smoke(report.to_dict()))


def text(html):
    return re.sub("<[^>]*>", " ", html)


def order(html):
    return re.findall(r"<td><span>(\S+) <span", html)


def test_checks_causes_and_replay():
    said = " ".join(text(section()).split())
    for part in (
        "seed 4",
        "updates: a never moves cause: no optimizer fix: give it one rule: XFR216",
        "replay: pytest test_it.py --gradferry-seed=4",
        "fail updates skipped modes: no dropout pass learns: only after 20 steps pass finite, ",
    ):
        assert part in said


def test_the_stuck_come_first_then_the_extreme_and_the_frozen_last():
    html = section(
        [
            weight("usual", 0.1, 0.2),
            weight("frozen", None, None, change=0.0, trainable=False),
            weight("small", 1e-6, 1e-5),
            weight("no-gradient", None, None),
            weight("large", 3.0, 2.0),
            weight("still", 0.1, 0.1, change=0.0),
            weight("broken", 0.1, float("nan")),
            weight("bias", 0.1, 0.1, size=0.0, change=0.25),
        ]
    )
    assert order(html) == "no-gradient still broken small large usual bias frozen".split()
    said = text(html)
    assert "1.0e-06 to 1.0e-05" in said
    assert "2.5e-01, from 0" in said
    assert "gradients  (1e-06 to 1e+01)" in said
    assert html.count('class="number fail"') == 6


def test_a_long_list_is_folded():
    html = section([weight(f"w{i}", 0.1) for i in range(40)])
    opened, folded = html.split("<details")
    assert len(order(opened)) == 12
    assert len(order(folded)) == 28
    assert "28 weights more" in folded
    assert "<details" not in section([weight(f"w{i}", 0.1) for i in range(12)])


@pytest.mark.parametrize("value", [0.0, float("inf"), float("nan")])
def test_odd_numbers_are_shown(value):
    assert order(section([weight("w", value, change=value, size=value)])) == ["w"]


def test_a_loss_that_falls_far_is_drawn_on_a_logarithmic_scale():
    assert "1e-4" in section(losses=[3.0, 1e-4])
    assert "1e-" not in section(losses=[3.0, 0.0])
    assert "1e-" not in section(losses=[3.0, -1.0])
    assert "<svg" not in section(losses=[])


def test_a_span_is_logarithmic():
    span = log_span([1e-3, 1e-2], 1e-4, 1.0)[0]
    assert span.get("style") == "left:25.0%;width:25.0%"
    assert log_span([1e-9, 1e9], 1e-4, 1.0)[0].get("style") == "left:0.0%;width:100.0%"


def torch_net():
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    model[0].bias.requires_grad_(False)
    return model, "0.weight", "0.bias", lambda p: torch.optim.SGD(p, 0.5)


def keras_net():
    model = keras.Sequential(
        [keras.layers.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)]
    )
    model.layers[0].bias.trainable = False
    name = model.layers[0].name
    return model, f"{name}/kernel", f"{name}/bias", keras.optimizers.SGD(0.5)


@pytest.mark.parametrize("make", [torch_net, keras_net])
def test_the_norms_are_those_of_the_run(make):
    torch.set_num_threads(1)
    model, trained, frozen, optimizer = make()
    x, y = (
        np.random.default_rng(0).normal(size=(8, 4)).astype("float32"),
        np.ones((8, 2), "float32"),
    )
    how = {"loss": "mse", "optimizer": optimizer, "only": ["finite"], "steps": 2}
    by_name = {w.name: w for w in Smoke().report(model, x, y, **how).weights}
    assert list(by_name) == [*by_name][:4]
    norms = by_name[trained]
    kernel = next(
        np.array(w.detach() if make is torch_net else w)
        for w in (model.parameters() if make is torch_net else model.trainable_weights)
        if len(w.shape) == 2
    )
    assert norms.size == pytest.approx(np.linalg.norm(kernel), rel=1e-5)
    assert sorted(norms.shape) == [3, 4]
    assert len(norms.gradients) == 3
    # With two steps of plain gradient descent, the change is half the sum of two gradients.
    first, second, _ = norms.gradients
    assert 0.5 * abs(first - second) < norms.change <= 0.5 * (first + second) * (1 + 1e-5)
    assert not by_name[frozen].trainable
    assert by_name[frozen].gradients == [None] * 3
    assert by_name[frozen].change == 0.0


def test_no_step_is_taken_for_the_norms():
    model = nn.Linear(4, 2)
    report = Smoke().report(
        model, torch.ones(4, 4), torch.ones(4, 2), loss="mse", only=["save-load"]
    )
    assert report.losses == []
    assert {w.name: (w.size, w.change) for w in report.weights} == {
        "weight": (None, None),
        "bias": (None, None),
    }
    html = "".join(document(part) for part in smoke(report.to_dict()))
    assert sorted(order(html)) == ["bias", "weight"]


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_norms_of_tiny_and_huge_weights(size):
    """Their squares leave the range of float32."""
    assert _norm(np.full((3, 3), size, "float32")) == pytest.approx(3 * size)
    assert _norm(np.zeros(3, "float32")) == 0
    assert np.isnan(_norm(np.array([np.nan, 1], "float32")))
    assert _norm(np.arange(3)) is None
