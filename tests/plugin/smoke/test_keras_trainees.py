"""Sound Keras training, each under one seed; tests/bench/smoke_sound.py has many seeds."""

import importlib
import pkgutil

import keras
import pytest

from pytest_gradferry.smoke import Smoke

from . import sound

CASES = {
    f"{found.name}.{case.__name__}": case
    for found in pkgutil.iter_modules(sound.__path__)
    if found.name.startswith("keras_")
    for case in importlib.import_module(f"{sound.__name__}.{found.name}").SOUND
}


@pytest.mark.parametrize("name", CASES)
def test_sound_training_passes(name):
    keras.utils.set_random_seed(2)
    model, x, y, how = CASES[name]()
    assert Smoke()(model, x, y, **how).passed


def test_ranking_of_which_few_pairs_count():
    """The targets tried act on other samples' outputs, and not on their own."""
    keras.utils.set_random_seed(4)
    model, x, y, how = CASES["keras_research.all_pairs_ranked"]()
    assert Smoke()(model, x, y, seed=4, **how).passed
