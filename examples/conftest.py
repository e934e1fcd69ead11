"""The examples' tests run on one thread: the models are small, and CI's cores are few."""

import pytest
import torch  # before any test imports TensorFlow: the other order has crashed on some systems


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
