"""LightningModules: trained by Lightning's own loop, sound ones passed and planted bugs named."""

import copy
import logging
import subprocess
import sys
import warnings
from types import SimpleNamespace

import lightning
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytest_gradferry.smoke import Smoke, SmokeError

CLASSES = 3


def batch(samples=16):
    random = torch.Generator().manual_seed(0)
    x = torch.randn(samples, 8, generator=random)
    return x, torch.randint(0, CLASSES, (samples,), generator=random)


def mlp(features, outputs):
    return nn.Sequential(nn.Linear(features, 16), nn.ReLU(), nn.Linear(16, outputs))


class Lit(lightning.LightningModule):
    def __init__(self, rate=0.1):
        super().__init__()
        self.rate = rate
        self.net = nn.Sequential(
            nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, CLASSES)
        )

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.cross_entropy(self(x), y)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.rate)


class CallsItsNetwork(Lit):
    def training_step(self, batch, batch_idx):
        x, y = batch
        return {"loss": F.cross_entropy(self.net(x), y), "predictions": None}


class OptimizerList(Lit):
    def configure_optimizers(self):
        return [torch.optim.Adam(self.parameters())]


class TupleOfLists(Lit):
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.1)]


class OneCycle(Lit):
    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters())
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 0.1, total_steps=int(self.trainer.estimated_stepping_batches)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Plateau(Lit):
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "monitor": "train_loss", "interval": "step"},
        }


class EverySecondBatch(Lit):
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        return [optimizer], [{"scheduler": schedule, "interval": "step", "frequency": 2}]


class Hooks(Lit):
    """Everything a user may override on the way of a batch."""

    def on_train_start(self):
        self.seen = []

    def on_train_batch_start(self, batch, batch_idx):
        self.seen.append("start")

    def on_train_batch_end(self, outputs, batch, batch_idx):
        self.seen.append("end")

    def optimizer_zero_grad(self, epoch, batch_idx, optimizer):
        self.seen.append("zero_grad")
        optimizer.zero_grad(set_to_none=False)

    def configure_gradient_clipping(self, optimizer, **settings):
        self.seen.append("clip")
        self.clip_gradients(optimizer, gradient_clip_val=1.0, gradient_clip_algorithm="norm")

    def optimizer_step(self, epoch, batch_idx, optimizer, closure):
        self.seen.append("step")
        optimizer.step(closure=closure)


class LBFGS(Lit):
    def __init__(self):
        super().__init__()
        self.net = mlp(8, CLASSES)

    def configure_optimizers(self):
        return torch.optim.LBFGS(self.parameters(), lr=0.1, max_iter=3)


class Accumulates(Lit):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        x, y = batch
        optimizer = self.optimizers()
        loss = F.cross_entropy(self(x), y) / 2
        self.manual_backward(loss)
        if (batch_idx + 1) % 2 == 0:
            optimizer.step()
            optimizer.zero_grad()
        return loss


class Unfreezes(Lit):
    """The first layer is trained from the fourth batch on."""

    def __init__(self):
        super().__init__()
        self.net[0].requires_grad_(False)

    def on_train_batch_start(self, batch, batch_idx):
        if self.global_step == 4:
            self.net[0].requires_grad_(True)


class MovesItsTarget(Lit):
    """A frozen copy follows by hand, held by the optimizer all the same."""

    def __init__(self):
        super().__init__()
        self.target = copy.deepcopy(self.net).requires_grad_(False)

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        return loss + 0.1 * F.mse_loss(self.net(batch[0]), self.target(batch[0]))

    def on_train_batch_end(self, *_):
        for slow, fast in zip(self.target.parameters(), self.net.parameters(), strict=True):
            slow.lerp_(fast.detach(), 0.1)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1, weight_decay=0.1)


class PhasesIn(Lit):
    """A loss that counts for more with each batch, till it is larger than at the start."""

    def training_step(self, batch, batch_idx):
        return super().training_step(batch, batch_idx) * (1 + batch_idx)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)


