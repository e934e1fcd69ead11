"""Gradient accumulation, clipping and schedules: what a step does around its gradients (Keras)."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_gradferry.smoke import Smoke

CLASSES = 3


def batch(samples=16):
    random = np.random.default_rng(0)
    x = random.normal(size=(samples, 8)).astype("float32")
    return x, random.integers(0, CLASSES, samples)


class Bench:
    """A model, its optimizer and one step; subclasses change what the step does."""

    def __init__(self):
        keras.utils.set_random_seed(0)
        self.model = keras.Sequential(
            [keras.Input((8,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(CLASSES)]
        )
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.optimizer = self.make_optimizer()
        self.calls = 0

    def make_optimizer(self):
        return keras.optimizers.SGD(0.1)

    def gradients(self, x, y, factor=None):
        with tf.GradientTape() as tape:
            loss = self.loss(y, self.model(x, training=True))
            if factor is not None:
                loss = loss * factor
        return loss, tape.gradient(loss, self.model.trainable_variables)

    def apply(self, gradients):
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))

    def step(self, x, y):
        loss, gradients = self.gradients(x, y)
        self.apply(gradients)
        return loss


class Micro(Bench):
    factor = 0.25
    clip = staticmethod(lambda gradients: gradients)

    def step(self, x, y):
        total = [tf.zeros_like(v) for v in self.model.trainable_variables]
        losses = []
        for part_x, part_y in zip(tf.split(x, 4), tf.split(y, 4), strict=True):
            loss, gradients = self.gradients(part_x, part_y, self.factor)
            total = [t + g for t, g in zip(total, gradients, strict=True)]
            losses.append(loss)
        self.apply(self.clip(total))
        return tf.reduce_mean(losses) / (self.factor or 1)


class Undivided(Micro):
    factor = None


class UndividedMean(Undivided):
    def __init__(self):
        super().__init__()
        self.loss = lambda y, p: tf.reduce_mean((p - tf.one_hot(y, CLASSES)) ** 2)


class Averaged(Undivided):
    """The gradients are divided, not the loss."""

    @staticmethod
    def clip(gradients):
        return [g / 4 for g in gradients]


class SumsOfSamples(Undivided):
    def __init__(self):
        super().__init__()
        self.loss = keras.losses.SparseCategoricalCrossentropy(True, reduction="sum")
        self.optimizer = keras.optimizers.SGD(0.01)


class OnlyTheLast(Micro):
    def step(self, x, y):
        for part_x, part_y in zip(tf.split(x, 4), tf.split(y, 4), strict=True):
            loss, gradients = self.gradients(part_x, part_y)
        self.apply(gradients)
        return loss


class EveryFourthCall(Bench):
    def step(self, x, y):
        loss, gradients = self.gradients(x, y)
        self.calls += 1
        if self.calls % 4 == 0:
            self.apply(gradients)
        return loss


class Clipped(Bench):
    def clip(self, gradients):
        return tf.clip_by_global_norm(gradients, 0.1)[0]

    def step(self, x, y):
        loss, gradients = self.gradients(x, y)
        self.apply(self.clip(gradients))
        return loss


class ClippedOneByOne(Clipped):
    def clip(self, gradients):
        return [tf.clip_by_norm(g, 0.1) for g in gradients]


class ClippedByValue(Clipped):
    def clip(self, gradients):
        return [tf.clip_by_value(g, -0.1, 0.1) for g in gradients]


class ClippedInAFunction(Clipped):
    def __init__(self):
        super().__init__()
        self.step = tf.function(super().step)


class ClipUnused(Clipped):
    def clip(self, gradients):
        tf.clip_by_global_norm(gradients, 0.1)
        return gradients


class ClipUnusedInAFunction(ClipUnused):
    def __init__(self):
        super().__init__()
        self.step = tf.function(super().step)


class ClipUnusedOneByOne(Clipped):
    def clip(self, gradients):
        for g in gradients:
            tf.clip_by_value(g, -0.1, 0.1)
        return gradients


class ClipToZero(Clipped):
    def clip(self, gradients):
        return tf.clip_by_global_norm(gradients, 0.0)[0]


class ClipsWeights(Bench):
    """A Wasserstein critic's weights, and an image: neither is a gradient."""

    def step(self, x, y):
        loss = super().step(tf.clip_by_value(x, -10.0, 0.0) + tf.nn.relu(x), y)
        for v in self.model.trainable_variables:
            v.assign(tf.clip_by_value(v, -5.0, 5.0))
        return loss


class Scheduled(Bench):
    def make_optimizer(self):
        return keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 100))


class DownToZero(Bench):
    def make_optimizer(self):
        return keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 4))


class Line(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, slope):
        self.slope = slope

    def __call__(self, step):
        return 0.1 * (1 - self.slope * tf.cast(step, tf.float32))


class BelowZero(Bench):
    def make_optimizer(self):
        return keras.optimizers.SGD(Line(1 / 4))


class Nothing(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return tf.cast(tf.cast(step, tf.int64) // 1000, tf.float32)


class WholeNumberDivision(Bench):
    def make_optimizer(self):
        return keras.optimizers.SGD(Nothing())


BUGS = [
    (Undivided, "accumulation", "4 times those of the 16 samples", ""),
    (UndividedMean, "accumulation", "of a whole mean, are summed", ""),
    (OnlyTheLast, "accumulation", "last one's gradients alone: 4 of 16 samples", "XFR238"),
    (EveryFourthCall, "accumulation", "last one's gradients alone: 16 of 64 samples", "XFR224"),
    (ClipUnused, "clipping", "tf.clip_by_global_norm clips the gradients, and", ""),
    (ClipUnusedInAFunction, "clipping", "its result is not used", ""),
    (ClipUnusedOneByOne, "clipping", "tf.clip_by_value clips the gradients, and", ""),
    (ClipToZero, "clipping", "nothing is left of the gradients", ""),
    (BelowZero, "schedule", "ends after step 5 of 8: its next learning rate is -0.025", ""),
    (WholeNumberDivision, "schedule", "0 in all 8 steps", ""),
]

SOUND = [
    (Micro, "accumulation", "passed"),
    (Averaged, "accumulation", "passed"),
    (SumsOfSamples, "accumulation", "passed"),
    (Bench, "accumulation", "skipped"),
    (Clipped, "clipping", "passed"),
    (ClippedOneByOne, "clipping", "passed"),
    (ClippedByValue, "clipping", "passed"),
    (ClippedInAFunction, "clipping", "passed"),
    (ClipsWeights, "clipping", "skipped"),
    (Scheduled, "schedule", "passed"),
    (DownToZero, "schedule", "passed"),
    (Bench, "schedule", "skipped"),
]


@pytest.mark.parametrize(
    ("kind", "check", "words", "code"), BUGS, ids=[b[0].__name__ for b in BUGS]
)
def test_bug_is_caught_with_its_cause(kind, check, words, code):
    bench = kind()
    report = Smoke().report(bench.model, *batch(), step=bench.step, steps=8)
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
    report = Smoke().report(bench.model, *batch(), step=bench.step, steps=8)
    assert report.passed, str(report)
    assert report.outcomes[check].status == status, str(report)
