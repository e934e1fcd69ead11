"""Bugs of supervised torch training: what one loss leaves out, what only later steps show."""

import torch
from torch import nn
from torch.nn import functional as F

from .torch_loops import CLASSES, batch, loop, mlp, sgd


class Counted:
    """A right step that knows its number, from 1; `before` and `after` are given it."""

    def __init__(self, model, optimizer, before=None, after=None):
        self.model, self.optimizer, self.before, self.after = model, optimizer, before, after
        self.number = 0

    def step(self, x, y):
        self.number += 1
        if self.before:
            self.before(self.number)
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        if self.after:
            self.after(self.number)
        return loss


def left_in_evaluation_by_the_third_step():
    model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.3), nn.Linear(16, CLASSES))
    x, y = batch()

    def evaluate(number):
        if number % 3 == 0:
            model.eval()
            with torch.no_grad():
                model(x)

    return model, x, y, {"step": Counted(model, sgd(model), after=evaluate).step}


def unfrozen_and_in_no_optimizer():
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model[2].parameters(), lr=0.1)

    def unfreeze(number):
        if number == 5:
            model[0].requires_grad_(True)

    return model, *batch(), {"step": Counted(model, optimizer, before=unfreeze).step}


def stepped_twice():
    model = mlp()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)

    def again():
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()

    return loop(model, optimizer, after=again)


def backward_in_every_other_step():
    model = mlp()
    optimizer = sgd(model)
    calls = 0

    def step(x, y):
        nonlocal calls
        loss = F.cross_entropy(model(x), y)
        if calls % 2 == 0:
            optimizer.zero_grad()
            loss.backward()
        optimizer.step()
        calls += 1
        return loss

    return model, *batch(), {"step": step}


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(8, 16)
        self.kind, self.size = nn.Linear(16, CLASSES), nn.Linear(16, 1)

    def forward(self, x):
        hidden = torch.tanh(self.trunk(x))
        return {"kind": self.kind(hidden), "size": self.size(hidden).squeeze(-1)}


def one_loss_added_twice():
    def loss(out, y):
        losses = [F.cross_entropy(out["kind"], y), F.mse_loss(out["size"], y.float())]
        return losses[0] + losses[0]

    return loop(TwoHeads(), loss=loss)


def weight_of_a_loss_rounded_to_zero():
    def loss(out, y):
        return F.cross_entropy(out["kind"], y) + 1 // 2 * F.mse_loss(out["size"], y.float())

    return loop(TwoHeads(), loss=loss)


class TwoBranches(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(8, 4), nn.Linear(8, 4)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x):
        branches = [torch.tanh(self.left(x)), torch.tanh(self.right(x))]
        return self.head(torch.cat([branches[0], branches[0]], -1))


def branch_left_out():
    return loop(TwoBranches())


def output_compared_with_itself():
    return loop(mlp(), loss=lambda out, y: F.mse_loss(out, out))


def likelihood_without_a_minus():
    def likelihood(out, y):
        return out.log_softmax(-1).gather(1, y[:, None]).mean()

    return loop(mlp(), loss=likelihood)


def score_that_is_to_grow():
    model = nn.Sequential(mlp(1), nn.Flatten(0))
    score = lambda out, y: 1 - F.mse_loss(out, y) / y.var()  # noqa: E731
    _, x, _, how = loop(model, torch.optim.SGD(model.parameters(), lr=0.01), loss=score)
    return model, x, x[:, 0] - 0.5 * x[:, 1], how


def frozen_by_an_attribute_that_is_none():
    model = mlp()
    for parameter in model[0].parameters():
        parameter.require_grad = False
    return loop(model)


def frozen_as_in_keras():
    model = mlp()
    model[0].trainable = False
    return loop(model)


