"""The check `resume` for LightningModules: what Lightning's own checkpoint saves and loads."""

import copy

import lightning
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytest_gradferry.smoke import Smoke

from .test_lightning import Lit, Manual, batch, mlp

torch.set_num_threads(1)


def outcome(model):
    report = Smoke().report(model, *batch(), only=["resume"])
    return report.outcomes["resume"]


def told(found):
    return "\n".join(map(str, found.findings)) + found.reason


class Momentum(Lit):
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.8**step)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]


class Pulled(Lit):
    """Weights are pulled towards their moving average, which is kept outside of the buffers."""

    def __init__(self):
        super().__init__()
        self.net = mlp(8, 3)
        self.average = self.copied()

    def copied(self):
        return {name: p.detach().clone() for name, p in self.net.named_parameters()}

    def training_step(self, batch, batch_idx):
        pull = sum(((p - self.average[n]) ** 2).sum() for n, p in self.net.named_parameters())
        return super().training_step(batch, batch_idx) + 0.1 * pull

    def on_train_batch_end(self, *_):
        for name, parameter in self.net.named_parameters():
            self.average[name].lerp_(parameter.detach(), 0.1)


class Cools(Lit):
    """A temperature that falls from step to step, in a plain attribute."""

    def __init__(self):
        super().__init__()
        self.temperature = 4.0

    def training_step(self, batch, batch_idx):
        self.temperature *= 0.9
        return F.cross_entropy(self(batch[0]) / self.temperature, batch[1])


class DropsTheOptimizer(Momentum):
    def on_load_checkpoint(self, checkpoint):
        checkpoint["optimizer_states"] = []


class LeavesOutTheSchedule(Momentum):
    def on_save_checkpoint(self, checkpoint):
        checkpoint["lr_schedulers"] = []


class ScheduleOfItsOwn(Manual):
    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        self.schedule.step()
        return loss

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.2)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40)
        return optimizer


class StartsAfreshEachTime(Lit):
    def on_train_start(self):
        self.net[0].reset_parameters()


class ReadsWhatItNeverSaved(Lit):
    def on_load_checkpoint(self, checkpoint):
        self.queue = checkpoint["queue"]


class DropsAMovingTeacher(Pulled):
    def __init__(self):
        super().__init__()
        self.strict_loading = False
        self.teacher = copy.deepcopy(self.net).requires_grad_(False)

    def training_step(self, batch, batch_idx):
        x, _ = batch
        agree = F.mse_loss(self(x), self.teacher(x))
        return Lit.training_step(self, batch, batch_idx) + agree

    def on_train_batch_end(self, *_):
        for slow, fast in zip(self.teacher.parameters(), self.net.parameters(), strict=True):
            slow.lerp_(fast.detach(), 0.1)

    def on_save_checkpoint(self, checkpoint):
        for name in [n for n in checkpoint["state_dict"] if n.startswith("teacher")]:
            del checkpoint["state_dict"][name]


BUGS = [
    (Pulled, "resume", "does not hold `Pulled.average`; with it put back", "XFR905"),
    (Cools, "resume", "`Cools.temperature` (2.916 at the save, 4 after loading)", ""),
    (DropsTheOptimizer, "resume", "does not bring back the state of SGD", ""),
    (LeavesOutTheSchedule, "resume", "does not bring back the state of LambdaLR", ""),
    (ScheduleOfItsOwn, "resume", "does not hold `ScheduleOfItsOwn.schedule`", ""),
    (StartsAfreshEachTime, "resume", "does not bring back the weights of `net`", ""),
    (ReadsWhatItNeverSaved, "resume", "loading Lightning's checkpoint fails: KeyError", ""),
    (DropsAMovingTeacher, "resume", "does not bring back the weights of `teacher`", ""),
]


@pytest.mark.parametrize(
    ("kind", "check", "words", "code"), BUGS, ids=[b[0].__name__ for b in BUGS]
)
def test_what_a_checkpoint_lacks_is_named(kind, check, words, code):
    torch.manual_seed(0)
    found = outcome(kind())
    assert found.status == "failed"
    assert words in told(found)
    assert found.findings[0].code == code


class SavesItsAverage(Pulled):
    def on_save_checkpoint(self, checkpoint):
        checkpoint["average"] = self.average

    def on_load_checkpoint(self, checkpoint):
        self.average = checkpoint["average"]


class TakesItBackLater(Pulled):
    """What on_load_checkpoint reads is only put to use when the fit starts."""

    def __init__(self):
        super().__init__()
        self.read = None

    def on_save_checkpoint(self, checkpoint):
        checkpoint["average"] = self.average

    def on_load_checkpoint(self, checkpoint):
        self.read = checkpoint["average"]

    def on_fit_start(self):
        self.average = self.copied() if self.read is None else self.read


