"""The check `resume` where the user's own Trainer writes and reads the checkpoint."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytest_gradferry.smoke import Smoke

torch.set_num_threads(1)


def batch():
    return torch.randn(8, 8, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 3


class Trainer:
    """With a rate that falls step by step, and what it has to save for that."""

    def __init__(self):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3))
        self.build()
        self.steps = 0

    def build(self):
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda n: 0.8**n)

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        self.steps += 1
        return loss

    def save(self, path):
        torch.save(self.state(), path)
        print("saved to", path)

    def load(self, path):
        self.restore(torch.load(path, weights_only=True))

    def state(self):
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "steps": self.steps,
        }

    def restore(self, state):
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.steps = state["steps"]


class BuildsAnew(Trainer):
    def restore(self, state):
        self.model = copy.deepcopy(self.model)
        self.build()
        super().restore(state)


class ByStateDict(Trainer):
    save = load = None
    state_dict = Trainer.state
    load_state_dict = Trainer.restore


class OfWeightsAlone(Trainer):
    """Meant for predictions: nobody trains on from that."""

    def save(self, path):
        torch.save(self.model.state_dict(), path)

    def load(self, path):
        self.model.load_state_dict(torch.load(path, weights_only=True))


class AnotherOptimizer(Trainer):
    """After loading, an optimizer that has forgotten its moments."""

    def restore(self, state):
        self.model.load_state_dict(state["model"])
        self.build()
        self.schedule.load_state_dict(state["schedule"])
        self.optimizer.param_groups[0]["lr"] = self.schedule.get_last_lr()[0]


class WithoutItsSchedule(Trainer):
    def restore(self, state):
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


class ScheduleSetsTheRateBack(Trainer):
    """The schedule is made last, and with it the rate is that of the start."""

    def restore(self, state):
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda n: 0.8**n)
        self.schedule.load_state_dict(state["schedule"])


class OptimizerOfTheOldModel(Trainer):
    def restore(self, state):
        self.model = copy.deepcopy(self.model)
        super().restore(state)


class ReadsAnotherKey(Trainer):
    def restore(self, state):
        self.model.load_state_dict(state["net"])


class ForgetsWhenItsStateIsRead(ByStateDict):
    def load_state_dict(self, state):
        self.model.load_state_dict(state["model"])
        self.schedule.load_state_dict(state["schedule"])


BUGS = [
    (
        AnotherOptimizer,
        "resume",
        "what AnotherOptimizer.save writes does not bring back the state of "
        "`AnotherOptimizer.optimizer`",
        "",
    ),
    (WithoutItsSchedule, "resume", "the state of `WithoutItsSchedule.schedule`", ""),
    (ScheduleSetsTheRateBack, "resume", "the state of `ScheduleSetsTheRateBack.optimizer`", ""),
    (OptimizerOfTheOldModel, "resume", "training goes on another way", ""),
    (ReadsAnotherKey, "resume", "what ReadsAnotherKey.save writes fails: KeyError: 'net'", ""),
    (ForgetsWhenItsStateIsRead, "resume", "loading the state_dict of ForgetsWhenItsStateIs", ""),
]
SOUND = [Trainer, BuildsAnew, ByStateDict, OfWeightsAlone]


def outcome(trainer):
    how = {"step": trainer.step, "only": ["resume"]}
    return Smoke().report(trainer.model, *batch(), **how).outcomes["resume"]


@pytest.mark.parametrize(
    ("kind", "check", "words", "code"), BUGS, ids=[b[0].__name__ for b in BUGS]
)
def test_what_is_not_brought_back_is_named(kind, check, words, code):
    found = outcome(kind())
    assert found.status == "failed"
    assert words in "\n".join(map(str, found.findings))


@pytest.mark.parametrize("kind", SOUND)
def test_sound(kind, capsys):
    trainer = kind()
    optimizer, model = trainer.optimizer, trainer.model
    found = outcome(trainer)
    assert (found.status, found.reason) == ("passed", "")
    assert trainer.optimizer is optimizer
    assert trainer.model is model
    assert not optimizer.state
    assert (trainer.steps, trainer.schedule.last_epoch) == (0, 0)
    assert not capsys.readouterr().out


def test_own_files_are_left_alone(tmp_path):
    path = tmp_path / "best.pt"

    class Elsewhere(Trainer):
        def save(self, checkpoint):
            torch.save(self.state(), path)

    found = outcome(Elsewhere())
    assert found.status == "passed"
    assert not path.exists()


def test_what_needs_more_than_a_path_is_not_called():
    class ByEpoch(Trainer):
        def save(self, epoch):
            raise AssertionError("called with a path for an epoch")

    class WithMore(Trainer):
        def save(self, path, epoch):
            raise AssertionError("called without an epoch")

    assert {outcome(kind()).status for kind in (ByEpoch, WithMore)} == {"passed"}
