"""Bugs of torch loops and models that one branch of a check alone sees."""

import secrets

import torch
from torch import nn
from torch.nn import functional as F

from .torch_loops import batch, loop, mlp, sgd


def explodes_after_some_steps():
    model = nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e4)
    x, y = batch()
    _, _, _, how = loop(model, optimizer, loss=F.mse_loss)
    return model, x, y.float()[:, None], how


class Overflows(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = mlp()
        self.seen = nn.Parameter(torch.ones(()), requires_grad=False)


def weight_that_overflows_beside_the_loss():
    model = Overflows()
    loop_of_net = loop(model.net, after=lambda: model.seen.mul_(1000))
    return model, *loop_of_net[1:]


def square_root_at_zero():
    model = mlp()
    start = model[0].bias.detach().clone()
    penalty = lambda: (model[0].bias - start).square().sum().sqrt()  # noqa: E731
    return loop(model, loss=lambda out, y: F.cross_entropy(out, y) + penalty())


def nan_beside_the_loss():
    return loop(mlp(), loss=lambda out, y: F.cross_entropy(out, y) + float("nan"))


def unseeded_noise_in_the_gradients():
    model = mlp()
    model[0].weight.register_hook(lambda g: g * (1 + secrets.randbelow(1000) / 1000))
    return loop(model)


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.net, self.scale = mlp(), nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.net(x) * self.scale.detach()


def parameter_of_the_model_itself_detached():
    return loop(Scaled())


class Climbs:
    """The sign of the loss is wrong, in steps that look a little like those of two rivals."""

    def __init__(self, optimizers, rounds):
        self.model, self.rounds = mlp(), rounds
        parts = (self.model[0], self.model[2]) if optimizers == 2 else (self.model,)
        self.optimizers = [sgd(part) for part in parts]

    def step(self, x, y):
        for _ in range(self.rounds):
            for optimizer in self.optimizers:
                optimizer.zero_grad()
            loss = F.cross_entropy(self.model(x), y)
            (-loss).backward()
            for optimizer in self.optimizers:
                optimizer.step()
        return loss


def two_optimizers_that_climb():
    climbs = Climbs(optimizers=2, rounds=1)
    return climbs.model, *batch(), {"step": climbs.step}


def two_updates_that_climb():
    climbs = Climbs(optimizers=1, rounds=2)
    return climbs.model, *batch(), {"step": climbs.step}


BUGS = [
    (explodes_after_some_steps, "finite", "is too high", ""),
    (
        weight_that_overflows_beside_the_loss,
        "finite",
        "seen holds 1 infinite of 1 values after training",
        "",
    ),
    (square_root_at_zero, "finite", "the gradient of 0.bias holds 16 NaN of 16 values", ""),
    (nan_beside_the_loss, "finite", "the loss is nan at step 1", ""),
    (unseeded_noise_in_the_gradients, "reproducible", "other gradients for 0.weight", ""),
    (parameter_of_the_model_itself_detached, "gradients", "no gradient reaches scale", "XFR221"),
    (two_optimizers_that_climb, "learns", "climbs the loss", ""),
    (two_updates_that_climb, "learns", "climbs the loss", ""),
]