class Configured(Lit):
    """Layers that are made when it is known where they run."""

    def __init__(self):
        super().__init__()
        self.net = None

    def configure_model(self):
        if self.net is None:
            self.net = mlp(8, 3)

    def configure_optimizers(self):
        return torch.optim.AdamW(self.net.parameters(), lr=1e-2)


class DropsAFrozenTeacher(DropsAMovingTeacher):
    def on_train_batch_end(self, *_):
        pass


class TemperatureOfTheEpoch(Lit):
    def on_train_epoch_start(self):
        self.temperature = 2.0 / (1 + self.current_epoch)

    def training_step(self, batch, batch_idx):
        return F.cross_entropy(self(batch[0]) / self.temperature, batch[1])


class DecaysEachEpoch(TemperatureOfTheEpoch):
    def __init__(self):
        super().__init__()
        self.register_buffer("temperature", torch.tensor(4.0))

    def on_train_epoch_start(self):
        self.temperature *= 0.5


class OfTheStep(Momentum):
    """Warm-up, a loss weight and an unfreezing, all by Lightning's own count."""

    def __init__(self):
        super().__init__()
        self.net[0].requires_grad_(False)
        self.seen = []

    def on_train_batch_start(self, batch, batch_idx):
        if self.global_step >= 2:
            self.net[0].requires_grad_(True)

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        self.seen.append(loss.item())
        return loss * min(1.0, 0.5 + batch_idx / 10)

    def optimizer_step(self, epoch, batch_idx, optimizer, closure):
        optimizer.step(closure=closure)
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * min(1.0, (self.trainer.global_step + 1) / 8)


class Contrasts(lightning.LightningModule):
    """Two views, a momentum encoder and a queue, drawn from a generator of its own."""

    def __init__(self):
        super().__init__()
        self.encoder = mlp(8, 4)
        self.momentum_encoder = copy.deepcopy(self.encoder).requires_grad_(False)
        self.register_buffer("queue", F.normalize(torch.randn(32, 4), dim=1))
        self.random = torch.Generator().manual_seed(1)

    def view(self, x):
        return x + 0.1 * torch.randn(x.shape, generator=self.random)

    def training_step(self, batch, batch_idx):
        x, _ = batch
        with torch.no_grad():
            weights = zip(
                self.momentum_encoder.parameters(), self.encoder.parameters(), strict=True
            )
            for slow, fast in weights:
                slow.lerp_(fast, 0.1)
            keys = F.normalize(self.momentum_encoder(self.view(x)), dim=1)
        queries = F.normalize(self.encoder(self.view(x)), dim=1)
        same = (queries * keys).sum(1, keepdim=True)
        loss = F.cross_entropy(
            torch.cat([same, queries @ self.queue.clone().T], 1) / 0.2,
            torch.zeros(len(x), dtype=torch.long),
        )
        self.queue = torch.cat([keys, self.queue])[: len(self.queue)]
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)


SOUND = [
    Configured,
    Contrasts,
    DecaysEachEpoch,
    DropsAFrozenTeacher,
    Momentum,
    OfTheStep,
    SavesItsAverage,
    TakesItBackLater,
    TemperatureOfTheEpoch,
]


@pytest.mark.parametrize("kind", SOUND)
def test_sound(kind):
    torch.manual_seed(0)
    report = Smoke().report(kind(), *batch())
    assert report.passed, str(report)
    found = report.outcomes["resume"]
    assert found.status == "passed", str(report)
    remark = "a checkpoint has to hold what TemperatureOfTheEpoch.on_train_epoch_start sets too"
    assert found.reason == (remark if kind is TemperatureOfTheEpoch else "")


def test_hooks_that_cannot_run_here_are_a_skip():
    class WantsACallback(Lit):
        def on_save_checkpoint(self, checkpoint):
            checkpoint["best"] = self.trainer.checkpoint_callback.best_model_path

    found = outcome(WantsACallback())
    assert found.status == "skipped"
    assert "Lightning's checkpoint cannot be written: AttributeError" in found.reason


def test_the_model_is_given_back_as_it_was():
    model = OfTheStep()
    attributes = {k: v for k, v in vars(model).items() if not k.startswith("_forward")}
    before = copy.deepcopy(model.state_dict())
    outcome(model)
    assert {k: v for k, v in vars(model).items() if not k.startswith("_forward")} == attributes
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.net[0].weight.requires_grad
    assert not model.seen
    assert isinstance(model.net, nn.Sequential)
