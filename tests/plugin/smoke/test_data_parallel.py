"""The check `data-parallel`: DistributedDataParallel and MirroredStrategy against one process."""

import multiprocessing
import os
import time

import keras
import numpy as np
import pytest
import torch
from torch.nn import functional

from pytest_gradferry.smoke import Smoke
from pytest_gradferry.smoke.on_torch import parallel as on_torch

random = np.random.default_rng(0)
X = random.normal(size=(16, 8)).astype("float32")
Y = random.normal(size=(16, 1)).astype("float32")


def outcome(model, x=X, y=Y, **how):
    report = Smoke().report(model, x, y, only=["data-parallel"], **how)
    return report.outcomes["data-parallel"], str(report)


def rank():
    return torch.distributed.get_rank() if torch.distributed.is_initialized() else None


class Net(torch.nn.Module):
    """Made inside tests, of a class that needs not be importable."""

    def __init__(self, norm=torch.nn.LayerNorm, then=lambda: None):
        super().__init__()
        self.first, self.norm = torch.nn.Linear(8, 16), norm(16)
        self.drop, self.last = torch.nn.Dropout(0.3), torch.nn.Linear(16, 1)
        self.then = then

    def forward(self, x):
        self.then()
        return self.last(self.drop(self.norm(self.first(x)).relu()))


def torch_step(model, reduction="mean", call=None, optimizer=torch.optim.SGD):
    made = optimizer(model.parameters(), lr=0.01)

    def step(x, y):
        made.zero_grad()
        loss = functional.mse_loss((call or model)(x), y, reduction=reduction)
        loss.backward()
        made.step()
        return loss

    return step


def torch_outcome(model, **how):
    torch.manual_seed(0)
    found, text = outcome(model, step=torch_step(model, **how))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # no child is left
    assert "forward" not in vars(model)
    assert model.drop.p == 0.3
    return found, text


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
def test_right_steps_pass(optimizer):
    found, text = torch_outcome(Net(), optimizer=optimizer)
    assert found.status == "passed", text
    assert found.reason == ""


def test_batch_norm_is_explained():
    found, text = torch_outcome(Net(torch.nn.BatchNorm1d))
    assert found.status == "passed", text
    assert "which is batch norm's doing" in found.reason


def test_loss_summed_over_the_batch():
    found, text = torch_outcome(Net(), reduction="sum")
    assert found.status == "failed"
    assert "come out 2 times too small" in text


def test_parts_called_past_the_wrapper():
    model = Net()
    found, text = torch_outcome(model, call=lambda x: model.last(model.first(x)))
    assert found.status == "failed"
    assert "the step never calls Net itself but parts of it" in text


def test_weights_without_gradient_are_told():
    model = Net()
    model.unused = torch.nn.Linear(2, 2)
    found, _ = torch_outcome(model)
    assert found.status == "passed"
    assert "find_unused_parameters=True" in found.reason


def test_weights_updated_by_hand():
    model = Net()

    def drift():
        if rank() == 1:
            with torch.no_grad():
                model.first.weight.mul_(1.01)

    model.then = drift
    found, text = torch_outcome(model)
    assert found.status == "failed"
    assert "the replicas' weights are apart" in text


def test_error_in_one_process_is_told():
    def fail():
        if rank() == 1:
            raise ValueError("planted")

    found, text = torch_outcome(Net(then=fail))
    assert found.status == "failed"
    assert "ValueError: planted" in text


def test_process_that_hangs_is_killed(monkeypatch):
    monkeypatch.setattr(on_torch, "SECONDS", 3.0)
    found, text = torch_outcome(Net(then=lambda: time.sleep(1000 if rank() == 1 else 0)))
    assert found.status == "failed"
    assert "killed after 3 s" in text


def test_random_numbers_and_odd_batches_are_skipped():
    model = Net()
    found, _ = torch_outcome(model, call=lambda x: functional.dropout(model(x)))
    assert found.reason == "the step draws random numbers, other ones for each half"
    found, _ = outcome(model, X[:5], Y[:5], step=torch_step(model))
    assert found.reason == "a batch of 5 cannot be halved: give an even one, 4 or more"


def test_no_process_group_and_no_environment_is_left():
    before = dict(os.environ)
    torch_outcome(Net())
    assert not torch.distributed.is_initialized()
    assert not multiprocessing.active_children()
    assert {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"} == {
        k: v for k, v in before.items() if k != "PYTEST_CURRENT_TEST"
    }


def test_not_run_unasked():
    report = Smoke().report(Net(), X, Y, loss="mse")
    assert "data-parallel" not in report.outcomes


def keras_outcome(model):
    model.compile(keras.optimizers.SGD(0.001), "mse")
    return outcome(model)


def test_keras_batch_norm_is_explained_with_synchronized():
    model = keras.Sequential(
        [
            keras.layers.Input((8,)),
            keras.layers.Dense(16, "relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1),
        ]
    )
    found, text = keras_outcome(model)
    assert found.status == "passed", text
    assert "(with BatchNormalization(synchronized=True) they agree)" in found.reason
    assert model.layers[2].rate == 0.3
    assert not model.layers[1].synchronized


def test_keras_means_of_parts_added_up():
    from plugin.smoke.parallel_models import OwnTrainStep

    found, text = keras_outcome(OwnTrainStep())
    assert found.status == "failed", text
    assert "goes 2 times as far as that of one" in text
    assert "num_replicas_in_sync" in text


def test_keras_classes_that_cannot_be_imported_are_skipped():
    class Local(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    found, _ = keras_outcome(Local())
    assert found.status == "skipped"
    assert "define it at the top of a module" in found.reason


def test_keras_steps_of_ones_own_are_skipped():
    model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(1)])
    found, _ = outcome(model, loss="mse")
    assert "a strategy distributes what fit runs" in found.reason