class Normalised(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = mlp()

    def forward(self, x):
        return F.normalize(self.body(x), dim=0)


def normalised_over_the_batch():
    return loop(Normalised())


class Reshaped(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = nn.Linear(8, 4), nn.Linear(4, CLASSES)

    def forward(self, x):
        return self.outer(torch.tanh(self.inner(x)).t().reshape(len(x), 4))


def transposed_and_reshaped():
    return loop(Reshaped())


class SortedByLength(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = mlp()

    def forward(self, x):
        return self.body(x[x.sum(1).argsort()])


def outputs_left_in_sorted_order():
    return loop(SortedByLength())


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.rnn = nn.Embedding(11, 6), nn.GRU(6, 8)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, tokens):
        return self.head(self.rnn(self.embed(tokens).transpose(0, 1))[0])


def time_first_against_batch_first():
    model = Tagger()
    flat = lambda out, y: F.cross_entropy(out.flatten(0, 1), y.flatten())  # noqa: E731
    tokens = torch.randint(0, 11, (6, 5))
    return model, tokens, tokens % CLASSES, loop(model, loss=flat)[-1]


def only_the_last_micro_batch():
    model = mlp()
    optimizer = sgd(model)

    def step(x, y):
        optimizer.zero_grad()
        for part_x, part_y in zip(x.split(4), y.split(4), strict=True):
            loss = F.cross_entropy(model(part_x), part_y) / 4
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def logarithm_of_zero():
    model = nn.Sequential(mlp(1), nn.Sigmoid(), nn.Flatten(0))

    def by_hand(p, y):
        return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()

    _, x, y, how = loop(model, loss=by_hand)
    model[0][2].bias.data.fill_(200.0)
    return model, x, (y > 0).float(), how


def root_of_zero():
    encoder = mlp()
    distance = lambda out, y: (out - out.flip(0)).square().sum(1).sqrt()  # noqa: E731
    x, _ = batch(5)  # the middle one is compared with itself
    return encoder, x, None, loop(encoder, loss=lambda out, y: distance(out, y).mean())[-1]


class MaskedPool(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.score = nn.Embedding(11, 6), nn.Linear(6, 1)
        self.head = nn.Linear(6, CLASSES)

    def forward(self, tokens):
        hidden = self.embed(tokens)
        score = self.score(hidden).squeeze(-1).masked_fill(tokens != 0, -torch.inf)
        return self.head((score.softmax(-1).unsqueeze(-1) * hidden).sum(1))


def mask_the_wrong_way_round():
    model = MaskedPool()
    tokens = torch.randint(1, 11, (16, 5))
    tokens[::2, 3:] = 0
    return model, tokens, batch()[1], loop(model)[-1]


BUGS = [
    (left_in_evaluation_by_the_third_step, "modes", "step 3 left it in evaluation", "XFR302"),
    (unfrozen_and_in_no_optimizer, "updates", "built while they were frozen", ""),
    (stepped_twice, "fresh-gradients", "stepped twice for one backward pass", ""),
    (backward_in_every_other_step, "fresh-gradients", "between the two", ""),
    (one_loss_added_twice, "gradients", "computes a F.mse_loss that depends on them", ""),
    (branch_left_out, "gradients", "does not depend on what right gives", ""),
    (weight_of_a_loss_rounded_to_zero, "gradients", "does not depend on what size gives", ""),
    (output_compared_with_itself, "gradients", "does not depend on what 2 gives", ""),
    (likelihood_without_a_minus, "learns", "the sign of the loss is flipped", ""),
    (score_that_is_to_grow, "learns", "the sign of the loss is flipped", ""),
    (frozen_by_an_attribute_that_is_none, "updates", "an attribute that nobody reads", "XFR315"),
    (frozen_as_in_keras, "updates", "an attribute that nobody reads", "XFR315"),
    (normalised_over_the_batch, "batch-independence", "mixes the samples", ""),
    (transposed_and_reshaped, "batch-independence", "reshape(16, 4)", ""),
    (outputs_left_in_sorted_order, "batch-independence", "another order than its inputs", ""),
    (time_first_against_batch_first, "pairing", "stand in different orders", ""),
    (only_the_last_micro_batch, "accumulation", "the loss of the last micro-batch", ""),
    (logarithm_of_zero, "finite", "log of numbers from 0 to 0 gives an infinity", ""),
    (root_of_zero, "finite", "the gradient of sqrt gives an infinity", ""),
    (mask_the_wrong_way_round, "finite", "softmax of numbers from -inf", ""),
]
