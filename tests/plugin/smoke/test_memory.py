"""The check `memory`: what a step leaves behind, step after step, and who keeps it."""

import gc
from collections import deque

import keras
import pytest
import tensorflow as tf
import torch
from torch import nn
from torch.nn import functional as F

from pytest_gradferry.smoke import Smoke, SmokeError

torch.set_num_threads(1)

X, Y = torch.randn(8, 8), torch.arange(8) % 3


def torch_step(after):
    """A sound step, and what comes after it: after(model, optimizer, output, loss)."""
    model = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3))
    optimizer = torch.optim.Adam(model.parameters())

    def step(x, y):
        optimizer.zero_grad()
        output = model(x)
        loss = F.cross_entropy(output, y)
        loss.backward()
        optimizer.step()
        after(model, optimizer, output, loss)
        return loss

    return model, step


def found(model, step, x=X, y=Y):
    outcome = Smoke().report(model, x, y, step=step, only=["memory"]).outcomes["memory"]
    return outcome.status, "\n".join(str(finding) for finding in outcome.findings)


def running_total():
    total = 0.0

    def after(model, optimizer, output, loss):
        nonlocal total
        total += loss

    return after


def list_of_losses():
    losses = []
    return lambda model, optimizer, output, loss: losses.append(loss)


def dicts_of_losses():
    history = []
    return lambda model, optimizer, output, loss: history.append({"loss": loss})


def list_of_outputs():
    outputs = []
    return lambda model, optimizer, output, loss: outputs.append(output)


def derived_from_outputs():
    scores = []
    return lambda model, optimizer, output, loss: scores.append(output.softmax(-1).max())


def hook_in_every_step():
    def after(model, optimizer, output, loss):
        model[0].register_forward_hook(lambda *args: None)

    return after


def group_in_every_step():
    def after(model, optimizer, output, loss):
        optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))]})

    return after


