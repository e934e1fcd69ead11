"""Bugs of torch loops by people who come from Keras: flags, modes, momenta, moves by hand."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from ..sound.torch_habits import inner_loop
from .torch_loops import batch, loop, mlp, sgd


def normed(**settings):
    return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16, **settings), nn.Linear(16, 4))


def batch_norm_with_the_momentum_of_keras():
    return loop(normed(momentum=0.99, eps=1e-3))


def batch_norm_that_keeps_no_statistics():
    return loop(normed(momentum=0.0))


class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = normed()

    def forward(self, x):
        return self.net(x)


def net_in_evaluation_under_a_model_in_training():
    model = Wrapped()
    model.net.eval()
    return loop(model)


def forward_pass_without_recording():
    model = mlp()
    optimizer = sgd(model)

    def step(x, y):
        with torch.no_grad():
            loss = F.cross_entropy(model(x), y)
        loss.requires_grad_()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def average_loaded_into_the_model_after_its_first_copy():
    model, average = mlp(), None

    @torch.no_grad()
    def update():
        nonlocal average
        if average is None:
            average = copy.deepcopy(model)
        for kept, weight in zip(average.parameters(), model.parameters(), strict=True):
            kept.mul_(0.99).add_(weight, alpha=0.01)
        model.load_state_dict(average.state_dict())

    return loop(model, after=update)


def moves_by_hand_that_are_too_long():
    model = mlp(outputs=1)

    def step(x, y):
        model.zero_grad()
        loss = F.mse_loss(model(x)[:, 0], y)
        loss.backward()
        with torch.no_grad():
            for weight in model.parameters():
                weight -= 1e3 * weight.grad
        return loss

    x, y = batch()
    return model, x, y.float(), {"step": step}


def update_with_gradients_that_are_scaled():
    model = mlp(outputs=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=65536.0)

    def step(x, y):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.mse_loss(model(x)[:, 0].float(), y)
        scaler.scale(loss).backward()
        optimizer.step()
        return loss

    x, y = batch()
    return model, x, y.float(), {"step": step}


class Speech(nn.Module):
    def __init__(self, axis):
        super().__init__()
        self.axis, self.net = axis, nn.GRU(4, 16, batch_first=True)
        self.head = nn.Linear(16, 6)

    def forward(self, x):
        values = self.head(self.net(x)[0])
        return values if self.axis is None else values.log_softmax(self.axis)


def spoken(axis):
    model, x, y = Speech(axis), torch.randn(6, 10, 4), torch.randint(1, 6, (6, 3))
    lengths = torch.full((6,), 10), torch.full((6,), 3)
    _, _, _, how = loop(model, loss=lambda out, y: F.ctc_loss(out.transpose(0, 1), y, *lengths))
    return model, x, y, how


def logits_in_ctc():
    return spoken(None)


def softmax_over_time_in_ctc():
    return spoken(1)


def penalty_of_the_data_of_the_weights():
    model = mlp()
    penalty = lambda: sum(p.data.square().sum() for p in model.parameters())  # noqa: E731
    return loop(model, loss=lambda out, y: F.cross_entropy(out, y) + 1e-2 * penalty())


def overlap_of_thresholded_outputs():
    model = mlp(outputs=1)

    def overlap(out, y):
        kept = (out.sigmoid() > 0.5).float()
        return 1 - 2 * (kept * y).sum() / (kept.sum() + y.sum() + 1)

    x, y = batch()
    y = (y % 2).float()[:, None]
    both = lambda out, y: F.binary_cross_entropy_with_logits(out, y) + overlap(out, y)  # noqa: E731
    _, _, _, how = loop(model, loss=both)
    return model, x, y, how


def term_of_detached_outputs():
    taught = torch.randn(16, 3).softmax(-1)

    def loss(out, y):
        soft = F.kl_div(out.detach().log_softmax(-1), taught, reduction="batchmean")
        return 0.5 * (F.cross_entropy(out, y) + 1e-2 * soft)

    return loop(mlp(), loss=loss)


def optimizer_stepped_the_first_time_only():
    model = mlp()
    optimizer, calls = sgd(model), 0

    def step(x, y):
        nonlocal calls
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        if calls == 0:
            optimizer.step()
        calls += 1
        return loss

    return model, *batch(), {"step": step}


def weights_across_a_column_of_losses():
    model = mlp(outputs=1)
    optimizer = sgd(model)

    def step(x, y):
        target, weight = y
        optimizer.zero_grad()
        losses = F.mse_loss(model(x), target[:, None], reduction="none")
        loss = (losses * weight).mean()
        loss.backward()
        optimizer.step()
        return loss

    x, y = batch()
    return model, x, (y.float(), torch.rand(16)), {"step": step}


def overlap_of_masks_without_their_channel():
    model = nn.Conv2d(3, 1, 1)

    def overlap(out, masks):
        both = (out.sigmoid() * masks).sum()
        return 1 - 2 * both / (out.sigmoid().sum() + masks.sum())

    _, _, _, how = loop(model, loss=overlap)
    return model, torch.randn(4, 3, 5, 5), (torch.rand(4, 5, 5) > 0.5).float(), how


class Variational(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(8, 6), nn.Linear(3, 8)

    def forward(self, x):
        mean, log_std = self.encoder(x).chunk(2, -1)
        q = torch.distributions.Normal(mean, log_std.exp())
        return self.decoder(q.sample()), q


def samples_without_a_gradient():
    model, prior = Variational(), torch.distributions.Normal(0.0, 1.0)
    optimizer = sgd(model)

    def step(x):
        optimizer.zero_grad()
        out, q = model(x)
        loss = F.mse_loss(out, x) + 0.1 * torch.distributions.kl_divergence(q, prior).mean()
        loss.backward()
        optimizer.step()
        return loss

    return model, batch()[0], None, {"step": step}


def softmax_over_the_batch_in_a_loss_by_hand():
    def loss(out, y):
        return -(F.one_hot(y, 3) * torch.softmax(out, dim=0).clamp(1e-7, 1).log()).sum(-1).mean()

    return loop(mlp(), loss=loss)


class Scores(nn.Module):
    def __init__(self):
        super().__init__()
        self.user, self.bias = nn.Linear(8, 4), nn.Linear(8, 1)

    def forward(self, x):
        return self.user(x).sum(-1) + self.bias(x)


def column_added_to_a_row_in_the_model():
    loss = lambda out, y: (out.mean(0) - y).square().mean()  # noqa: E731
    model, x, y, how = loop(Scores(), loss=loss)
    return model, x, y.float(), how


def learned_rates_detached():
    return inner_loop(lambda rate, gradient: (rate * gradient).detach())


BUGS = [
    (batch_norm_with_the_momentum_of_keras, "modes", "momentum=0.99: in torch it", "XFR420"),
    (batch_norm_that_keeps_no_statistics, "modes", "never updates its running statistics", ""),
    (
        net_in_evaluation_under_a_model_in_training,
        "modes",
        "net, which holds all that is trained, is in evaluation mode",
        "XFR302",
    ),
    (forward_pass_without_recording, "gradients", "runs without recording gradients", "XFR220"),
    (
        average_loaded_into_the_model_after_its_first_copy,
        "updates",
        "is left at the end of the step",
        "",
    ),
    (moves_by_hand_that_are_too_long, "finite", "the weights are moved too far", ""),
    (update_with_gradients_that_are_scaled, "finite", "reaches the update", "XFR803"),
    (logits_in_ctc, "loss-input", "before ctc_loss", ""),
    (softmax_over_time_in_ctc, "loss-input", "over time, not over the classes", ""),
    (penalty_of_the_data_of_the_weights, "gradients", "the graph of that term is cut", ""),
    (overlap_of_thresholded_outputs, "gradients", "the graph of that term is cut", ""),
    (term_of_detached_outputs, "gradients", "the graph of that term is cut", ""),
    (optimizer_stepped_the_first_time_only, "updates", "a condition that seldom holds", ""),
    (weights_across_a_column_of_losses, "shapes", "combined with every other sample", "XFR909"),
    (
        overlap_of_masks_without_their_channel,
        "shapes",
        "combined with every other sample",
        "XFR909",
    ),
    (samples_without_a_gradient, "gradients", "sample() of a torch distribution cuts", ""),
    (softmax_over_the_batch_in_a_loss_by_hand, "loss-input", "over the samples", ""),
    (
        column_added_to_a_row_in_the_model,
        "batch-independence",
        "add() of (16,) and (16, 1) to (16, 16)",
        "",
    ),
    (learned_rates_detached, "gradients", "look between them and the loss for detach", "XFR221"),
]
