"""Sound torch training with habits of Keras: flags in the call, settings, generators of its own."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from .torch_steps import CLASSES, batch, mlp, sgd, trained


class WithFlag(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(8, 16), nn.Linear(16, CLASSES)

    def forward(self, x, training=None):
        training = self.training if training is None else training
        return self.second(F.dropout(self.first(x).relu(), 0.3, training))


def training_flag_in_the_call():
    model = WithFlag()
    optimizer = sgd(model)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x, training=True), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def noise_of_a_generator_in_the_closure():
    generator = torch.Generator().manual_seed(7)

    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp()

        def forward(self, x):
            noise = torch.randn(x.shape, generator=generator) if self.training else 0
            return self.net(x + 0.1 * noise)

    return trained(Noisy())


def batch_norm_with_a_small_momentum():
    norm = nn.BatchNorm1d(16, momentum=0.01, eps=1e-3)
    return trained(nn.Sequential(nn.Linear(8, 16), norm, nn.Linear(16, CLASSES)))


class FineTuned(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU())
        self.head = nn.Linear(16, CLASSES)

    def train(self, mode=True):
        super().train(mode)
        self.body[1].eval()
        return self

    def forward(self, x):
        return self.head(self.body(x))


def batch_norm_kept_at_rest():
    return trained(FineTuned().train())


class LearnedRates(nn.Module):
    """Steps of an inner loop, with a rate for each weight."""

    def __init__(self):
        super().__init__()
        self.net = nn.Linear(8, CLASSES)
        rates = [torch.full_like(p, 0.05) for p in self.net.parameters()]
        self.rates = nn.ParameterList(nn.Parameter(rate) for rate in rates)

    def forward(self, x):
        return self.net(x)


def inner_loop(move):
    """`move` is what the learned rate of a weight makes of its gradient."""
    model = LearnedRates()
    optimizer = sgd(model)

    def step(x, y):
        weights = list(model.net.parameters())
        inner = F.cross_entropy(model(x[:8]), y[:8])
        gradients = torch.autograd.grad(inner, weights, create_graph=True)
        moved = [w - move(r, g) for w, r, g in zip(weights, model.rates, gradients, strict=True)]
        loss = F.cross_entropy(F.linear(x[8:], *moved), y[8:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def rates_that_are_learned():
    return inner_loop(lambda rate, gradient: rate * gradient)


def copy_of_the_model_in_the_step():
    """As a teacher of the next epoch, or the fast weights of an inner loop."""
    model = mlp()
    optimizer = sgd(model)

    def step(x, y):
        teacher = copy.deepcopy(model).eval()
        with torch.no_grad():
            taught = teacher(x).softmax(-1)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y) + 0.1 * F.cross_entropy(model(x), taught)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


class Speech(nn.Module):
    def __init__(self):
        super().__init__()
        self.net, self.head = nn.GRU(4, 16, batch_first=True), nn.Linear(16, 6)

    def forward(self, x):
        return self.head(self.net(x)[0]).log_softmax(-1)


def ctc():
    x, y = torch.randn(6, 10, 4), torch.randint(1, 6, (6, 3))
    lengths = torch.full((6,), 10), torch.full((6,), 3)
    loss = lambda out, y: F.ctc_loss(out.transpose(0, 1), y, *lengths)  # noqa: E731
    return trained(Speech(), x=x, y=y, loss=loss)


def value_of_one_and_gradient_of_another():
    """A surrogate gives the gradient, the loss that is told is the true one."""

    def loss(out, y):
        surrogate = F.cross_entropy(out, y)
        wrong = (out.argmax(-1) != y).float().mean()
        return wrong + (surrogate - surrogate.detach())

    return trained(mlp(), loss=loss)


def bootstrapped_target_of_one_sample():
    """The difference to a target of the model's own, as in temporal difference learning."""
    model = mlp(outputs=1)
    optimizer = sgd(model)

    def step(x, y):
        target = y.float().sum() + 0.9 * model(x[1:2]).detach()
        optimizer.zero_grad()
        loss = (model(x[:1]) - target).square().mean()
        loss.backward()
        optimizer.step()
        return loss

    x, y = batch()
    return model, x, y, {"step": step}


def total_for_the_log():
    model = mlp()
    optimizer = sgd(model)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        total = loss + sum(p.detach().square().sum() for p in model.parameters())
        loss.backward()
        optimizer.step()
        return total.item() - total.item() + loss.item()

    return model, *batch(), {"step": step}


def distances_of_all_pairs():
    """Of outputs and targets, by broadcasting and by their squares and products."""
    wanted = torch.arange(16)

    def loss(out, y):
        apart = (out[:, None] - y).square().sum(-1)
        squares = out.square().sum(1, keepdim=True) + y.square().sum(1) - 2 * out @ y.t()
        return F.cross_entropy(-apart, wanted) + F.cross_entropy(-squares, wanted)

    return trained(mlp(outputs=3), y=torch.randn(16, 3), loss=loss)


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean, self.value = nn.Linear(8, 2), mlp(outputs=1)

    def forward(self, x):
        return torch.distributions.Normal(self.mean(x), 1.0), self.value(x)


def density_of_the_samples():
    """Which gives a gradient to what they were drawn from, and samples without one."""
    model = Policy()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        policy, value = model(x)
        action = policy.sample()
        reward = -(action - y[:, None]).square().sum(1)
        gain = reward - value[:, 0]
        loss = gain.square().mean() - (policy.log_prob(action).sum(1) * gain.detach()).mean()
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def retrieval_both_ways():
    """A softmax over the texts of an image, and one over the images of a text."""
    wanted = F.one_hot(torch.arange(16) % CLASSES, CLASSES).float()

    def loss(out, y):
        by_row = (wanted * out.log_softmax(1)).sum(1).mean()
        return -by_row - (wanted * out.log_softmax(0)).sum(0).mean() / 16

    return trained(mlp(), loss=loss)


def updates_left_out_while_the_weights_are_new():
    """As where gradients above a limit are not used."""
    model = mlp()
    optimizer, calls = sgd(model), 0

    def step(x, y):
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        if calls > 2:
            optimizer.step()
        return loss

    return model, *batch(), {"step": step}


GENERATOR = torch.Generator().manual_seed(3)


class Augmenting:
    """Draws in a helper of the step, from a generator of the module's."""

    def __init__(self):
        self.model = mlp()
        self.optimizer = sgd(self.model)

    def augmented(self, x):
        return x + 0.1 * torch.randn(x.shape, generator=GENERATOR)

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(self.augmented(x)), y)
        loss.backward()
        self.optimizer.step()
        return loss


def noise_drawn_in_a_helper_method():
    trainer = Augmenting()
    return trainer.model, *batch(), {"step": trainer.step}


SOUND = [
    noise_drawn_in_a_helper_method,
    updates_left_out_while_the_weights_are_new,
    retrieval_both_ways,
    density_of_the_samples,
    distances_of_all_pairs,
    bootstrapped_target_of_one_sample,
    total_for_the_log,
    value_of_one_and_gradient_of_another,
    batch_norm_kept_at_rest,
    batch_norm_with_a_small_momentum,
    copy_of_the_model_in_the_step,
    ctc,
    noise_of_a_generator_in_the_closure,
    rates_that_are_learned,
    training_flag_in_the_call,
]
