"""The check `resume`: what a checkpoint does not hold, and training that needs nothing more."""

import copy

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from keras import layers
from torch import nn
from torch.nn import functional as F

from pytest_gradferry.smoke import Smoke, SmokeError

torch.set_num_threads(1)

X, Y = torch.randn(8, 8), torch.arange(8) % 3


def told(outcome):
    return "\n".join(str(finding) for finding in outcome.findings) + outcome.reason


def stepper(model, optimizer, before=lambda: None, after=lambda: None):
    def step(x, y):
        before()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        after()
        return loss

    return step


def outcome(model, **how):
    torch.manual_seed(0)
    return Smoke().report(model, X, Y, **how, only=["resume"]).outcomes["resume"]


class Counts(nn.Module):
    """A factor that grows with the calls, counted in a plain attribute of an inner layer."""

    class Warm(nn.Module):
        def __init__(self):
            super().__init__()
            self.calls = 0

        def forward(self, x):
            self.calls += self.training
            return x * (1 + self.calls)

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 3), Counts.Warm())

    def forward(self, x):
        return self.body(x)


class Average(nn.Module):
    """A running mean of the inputs, kept in a tensor that is made anew."""

    def __init__(self, keep):
        super().__init__()
        self.fc = nn.Linear(8, 3)
        if keep == "plain":
            self.mean = torch.zeros(8)
        else:
            self.register_buffer("mean", torch.zeros(8), persistent=keep == "persistent")

    def forward(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        return self.fc(x - self.mean)


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.more = nn.Linear(8, 3), [nn.Linear(8, 8)]

    def forward(self, x):
        return self.fc(self.more[0](x))


def counter():
    return Counts(), {"loss": "cross_entropy"}


def plain_tensor():
    return Average("plain"), {"loss": "cross_entropy"}


def buffer_that_is_not_saved():
    return Average("not persistent"), {"loss": "cross_entropy"}


def layers_in_a_list():
    model = Listed()
    optimizer = torch.optim.Adam([*model.parameters(), *model.more[0].parameters()])
    return model, {"loss": "cross_entropy", "optimizer": optimizer}


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (counter, ["`Counts.body.1.calls` (3 at the save, 0 after loading)", "get_extra_state"]),
        (plain_tensor, ["`Average.mean`", "register_buffer"]),
        (buffer_that_is_not_saved, ["the buffer `Average.mean`", "persistent=True"]),
        (layers_in_a_list, ["the plain list more", "XFR106"]),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_state_that_the_model_keeps_to_itself(case, words):
    torch.manual_seed(0)
    model, how = case()
    before = copy.deepcopy(vars(model))
    found = outcome(model, **how)
    assert found.status == "failed"
    text = told(found)
    assert all(word in text for word in [*words, "with it put back the curve is the same"]), text
    assert repr(before) == repr(vars(model))


def test_save_load_names_what_the_state_dict_leaves_out():
    """The same state, where it changes what the trained model predicts."""
    for case, words in (
        (counter, "does not hold `Counts.body.1.calls` (3 when it was saved, 0 after loading)"),
        (buffer_that_is_not_saved, "does not hold the buffer `Average.mean`"),
    ):
        torch.manual_seed(0)
        model, how = case()
        report = Smoke().report(model, X, Y, **how, only=["save-load"])
        assert words in told(report.outcomes["save-load"])


def test_layers_that_the_optimizer_was_given_by_hand_are_trained():
    model, how = layers_in_a_list()
    report = Smoke().report(model, X, Y, **how, only=["updates"])
    assert report.passed, str(report)


class TwoStates(Average):
    """Neither a counter nor a mean alone brings the curve back."""

    def __init__(self):
        super().__init__("plain")
        self.calls = 0

    def forward(self, x):
        self.calls += self.training
        return super().forward(x) * (1 + self.calls)


def test_of_several_states_all_are_named_that_are_needed():
    torch.manual_seed(0)
    found = outcome(TwoStates(), loss="cross_entropy")
    text = told(found)
    assert "`TwoStates.mean`" in text, text
    assert "`TwoStates.calls` (3 at the save, 0 after loading)" in text
    assert "with them put back the curve is the same" in text


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Linear(8, 8), nn.Linear(8, 8)
        self.up.weight = self.down.weight

    def forward(self, x):
        return self.up(self.down(x))[:, :3]


def test_tied_weights_come_back_tied():
    model = Tied()
    report = Smoke().report(model, X, Y, loss="cross_entropy", only=["save-load", "resume"])
    assert {each.status for each in report.outcomes.values()} == {"passed"}
    assert model.up.weight is model.down.weight


def counter_of_the_loop():
    """A warm-up by hand: it is for the loop's author to save the counter."""
    model = nn.Linear(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    calls = 0

    def before():
        nonlocal calls
        calls += 1
        optimizer.param_groups[0]["lr"] = 0.1 * calls

    return model, {"step": stepper(model, optimizer, before)}, "`calls` in the closure of before"


def state_of_the_batch():
    class Carries(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.fc, self.state = nn.GRUCell(8, 6), nn.Linear(6, 3), None

        def forward(self, x):
            state = self.rnn(x, self.state)
            self.state = state.detach()
            return self.fc(state)

    return Carries(), {"loss": "cross_entropy"}, "`Carries.state`"


@pytest.mark.parametrize("case", [counter_of_the_loop, state_of_the_batch])
def test_state_of_the_loop_is_remarked(case):
    torch.manual_seed(0)
    model, how, words = case()
    found = outcome(model, **how)
    assert found.status == "passed"
    assert f"a checkpoint has to hold {words}" in found.reason


def momentum():
    model = nn.Linear(8, 3)
    return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), []


def persistent_buffer():
    model = Average("persistent")
    return model, torch.optim.Adam(model.parameters()), []


def schedule():
    model = nn.Linear(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return model, optimizer, [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)]


def lambda_schedule():
    model = nn.Linear(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return model, optimizer, [torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: 0.5**n)]


def dropout():
    model = nn.Sequential(nn.Linear(8, 6), nn.Dropout(0.5), nn.BatchNorm1d(6), nn.Linear(6, 3))
    return model, torch.optim.Adam(model.parameters()), []


@pytest.mark.parametrize("case", [momentum, persistent_buffer, schedule, lambda_schedule, dropout])
def test_all_in_the_checkpoint(case):
    torch.manual_seed(0)
    model, optimizer, schedules = case()
    step = stepper(model, optimizer, after=lambda: [each.step() for each in schedules])
    found = outcome(model, step=step)
    assert (found.status, found.reason) == ("passed", "")


def test_data_and_logs_do_not_matter():
    model = nn.Linear(8, 3)
    log, noise = [], np.random.default_rng(0)
    optimizer = torch.optim.Adam(model.parameters())

    def step(x, y):
        log.append(len(log))
        x = x + torch.tensor(noise.normal(size=x.shape), dtype=x.dtype)
        return stepper(model, optimizer)(x, y)

    found = outcome(model, step=step)
    assert (found.status, found.reason) == ("passed", "")
    assert not log


def test_gradients_left_over_are_told_by_their_own_check():
    model = nn.Linear(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(x, y):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    report = Smoke().report(model, X, Y, step=step)
    assert report.outcomes["fresh-gradients"].status == "failed"
    assert report.outcomes["resume"].status == "follows"
    assert report.outcomes["resume"].reason == "fresh-gradients"


def test_state_dict_that_does_not_load():
    class Grows(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 3)
            self.register_buffer("seen", torch.zeros(0))

        def forward(self, x):
            if self.training:
                self.seen = torch.cat([self.seen, torch.ones(1)])
            return self.fc(x)

    report = Smoke().report(Grows(), X, Y, loss="cross_entropy")
    assert report.outcomes["save-load"].status == "failed"
    assert report.outcomes["resume"].status == "follows"
    assert "size mismatch" in told(outcome(Grows(), loss="cross_entropy"))


def test_optimizer_is_the_same_object_afterwards():
    model = nn.Linear(8, 3)
    optimizer = torch.optim.Adam(model.parameters())
    state, groups, group = optimizer.state, optimizer.param_groups, optimizer.param_groups[0]
    outcome(model, step=stepper(model, optimizer))
    assert optimizer.state is state
    assert not state
    assert optimizer.param_groups is groups
    assert groups[0] is group


@pytest.mark.parametrize("last", [1, 3, 4, 7])
def test_after_an_exception(last):
    torch.manual_seed(0)
    model = Counts()
    optimizer = torch.optim.Adam(model.parameters())
    taken = []

    class Taken(Exception):
        pass

    def after():
        taken.append(1)
        if len(taken) == last:
            raise Taken

    before = copy.deepcopy(model.state_dict())
    with pytest.raises((Taken, SmokeError)):
        outcome(model, step=stepper(model, optimizer, after=after))
    assert not taken
    assert model.body[1].calls == 0
    assert not optimizer.state
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


# Keras


def keras_outcome(model, **how):
    report = Smoke().report(model, X.numpy(), Y.numpy(), **how, only=["resume"])
    return report.outcomes["resume"]


def sequential(*middle):
    keras.utils.set_random_seed(0)
    return keras.Sequential([layers.Input((8,)), layers.Dense(6), *middle, layers.Dense(3)])


def test_compiled_keras_model():
    model = sequential(layers.BatchNormalization(), layers.Dropout(0.5))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    found = keras_outcome(model)
    assert (found.status, found.reason) == ("passed", "")


class Loop:
    """A loop on TensorFlow with a learning rate that it counts down itself, or lets Keras."""

    def __init__(self, rate, counts):
        self.model = sequential()
        self.optimizer = keras.optimizers.Adam(rate)
        self.calls, self.counts = 0, counts

    def step(self, x, y):
        self.calls += 1
        if self.counts:
            self.optimizer.learning_rate = 0.1 / self.calls
        with tf.GradientTape() as tape:
            output = self.model(x, training=True)
            losses = keras.losses.sparse_categorical_crossentropy(y, output, from_logits=True)
            loss = tf.reduce_mean(losses)
        weights = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss


def test_keras_loop_with_a_schedule():
    loop = Loop(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5), counts=False)
    found = keras_outcome(loop.model, step=loop.step)
    assert (found.status, found.reason) == ("passed", "")
    assert loop.calls == 0


def test_keras_loop_with_a_counter():
    loop = Loop(0.1, counts=True)
    found = keras_outcome(loop.model, step=loop.step)
    assert found.status == "passed"
    assert "`Loop.calls` (3 at the save, 0 after loading)" in found.reason


class Untracked(layers.Layer):
    def __init__(self):
        super().__init__(name="untracked")
        self.factor = tf.Variable(1.0)

    def call(self, x, training=None):
        if training:
            self.factor.assign(self.factor * 1.5)
        return x * self.factor


def test_variable_that_keras_does_not_track():
    layer = Untracked()
    found = keras_outcome(sequential(layer), loss="cross_entropy")
    assert found.status == "failed"
    text = told(found)
    assert "untracked.factor`; with it put back the curve is the same" in text
    assert "XFR116" in text
    assert float(layer.factor) == 1.0


class CountingLayer(layers.Layer):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def call(self, x):
        self.calls += 1
        return x * (1 + 0.1 * self.calls)


def test_counter_of_a_keras_layer():
    layer = CountingLayer()
    model = sequential(layer)
    calls = layer.calls
    found = keras_outcome(model, loss="cross_entropy")
    assert found.status == "failed"
    assert "counting_layer.calls`" in told(found)
    assert "add_weight" in told(found)
    assert layer.calls == calls
