"""Real architectures pass every rung, either way round, as instances and as factories."""

import pytest
from plugin.parity.reference_models import NAMES, keras_layout, pair

# Keras' own networks have a hundred layers each: the second takes one step of training, the first
# is compared by tests/bench/planted_ports.py alone (24 s of CPU at 32 x 32).
LARGE = ("applications_resnet50", "applications_mobilenet_v2")
QUICK = [name for name in NAMES if name not in LARGE]


def assert_equal(report, tolerance):
    skipped = [rung.name for rung in report.rungs if rung.status == "skipped"]
    assert skipped == [], report.text()
    measured = [rung for rung in report.rungs if rung.error is not None and rung.name != "float32"]
    assert len(measured) == 7
    assert max(rung.error for rung in measured) <= tolerance, report.text()
    assert not report.unexplained


@pytest.mark.parametrize("name", QUICK)
def test_keras_port_of_a_torch_model(parity, rng, name):
    """Instances in float32, converted for the run."""
    models = pair(name)
    x, y = models.batch(rng)
    options = {"loss": models.loss, "tolerance": models.tolerance, "steps": 2}
    report = parity(models.torch(), models.keras(), x, y, **options)
    assert_equal(report, models.tolerance)


@pytest.mark.parametrize("name", QUICK)
def test_torch_port_of_a_keras_model(parity, rng, name):
    """Factories, built in float64."""
    models = pair(name)
    x, y = map(keras_layout, models.batch(rng))
    options = {"loss": models.loss, "tolerance": models.tolerance, "steps": 2}
    report = parity(models.keras, models.torch, x, y, optimizer="adam", **options)
    assert_equal(report, models.tolerance)


def test_keras_applications_mobilenet_v2(parity, rng):
    models = pair("applications_mobilenet_v2")
    x, y = models.batch(rng)
    options = {"loss": models.loss, "tolerance": models.tolerance, "steps": 1}
    assert_equal(parity(models.torch, models.keras, x, y, **options), models.tolerance)