class StepsAtTheEnd(Lit):
    """Manual optimization with a schedule for the end of the epoch, in a helper."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        loss = F.cross_entropy(self(batch[0]), batch[1])
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()
        at_the_end(self)
        return loss

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]


def at_the_end(module):
    if module.trainer.is_last_batch:
        module.lr_schedulers().step()


class Gan(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.generator, self.critic = mlp(4, 8), mlp(8, 1)

    def training_step(self, batch, batch_idx):
        g_optimizer, c_optimizer = self.optimizers()
        ones, zeros = torch.ones(len(batch), 1), torch.zeros(len(batch), 1)
        bce = F.binary_cross_entropy_with_logits
        fake = self.generator(torch.randn(len(batch), 4))
        self.toggle_optimizer(c_optimizer)
        c_loss = bce(self.critic(batch), ones) + bce(self.critic(fake.detach()), zeros)
        c_optimizer.zero_grad()
        self.manual_backward(c_loss)
        c_optimizer.step()
        self.untoggle_optimizer(c_optimizer)
        self.toggle_optimizer(g_optimizer)
        g_loss = bce(self.critic(fake), ones)
        g_optimizer.zero_grad()
        self.manual_backward(g_loss)
        g_optimizer.step()
        self.untoggle_optimizer(g_optimizer)
        self.log_dict({"g_loss": g_loss, "c_loss": c_loss})

    def configure_optimizers(self):
        return (
            torch.optim.Adam(self.generator.parameters(), lr=1e-3),
            torch.optim.Adam(self.critic.parameters(), lr=1e-3),
        )


SOUND = [
    Lit,
    CallsItsNetwork,
    OptimizerList,
    TupleOfLists,
    OneCycle,
    Plateau,
    EverySecondBatch,
    Hooks,
    LBFGS,
    Accumulates,
    Unfreezes,
    MovesItsTarget,
    PhasesIn,
    StepsAtTheEnd,
]


@pytest.mark.parametrize("kind", SOUND)
def test_sound(kind):
    torch.manual_seed(0)
    report = Smoke().report(kind(), *batch())
    assert report.passed, str(report)
    assert report.losses[-1] < report.losses[0] or kind is PhasesIn
    assert report.outcomes["batch-independence"].status == "passed"


def test_several_optimizers_by_hand():
    torch.manual_seed(0)
    report = Smoke().report(Gan(), batch()[0])
    assert report.passed, str(report)


def test_the_batch_may_be_a_dict():
    class OfDict(Lit):
        def training_step(self, batch, batch_idx):
            return F.cross_entropy(self(batch["x"]), batch["y"])

    x, y = batch()
    assert Smoke().report(OfDict(), {"x": x, "y": y}).passed


def test_hooks_run_in_lightnings_order():
    model = Hooks()
    seen = SimpleNamespace(orders=[])  # a list would be put back too
    model.on_train_batch_end = lambda *_: seen.orders.append(list(model.seen))
    Smoke()(model, *batch(), only=["finite"], steps=2)
    assert seen.orders[0] == ["start", "step", "zero_grad", "clip"]
    assert not hasattr(model, "seen")


def test_pytorch_lightning():
    code = """
import sys, torch, pytorch_lightning as pl
from pytest_gradferry.smoke import Smoke

class Lit(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(8, 3)
    def training_step(self, batch, batch_idx):
        loss = torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])
        self.log("loss", loss)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

print(Smoke()(Lit(), torch.randn(8, 8), torch.arange(8) % 3).passed, "lightning" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False"], done.stderr
    assert not done.stderr


class Forgets(Lit):
    def configure_optimizers(self):
        return torch.optim.SGD(self.net[0].parameters(), lr=0.1)


class ReturnsDetached(Lit):
    def training_step(self, batch, batch_idx):
        return super().training_step(batch, batch_idx).detach().requires_grad_()


class LeftInEval(Lit):
    def on_train_start(self):
        self.eval()


class NeverClears(Lit):
    def optimizer_zero_grad(self, epoch, batch_idx, optimizer):
        pass


class Manual(Lit):
    order = ("zero", "backward", "step")

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        x, y = batch
        optimizer = self.optimizers()
        loss = F.cross_entropy(self(x), y)
        for what in self.order:
            if what == "zero":
                optimizer.zero_grad()
            elif what == "backward":
                self.manual_backward(loss)
            else:
                optimizer.step()
        return loss


class ManualWithoutZero(Manual):
    order = ("backward", "step")


class ManualWithoutStep(Manual):
    order = ("zero", "backward")


class ManualClearsTooLate(Manual):
    order = ("backward", "zero", "step")


class ManualWithoutBackward(Manual):
    order = ("zero", "step")


class StepWithoutClosure(Lit):
    def optimizer_step(self, epoch, batch_idx, optimizer, closure):
        closure()


class Softmaxed(Lit):
    def forward(self, x):
        return super().forward(x).softmax(-1)


class WarmsUpByEpochs(Lit):
    """From a rate of 0, by a hundredth each time, which Lightning takes for epochs."""

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: min(1.0, n / 100))
        return [optimizer], [schedule]


class ManualWithoutSchedule(Manual):
    def configure_optimizers(self):
        optimizer = super().configure_optimizers()
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]


