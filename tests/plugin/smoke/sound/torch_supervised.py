"""Sound supervised torch training: look-alikes of the bugs in planted/torch_supervised.py."""

import torch
from torch import nn
from torch.nn import functional as F

from .torch_loops import stepper
from .torch_losses import CLASSES, batch, mlp


class Carried(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(4, 8, batch_first=True), nn.Linear(8, 4)

    def forward(self, x, state=None):
        out, state = self.rnn(x, state)
        return self.head(out), state


def state_carried_on_at_a_low_rate():
    """The first loss, from an empty state, is the least for long."""
    model = Carried()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    state = None

    def step(x, y):
        nonlocal state
        out, after = model(x, state)
        optimizer.zero_grad()
        loss = F.mse_loss(out, y)
        loss.backward()
        optimizer.step()
        state = after.detach()
        return loss

    x = torch.randn(4, 6, 4)
    return model, x, x.roll(-1, 1), {"step": step}


def labels_missing():
    model = mlp(4)
    x, _ = batch()
    y = (x[:, :4] > 0).float()
    y[torch.rand(16, 4) < 0.4] = torch.nan

    def known(out, y):
        there = ~y.isnan()
        return F.binary_cross_entropy_with_logits(out[there], y[there])

    return model, x, y, {"step": stepper(model, loss=known)}


class Experts(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(8, 12)
        self.experts = nn.ModuleList(nn.Linear(8, CLASSES) for _ in range(12))

    def forward(self, x):
        share, chosen = self.gate(x).softmax(-1).max(-1)
        out = torch.zeros(len(x), CLASSES)
        for index, expert in enumerate(self.experts):
            own = chosen == index
            if own.any():
                out[own] = share[own, None] * expert(x[own])
        return out


def experts_of_whom_some_get_no_sample():
    return Experts(), *batch(8), {"loss": "cross_entropy"}


def evaluates_every_third_step():
    model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.1), nn.Linear(16, CLASSES))
    x, y = batch()
    calls = 0

    def evaluate():
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            model.eval()
            with torch.no_grad():
                model(x)

    return model, x, y, {"step": stepper(model, before=model.train, after=evaluate)}


def unfrozen_into_a_group_of_its_own():
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = torch.optim.Adam(model[2].parameters(), lr=1e-2)
    calls = 0

    def unfreeze():
        nonlocal calls
        calls += 1
        if calls == 6:
            model[0].requires_grad_(True)
            optimizer.add_param_group({"params": list(model[0].parameters()), "lr": 1e-3})

    return model, *batch(), {"step": stepper(model, optimizer, before=unfreeze)}


class OfABatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = mlp()

    def forward(self, batch):
        return self.body(batch["x"] if isinstance(batch, dict) else batch[0])


def a_dict_as_the_one_argument():
    x, y = batch()
    return OfABatch(), {"x": x, "lengths": torch.full((16,), 3)}, y, {"loss": "cross_entropy"}


def a_tuple_as_the_one_argument():
    x, y = batch()
    return OfABatch(), (x, torch.full((16,), 3)), y, {"loss": "cross_entropy"}


class Sorting(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = mlp()

    def forward(self, x):
        order = x.sum(1).argsort()
        return self.body(x[order]), order


def sorted_by_the_model_and_targets_with_it():
    model = Sorting()
    loss = lambda out, y: F.mse_loss(out[0], F.one_hot(y, CLASSES)[out[1]].float())  # noqa: E731
    return model, *batch(), {"step": stepper(model, loss=loss)}


class TimeFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.rnn = nn.Embedding(11, 6), nn.GRU(6, 8)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, tokens):
        return self.head(self.rnn(self.embed(tokens).transpose(0, 1))[0])


def time_first(samples, times):
    model = TimeFirst()
    loss = lambda out, y: F.cross_entropy(out.flatten(0, 1), y.t().flatten())  # noqa: E731
    tokens = torch.randint(0, 11, (samples, times))
    return model, tokens, tokens % CLASSES, {"step": stepper(model, loss=loss)}


def targets_transposed_to_time_first():
    return time_first(6, 5)


def as_many_times_as_samples():
    return time_first(6, 6)


class OwnWord(nn.Module):
    """`trainable` is a word of the model's own here."""

    def __init__(self):
        super().__init__()
        self.body, self.scale = mlp(), nn.Parameter(torch.ones(CLASSES))
        self.trainable = False

    def forward(self, x):
        return self.body(x) * (self.scale if not self.trainable else 1)


def trainable_is_a_word_of_its_own():
    return OwnWord(), *batch(), {"loss": "cross_entropy"}


def views_of_which_one_is_trained_on():
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(x, y):
        weak, strong = x.chunk(2)
        pseudo = model(weak).argmax(-1)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(strong), y[8:]) + 0.1 * F.cross_entropy(model(weak), pseudo)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


SOUND = [
    a_dict_as_the_one_argument,
    a_tuple_as_the_one_argument,
    as_many_times_as_samples,
    evaluates_every_third_step,
    experts_of_whom_some_get_no_sample,
    labels_missing,
    sorted_by_the_model_and_targets_with_it,
    state_carried_on_at_a_low_rate,
    targets_transposed_to_time_first,
    trainable_is_a_word_of_its_own,
    unfrozen_into_a_group_of_its_own,
    views_of_which_one_is_trained_on,
]
