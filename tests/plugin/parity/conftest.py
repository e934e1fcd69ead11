"""The comparisons run in this process, torch imported before TensorFlow."""

import pytest
import torch  # isort: split

import keras
import numpy as np

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)