class ManualForgetsOneLoss(Lit):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.value = nn.Linear(8, 1)

    def training_step(self, batch, batch_idx):
        x, y = batch
        policy, value = self.optimizers()
        loss = F.cross_entropy(self(x), y)
        value_loss = F.mse_loss(self.value(x).squeeze(-1), y.float())
        policy.zero_grad()
        self.manual_backward(loss)
        policy.step()
        value.zero_grad()
        value.step()
        self.log("value", value_loss)
        return loss

    def configure_optimizers(self):
        parts = (self.net, self.value)
        return [torch.optim.SGD(part.parameters(), lr=0.1) for part in parts]


class SumsInABuffer(Lit):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(()))

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        self.total = self.total + loss
        return loss


BUGS = [
    (Forgets, "updates", "configure_optimizers leaves them out", ""),
    (ReturnsDetached, "gradients", "does not lead back to the weights", "XFR220"),
    (LeftInEval, "modes", "LeftInEval.training is False", "XFR302"),
    (NeverClears, "fresh-gradients", "let optimizer_zero_grad clear", ""),
    (ManualWithoutZero, "fresh-gradients", "opt.zero_grad() before self.manual_backward", "XFR202"),
    (ManualWithoutStep, "updates", "call opt.step() in training_step", ""),
    (ManualClearsTooLate, "updates", "cleared between the backward pass", "XFR205"),
    (ManualWithoutBackward, "gradients", "call self.manual_backward(loss)", ""),
    (StepWithoutClosure, "updates", "let optimizer_step call optimizer.step(closure", ""),
    (Softmaxed, "loss-input", "sum to 1", "XFR401"),
    (WarmsUpByEpochs, "updates", "begins with a learning rate of 0, not 0.1, and stays", ""),
    (ManualWithoutSchedule, "schedule", "in manual optimization Lightning steps no schedules", ""),
    (ManualForgetsOneLoss, "gradients", "a F.mse_loss that depends on them, and no backward", ""),
    (SumsInABuffer, "memory", "the buffer `SumsInABuffer.total` keeps them", "XFR219"),
]


@pytest.mark.parametrize(
    ("kind", "check", "words", "code"), BUGS, ids=[b[0].__name__ for b in BUGS]
)
def test_bug_is_caught_in_lightnings_words(kind, check, words, code):
    torch.manual_seed(1)
    report = Smoke().report(kind(), *batch())
    outcome = report.outcomes[check]
    assert outcome.status == "failed", str(report)
    assert words in "\n".join(map(str, outcome.findings)), str(report)
    assert code in {finding.code for finding in outcome.findings}, str(report)


class ReturnsNothing(Lit):
    def training_step(self, batch, batch_idx):
        super().training_step(batch, batch_idx)


class NoOptimizer(Lit):
    def configure_optimizers(self):
        return None


class TwoOptimizers(Lit):
    def configure_optimizers(self):
        return [torch.optim.SGD(p.parameters(), lr=0.1) for p in (self.net[0], self.net[4])]


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (ReturnsNothing, {}, "return the loss from training_step"),
        (NoOptimizer, {}, "configure_optimizers returned None"),
        (TwoOptimizers, {}, "only supported with manual optimization"),
        (Lit, {"optimizer": "sgd"}, "leave out optimizer"),
    ],
)
def test_what_cannot_be_run_is_one_clear_error(kind, options, words):
    model = kind()
    before = dict(vars(model))
    with pytest.raises(SmokeError, match=words):
        Smoke()(model, *batch(), **options)
    assert vars(model) == before


def test_the_model_is_given_back_as_it_was(recwarn):
    torch.manual_seed(0)
    model = Hooks()
    trainer = lightning.Trainer(
        logger=False, enable_checkpointing=False, enable_progress_bar=False, max_epochs=1
    )
    model.trainer = trainer
    warnings.simplefilter("always")
    before = {k: v.clone() for k, v in model.state_dict().items()}
    attributes = {k: v for k, v in vars(model).items() if not k.startswith("_forward")}
    level = logging.root.manager.disable
    recwarn.clear()
    Smoke()(model, *batch())
    assert not recwarn.list
    assert model.trainer is trainer
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert {k: v for k, v in vars(model).items() if not k.startswith("_forward")} == attributes
    assert all(p.grad is None for p in model.parameters())
    assert all(module.training for module in model.modules())
    assert logging.root.manager.disable == level


def test_a_step_of_the_users_own_is_what_runs():
    model = Lit()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(x, y):
        optimizer.zero_grad()
        loss = model.training_step((x, y), 0)
        loss.backward()
        optimizer.step()
        return loss

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Smoke()(model, *batch(), step=step).passed