@pytest.mark.parametrize(
    ("leak", "words"),
    [
        (running_total, ["3 more nodes", "`total` in the closure of after", "XFR219"]),
        (list_of_losses, ["`losses` in the closure", "loss.item()", "XFR219"]),
        (dicts_of_losses, ["`history` in the closure", "XFR219"]),
        (list_of_outputs, ["`outputs` in the closure", ".detach()"]),
        (derived_from_outputs, ["`scores` in the closure", "XFR219"]),
        (hook_in_every_step, ["1 more hooks", "once"]),
        (group_in_every_step, ["1 more tensors in the optimizers' groups", "once"]),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_leaks(leak, words):
    model, step = torch_step(leak())
    hooks, weights = len(model[0]._forward_hooks), len(list(model.parameters()))
    status, text = found(model, step)
    assert status == "failed"
    assert all(word in text for word in words), text
    assert len(model[0]._forward_hooks) == hooks
    assert len(list(model.parameters())) == weights


def nothing():
    return lambda *args: None


def floats():
    losses = []
    return lambda model, optimizer, output, loss: losses.append(loss.item())


def detached():
    kept = []
    return lambda model, optimizer, output, loss: kept.extend([loss.detach(), output.detach()])


def last_output():
    kept = {}
    return lambda model, optimizer, output, loss: kept.update(output=output)


def the_last_ten():
    kept = deque(maxlen=10)
    return lambda model, optimizer, output, loss: kept.append(loss)


def the_last_twenty_by_hand():
    kept = []

    def after(model, optimizer, output, loss):
        kept.append(loss)
        del kept[:-20]

    return after


def cache_filled_once():
    cache = {}
    return lambda model, optimizer, output, loss: cache.setdefault("first", output)


@pytest.mark.parametrize(
    "sound",
    [
        nothing,
        floats,
        detached,
        last_output,
        the_last_ten,
        the_last_twenty_by_hand,
        cache_filled_once,
    ],
    ids=lambda each: each.__name__,
)
def test_bounded_amounts_pass(sound):
    assert found(*torch_step(sound())) == ("passed", "")


def test_garbage_that_only_the_collector_frees_is_not_kept():
    def after(model, optimizer, output, loss):
        box = [loss]
        box.append(box)

    gc.disable()
    try:
        assert found(*torch_step(after)) == ("passed", "")
    finally:
        gc.enable()


class Stateful(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.head, self.state = nn.GRU(8, 6), nn.Linear(6, 3), None

    def forward(self, x):
        output, self.state = self.rnn(x[:, None], self.state)
        return self.head(output[:, 0])


def stateful_step(model, optimizer, **how):
    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward(**how)
        optimizer.step()
        return loss

    return step


def test_state_carried_with_its_graph():
    model = Stateful()
    step = stateful_step(model, torch.optim.SGD(model.parameters(), lr=0.1))
    with pytest.raises(SmokeError) as caught:
        Smoke()(model, X, Y, step=step)
    assert "`Stateful.state` is carried into the next step with the graph" in str(caught.value)
    assert "XFR708" in str(caught.value)
    assert model.state is None


def test_backward_twice_in_one_step_is_no_carried_state():
    model = nn.Linear(8, 3)
    last = None

    def step(x, y):
        nonlocal last
        last = torch.tanh(model(x))
        loss = F.cross_entropy(last, y)
        loss.backward()
        loss.backward()
        return loss

    with pytest.raises(SmokeError) as caught:
        Smoke()(model, X, Y, step=step)
    assert "carried" not in str(caught.value)


class Tapes:
    """A step on TensorFlow, and what comes after it: after(tape, loss)."""

    def __init__(self, after, persistent=False):
        keras.utils.set_random_seed(0)
        self.model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(3)])
        self.optimizer = keras.optimizers.SGD(0.1)
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.after, self.persistent = after, persistent

    def step(self, x, y):
        with tf.GradientTape(persistent=self.persistent) as tape:
            loss = self.loss(y, self.model(x, training=True))
        weights = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.after(tape, loss)
        return loss


def test_tapes_kept():
    tapes = []
    bench = Tapes(lambda tape, loss: tapes.append(tape), persistent=True)
    status, text = found(bench.model, bench.step, X.numpy(), Y.numpy())
    assert status == "failed"
    assert "1 more gradient tapes" in text
    assert "`tapes` in the closure" in text
    assert "XFR903" in text
    assert not tapes


def test_variables_made_anew():
    kept = []
    bench = Tapes(lambda tape, loss: kept.append(tf.Variable(loss)))
    status, text = found(bench.model, bench.step, X.numpy(), Y.numpy())
    assert status == "failed"
    assert "1 more variables" in text
    assert "`kept` in the closure" in text


@pytest.mark.parametrize("persistent", [False, True])
def test_tapes_let_go_and_losses_kept(persistent):
    losses, last = [], {}
    bench = Tapes(lambda tape, loss: (losses.append(loss), last.update(tape=tape)), persistent)
    assert found(bench.model, bench.step, X.numpy(), Y.numpy()) == ("passed", "")


def test_compiled_keras_model():
    model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(3)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    report = Smoke().report(model, X.numpy(), Y.numpy(), only=["memory"])
    assert report.outcomes["memory"].status == "passed"


def test_after_an_exception():
    model, inner = torch_step(list_of_losses())
    calls = 0

    def step(x, y):
        nonlocal calls
        calls += 1
        model[0].register_forward_hook(lambda *args: None)
        loss = inner(x, y)
        if calls == 9:
            raise RuntimeError("out of luck")
        return loss

    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(RuntimeError, match="out of luck"):
        Smoke()(model, X, Y, step=step, only=["memory"])
    assert calls == 0
    assert not any(module._forward_hooks for module in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_steps_too_slow_to_watch_many_of_them(monkeypatch):
    monkeypatch.setattr("pytest_gradferry.smoke.checks.memory._SECONDS", 0.0)
    model, step = torch_step(list_of_losses())
    outcome = Smoke().report(model, X, Y, step=step, only=["memory"]).outcomes["memory"]
    assert outcome.status == "skipped"
    assert "too slow" in outcome.reason
