"""Gradient accumulation, clipping and schedules: what a step does around its gradients (torch)."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import lr_scheduler

from pytest_gradferry.smoke import Smoke

CLASSES = 3


def batch(samples=16):
    random = torch.Generator().manual_seed(0)
    x = torch.randn(samples, 8, generator=random)
    return x, torch.randint(0, CLASSES, (samples,), generator=random)


def mlp(features=8, outputs=CLASSES):
    return nn.Sequential(nn.Linear(features, 16), nn.ReLU(), nn.Linear(16, outputs))


class Bench:
    """A model, its optimizer and one step; subclasses change what the step does."""

    loss = staticmethod(F.cross_entropy)

    def __init__(self):
        torch.manual_seed(0)
        self.model = mlp()
        self.optimizer = self.make_optimizer()
        self.calls = 0
        self.set_up()

    def make_optimizer(self):
        return torch.optim.SGD(self.model.parameters(), lr=0.1)

    def set_up(self):
        pass

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss


# accumulation


class Micro(Bench):
    parts = 4

    def share(self, x, part):
        return 1 / self.parts

    def before_update(self):
        pass

    def step(self, x, y):
        self.optimizer.zero_grad()
        total = 0.0
        for part_x, part_y in zip(x.chunk(self.parts), y.chunk(self.parts), strict=True):
            loss = self.loss(self.model(part_x), part_y)
            (loss * self.share(x, part_x)).backward()
            total += loss.item() * len(part_x) / len(x)
        self.before_update()
        self.optimizer.step()
        return total


class Undivided(Micro):
    def step(self, x, y):
        self.optimizer.zero_grad()
        for part_x, part_y in zip(x.chunk(self.parts), y.chunk(self.parts), strict=True):
            loss = self.loss(self.model(part_x), part_y)
            loss.backward()
        self.before_update()
        self.optimizer.step()
        return loss


class UndividedMeanByHand(Undivided):
    @staticmethod
    def loss(output, target):
        return ((output - F.one_hot(target, CLASSES)) ** 2).mean() + 1e-4 * output.square().sum()


class UndividedClipped(Undivided):
    def before_update(self):
        clip_grad_norm_(self.model.parameters(), 0.1)


class UndividedScaled(Undivided):
    def set_up(self):
        self.scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def step(self, x, y):
        self.optimizer.zero_grad()
        for part_x, part_y in zip(x.chunk(2), y.chunk(2), strict=True):
            loss = self.loss(self.model(part_x), part_y)
            self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss


class OverCalls(Bench):
    divisor = 1

    def step(self, x, y):
        loss = self.loss(self.model(x), y)
        (loss / self.divisor if self.divisor != 1 else loss).backward()
        self.calls += 1
        if self.calls % 4 == 0:
            self.optimizer.step()
            self.optimizer.zero_grad()
        return loss


class OverCallsDivided(OverCalls):
    divisor = 4


class ZeroInTheLoop(Micro):
    def step(self, x, y):
        for part_x, part_y in zip(x.chunk(4), y.chunk(4), strict=True):
            self.optimizer.zero_grad()
            loss = self.loss(self.model(part_x), part_y) / 4
            loss.backward()
        self.optimizer.step()
        return loss * 4


class ZeroEachCall(OverCallsDivided):
    def step(self, x, y):
        self.optimizer.zero_grad()
        return super().step(x, y)


class LastGroupDropped(Micro):
    def step(self, x, y):
        self.optimizer.zero_grad()
        for number, (part_x, part_y) in enumerate(zip(x.split(3), y.split(3), strict=True), 1):
            loss = self.loss(self.model(part_x), part_y) / 2
            loss.backward()
            if number % 4 == 0:
                self.optimizer.step()
                self.optimizer.zero_grad()
        return loss * 2


class LastGroupStepped(Micro):
    def step(self, x, y):
        parts = list(zip(x.split(3), y.split(3), strict=True))
        for number, (part_x, part_y) in enumerate(parts, 1):
            loss = self.loss(self.model(part_x), part_y) / 2
            loss.backward()
            if number % 4 == 0 or number == len(parts):
                self.optimizer.step()
                self.optimizer.zero_grad()
        return loss * 2


class SumsOfSamples(Micro):
    """A loss that sums, not averages: the parts add up to the whole."""

    def make_optimizer(self):
        return torch.optim.SGD(self.model.parameters(), lr=0.01)

    @staticmethod
    def loss(output, target):
        return F.cross_entropy(output, target, reduction="sum")

    def share(self, x, part):
        return 1.0


class GradientsDividedByHand(Undivided):
    def before_update(self):
        for p in self.model.parameters():
            p.grad /= self.parts


class OverCallsDividedByHand(OverCalls):
    """The average of four gradients that are all the same is the last of them."""

    def step(self, x, y):
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.calls += 1
        if self.calls % 4 == 0:
            for p in self.model.parameters():
                p.grad /= 4
            self.optimizer.step()
            self.optimizer.zero_grad()
        return loss


class EachPartSteps(Micro):
    def step(self, x, y):
        for part_x, part_y in zip(x.chunk(4), y.chunk(4), strict=True):
            loss = super(Micro, self).step(part_x, part_y)
        return loss


class UndividedAdam(Undivided):
    def make_optimizer(self):
        return torch.optim.Adam(self.model.parameters())


class TwoPassesOverTheBatch(Bench):
    """Two losses of the whole batch, each with a backward pass: nothing is accumulated."""

    def step(self, x, y):
        self.optimizer.zero_grad()
        self.loss(self.model(x), y).backward()
        loss = self.loss(self.model(x + 0.1), y)
        loss.backward()
        self.optimizer.step()
        return loss


class PenaltyOnHalf(Bench):
    """Different losses on the halves of a batch, summed on purpose."""

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss(self.model(x[:8]), y[:8])
        loss.backward()
        self.model(x[8:]).square().mean().backward()
        self.optimizer.step()
        return loss


# clipping


class Clipped(Bench):
    order = ("zero", "backward", "clip", "step")
    limit = 0.1

    def clip(self):
        clip_grad_norm_(self.model.parameters(), self.limit)

    def step(self, x, y):
        for what in self.order:
            if what == "zero":
                self.optimizer.zero_grad()
            elif what == "backward":
                loss = self.loss(self.model(x), y)
                loss.backward()
            elif what == "clip":
                self.clip()
            else:
                self.optimizer.step()
        return loss


class ClippedByValue(Clipped):
    def clip(self):
        clip_grad_value_(self.model.parameters(), self.limit)


class ClipBeforeBackward(Clipped):
    order = ("zero", "clip", "backward", "step")


class ClipAfterStep(Clipped):
    order = ("zero", "backward", "step", "clip")


class ClipAfterStepExplodes(ClipAfterStep):
    def make_optimizer(self):
        return torch.optim.SGD(self.model.parameters(), lr=1e5)

    @staticmethod
    def loss(output, target):
        return output.square().square().mean()


class ClipAfterStepByValue(ClippedByValue):
    order = ("zero", "backward", "step", "clip")


class ClipToZero(Clipped):
    limit = 0.0


class ClipToLessThanZero(ClippedByValue):
    limit = 0.0


class ClipNegative(Clipped):
    limit = -1.0


class ClipUsedGenerator(Clipped):
    def clip(self):
        parameters = self.model.parameters()
        self.count = sum(p.numel() for p in parameters)
        clip_grad_norm_(parameters, self.limit)


class ClipOldModel(Clipped):
    def set_up(self):
        self.old = mlp()

    def clip(self):
        clip_grad_norm_(self.old.parameters(), self.limit)


class ClipFrozen(Clipped):
    def make_optimizer(self):
        self.model[0].requires_grad_(False)
        return torch.optim.SGD(self.model[2].parameters(), lr=0.1)

    def clip(self):
        clip_grad_norm_(self.model[0].parameters(), self.limit)


class ClipScaled(Bench):
    unscale = False

    def set_up(self):
        self.scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss(self.model(x), y)
        self.scaler.scale(loss).backward()
        if self.unscale:
            self.scaler.unscale_(self.optimizer)
        clip_grad_norm_(self.model.parameters(), 0.1)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss


class ClipUnscaled(ClipScaled):
    unscale = True


class ClipOnlyOneLayer(Clipped):
    def clip(self):
        clip_grad_norm_(self.model[0].parameters(), self.limit)


class NormOnlyWatched(Clipped):
    """An infinite limit clips nothing: the norm is logged, wherever that stands."""

    order = ("zero", "backward", "step", "clip")
    limit = float("inf")


class ClipsEachMicroBatch(Micro):
    def step(self, x, y):
        self.optimizer.zero_grad()
        for part_x, part_y in zip(x.chunk(4), y.chunk(4), strict=True):
            loss = self.loss(self.model(part_x), part_y) / 4
            loss.backward()
            clip_grad_norm_(self.model.parameters(), 0.5)
        self.optimizer.step()
        return loss


class GanClips(Bench):
    """Both nets clipped, each before its own update; both backward passes first."""

    def set_up(self):
        self.model = nn.ModuleDict({"a": mlp(), "b": mlp()})
        self.one = torch.optim.SGD(self.model["a"].parameters(), lr=0.1)
        self.two = torch.optim.SGD(self.model["b"].parameters(), lr=0.1)

    def step(self, x, y):
        self.one.zero_grad()
        self.two.zero_grad()
        first = self.loss(self.model["a"](x), y)
        second = self.loss(self.model["b"](x), y)
        first.backward()
        second.backward()
        for name, optimizer in (("a", self.one), ("b", self.two)):
            clip_grad_norm_(self.model[name].parameters(), 0.1)
            optimizer.step()
        return first + second


# schedule


class Scheduled(Bench):
    order = ("step", "schedule")

    def set_up(self):
        self.schedule = lr_scheduler.ExponentialLR(self.optimizer, 0.9)

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss(self.model(x), y)
        loss.backward()
        for what in self.order:
            (self.optimizer if what == "step" else self.schedule).step()
        return loss


class ScheduleFirst(Scheduled):
    order = ("schedule", "step")


class ScheduleAtTheStart(Scheduled):
    """Stepped at the start of every call but the first: in time."""

    def step(self, x, y):
        if self.calls:
            self.schedule.step()
        self.calls += 1
        return Bench.step(self, x, y)


class ScheduleOfAnother(Scheduled):
    def set_up(self):
        super().set_up()
        self.optimizer = self.make_optimizer()


class RateSetBack(Scheduled):
    def step(self, x, y):
        for group in self.optimizer.param_groups:
            group["lr"] = 0.1
        return super().step(x, y)


class BelowZero(Scheduled):
    def set_up(self):
        self.schedule = lr_scheduler.LambdaLR(self.optimizer, lambda n: 1 - n / 10)


class WholeNumberDivision(Scheduled):
    def set_up(self):
        self.schedule = lr_scheduler.LambdaLR(self.optimizer, lambda n: n // 1000)


class PerEpochPerBatch(Scheduled):
    def set_up(self):
        self.schedule = lr_scheduler.StepLR(self.optimizer, 1, gamma=0.1)


class OneCycleOfTen(Scheduled):
    def set_up(self):
        self.schedule = lr_scheduler.OneCycleLR(self.optimizer, 0.1, total_steps=10)


class OneCycleOfFive(Scheduled):
    """Over before some checks have seen enough."""

    def set_up(self):
        self.schedule = lr_scheduler.OneCycleLR(self.optimizer, 0.1, total_steps=5)


class OneCycle(Scheduled):
    def set_up(self):
        self.schedule = lr_scheduler.OneCycleLR(self.optimizer, 1e-7, total_steps=20)


class DownToZero(Scheduled):
    def set_up(self):
        self.schedule = lr_scheduler.PolynomialLR(self.optimizer, 10)


class WarmUpThenCosine(Scheduled):
    def set_up(self):
        warm_up = lr_scheduler.LinearLR(self.optimizer, 0.01, 1.0, 5)
        cosine = lr_scheduler.CosineAnnealingLR(self.optimizer, 30)
        self.schedule = lr_scheduler.SequentialLR(self.optimizer, [warm_up, cosine], [5])


class Plateau(Scheduled):
    def set_up(self):
        self.schedule = lr_scheduler.ReduceLROnPlateau(self.optimizer)

    def step(self, x, y):
        loss = Bench.step(self, x, y)
        self.schedule.step(loss.detach())
        return loss


class StepLongAway(Scheduled):
    def set_up(self):
        self.schedule = lr_scheduler.StepLR(self.optimizer, 30)


class WarmUpFromZero(Scheduled):
    def set_up(self):
        self.schedule = lr_scheduler.LambdaLR(self.optimizer, lambda n: min(1.0, n / 10))


class TwoSchedules(Scheduled):
    def set_up(self):
        super().set_up()
        self.other = lr_scheduler.ConstantLR(self.optimizer, 0.5, 3)

    def step(self, x, y):
        loss = super().step(x, y)
        self.other.step()
        return loss


BUGS = [
    (Undivided, "accumulation", "4 times those of the 16 samples", ""),
    (UndividedMeanByHand, "accumulation", "of a whole mean, are summed", ""),
    (UndividedClipped, "accumulation", "by the number of micro-batches, 4", ""),
    (UndividedScaled, "accumulation", "2 times those of the 16 samples", ""),
    (OverCalls, "accumulation", "4 times those of the 64 samples", ""),
    (ZeroInTheLoop, "accumulation", "last one's gradients alone: 4 of 16 samples", "XFR238"),
    (ZeroEachCall, "accumulation", "last one's gradients alone: 16 of 64 samples", ""),
    (LastGroupDropped, "accumulation", "last 4 of 16 samples of a batch", ""),
    (ClipBeforeBackward, "clipping", "before the backward pass", "XFR227"),
    (ClipAfterStep, "clipping", "after the optimizer's step", "XFR227"),
    (ClipAfterStepExplodes, "clipping", "after the optimizer's step", "XFR227"),
    (ClipAfterStepByValue, "clipping", "clip_grad_value_ is called", "XFR227"),
    (ClipToZero, "clipping", "nothing is left of the gradients", ""),
    (ClipToLessThanZero, "clipping", "nothing is left of the gradients", ""),
    (ClipNegative, "clipping", "turns the gradients round", ""),
    (ClipUsedGenerator, "clipping", "empty once it was used", "XFR228"),
    (ClipOldModel, "clipping", "none of them this model's", ""),
    (ClipFrozen, "clipping", "0.bias, 0.weight, which no optimizer holds", ""),
    (ClipScaled, "clipping", "multiplied by the loss scale, 1024", "XFR803"),
    (ScheduleFirst, "schedule", "the first update runs at 0.09", "XFR413"),
    (ScheduleOfAnother, "schedule", "not in use", ""),
    (RateSetBack, "schedule", "sets the rate back", ""),
    (WholeNumberDivision, "schedule", "0 in all 20 steps", ""),
    (PerEpochPerBatch, "schedule", "meant for epochs", "XFR418"),
]

SOUND = [
    (Micro, "accumulation", "passed"),
    (OverCallsDivided, "accumulation", "passed"),
    (LastGroupStepped, "accumulation", "passed"),
    (SumsOfSamples, "accumulation", "passed"),
    (GradientsDividedByHand, "accumulation", "passed"),
    (OverCallsDividedByHand, "accumulation", "passed"),
    (UndividedAdam, "accumulation", "passed"),
    (EachPartSteps, "accumulation", "skipped"),
    (TwoPassesOverTheBatch, "accumulation", "skipped"),
    (PenaltyOnHalf, "accumulation", "passed"),
    (Clipped, "clipping", "passed"),
    (ClippedByValue, "clipping", "passed"),
    (ClipUnscaled, "clipping", "passed"),
    (ClipOnlyOneLayer, "clipping", "passed"),
    (NormOnlyWatched, "clipping", "skipped"),
    (ClipsEachMicroBatch, "clipping", "passed"),
    (GanClips, "clipping", "passed"),
    (Bench, "clipping", "skipped"),
    (Scheduled, "schedule", "passed"),
    (ScheduleAtTheStart, "schedule", "passed"),
    (OneCycle, "schedule", "passed"),
    (OneCycleOfTen, "schedule", "passed"),
    (OneCycleOfFive, "schedule", "passed"),
    (OneCycleOfFive, "resume", "skipped"),
    (BelowZero, "schedule", "passed"),
    (DownToZero, "schedule", "passed"),
    (WarmUpThenCosine, "schedule", "passed"),
    (Plateau, "schedule", "passed"),
    (StepLongAway, "schedule", "passed"),
    (WarmUpFromZero, "schedule", "passed"),
    (TwoSchedules, "schedule", "passed"),
    (Bench, "schedule", "skipped"),
]


@pytest.mark.parametrize(
    ("kind", "check", "words", "code"), BUGS, ids=[b[0].__name__ for b in BUGS]
)
def test_bug_is_caught_with_its_cause(kind, check, words, code):
    bench = kind()
    report = Smoke().report(bench.model, *batch(), step=bench.step)
    outcome = report.outcomes[check]
    assert outcome.status == "failed", str(report)
    assert words in "\n".join(map(str, outcome.findings)), str(report)
    assert code in {finding.code for finding in outcome.findings}, str(report)
    others = {k for k, o in report.failed.items() if o.status == "failed"} - {check}
    assert not others, str(report)


@pytest.mark.parametrize(
    ("kind", "check", "status"), SOUND, ids=[f"{s[0].__name__}-{s[1]}" for s in SOUND]
)
def test_sound_loop_passes(kind, check, status):
    bench = kind()
    report = Smoke().report(bench.model, *batch(), step=bench.step)
    assert report.passed, str(report)
    assert report.outcomes[check].status == status, str(report)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (BelowZero, "ends after step 11 of 20: its next learning rate is -0.01"),
        (OneCycleOfTen, "ends after step 10 of 20: Tried to step 11 times"),
    ],
)
def test_schedule_too_short_for_the_steps_that_were_asked_for(kind, words):
    bench = kind()
    report = Smoke().report(bench.model, *batch(), step=bench.step, steps=20)
    assert list(report.failed) == ["schedule"], str(report)
    assert words in str(report)


def test_what_adam_does_not_feel_is_a_remark():
    bench = UndividedAdam()
    report = Smoke()(bench.model, *batch(), step=bench.step)
    assert "which Adam does not feel" in report.outcomes["accumulation"].reason


def test_clip_functions_and_schedules_are_torchs_own_again():
    before = clip_grad_norm_.__closure__[0].cell_contents, lr_scheduler.LRScheduler.step
    bench = ClipAfterStep()
    with pytest.raises(AssertionError):
        Smoke()(bench.model, *batch(), step=bench.step)
    assert (clip_grad_norm_.__closure__[0].cell_contents, lr_scheduler.LRScheduler.step) == before
