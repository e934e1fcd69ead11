import pytest


@pytest.fixture(scope="session")
def frameworks_imported():
    """pytester drops what a session in this process imports; compiled modules load only once."""
    import keras  # noqa: F401
    import torch

    from pytest_gradferry.smoke import training_smoke

    x, y = torch.randn(4, 2), torch.tensor([0, 1, 1, 0])
    training_smoke(torch.nn.Linear(2, 2), x, y, loss="cross_entropy")
