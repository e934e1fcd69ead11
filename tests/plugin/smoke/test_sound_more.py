"""Sound training of many kinds, each under one seed; tests/bench/smoke_sound.py has many seeds."""

import keras
import pytest
import torch

from pytest_gradferry.smoke import Smoke

from .sound import keras_cases, keras_tape, torch_loops, torch_losses, torch_models

CASES = {
    f"{module.__name__.rpartition('.')[2]}.{case.__name__}": case
    for module in (torch_losses, torch_loops, torch_models, keras_cases, keras_tape)
    for case in module.SOUND
}


@pytest.mark.parametrize("name", CASES)
def test_sound_training_passes(name):
    torch.manual_seed(2)
    keras.utils.set_random_seed(2)
    model, x, y, how = CASES[name]()
    assert Smoke()(model, x, y, **how).passed
