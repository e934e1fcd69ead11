"""Sound torch loops: odd orders, several models, weights that more than the optimizer moves."""

import copy

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

from .torch_losses import CLASSES, batch, mlp


def stepper(model, optimizer=None, loss=F.cross_entropy, before=None, after=None, clip=None):
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(x, y):
        if before:
            before()
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        if clip:
            clip()
        optimizer.step()
        if after:
            after()
        return value

    return step


def with_rate(model, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    return model, *batch(), {"step": stepper(model, optimizer, after=schedule.step)}


def warm_up_from_zero():
    return with_rate(mlp(), lambda step: min(1.0, step / 5))


def cyclic_rate():
    return with_rate(mlp(), lambda step: 1 + (step % 4))


def decaying_rate():
    return with_rate(mlp(), lambda step: 0.8**step)


def distillation():
    teacher, model = mlp(hidden=32).eval(), mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(x, y):
        with torch.no_grad():
            wanted = teacher(x).softmax(-1)
        optimizer.zero_grad()
        out = model(x)
        loss = F.kl_div(out.log_softmax(-1), wanted, reduction="batchmean")
        loss = loss + 0.1 * F.cross_entropy(out, y)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def target_network():
    """A value network chases a slowly moving copy of itself."""
    model = mlp(4)
    target = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step(state, reward):
        with torch.no_grad():
            wanted = reward + 0.5 * target(state.roll(1, 0)).max(-1).values
        optimizer.zero_grad()
        loss = F.smooth_l1_loss(model(state)[:, 0], wanted)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(target.parameters(), model.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
        return loss

    return model, batch()[0], torch.randn(16), {"step": step}


def averaged_weights_evaluated():
    model = mlp()
    average = torch.optim.swa_utils.AveragedModel(model)
    inner = stepper(model)

    def step(x, y):
        loss = inner(x, y)
        average.update_parameters(model)
        average.eval()
        with torch.no_grad():
            average(x)
        return loss

    return model, *batch(), {"step": step}


def several_forward_passes():
    """The mean over passes with dropout of their own."""
    model = nn.Sequential(mlp(16), nn.Dropout(0.5), nn.Linear(16, CLASSES))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(x, y):
        optimizer.zero_grad()
        loss = sum(F.cross_entropy(model(x), y) for _ in range(3)) / 3
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def augmented_inside():
    model = mlp()
    inner = stepper(model)

    def step(x, y):
        return inner(x + 0.1 * torch.randn_like(x), y)

    return model, *batch(), {"step": step}


def batch_changed_in_place():
    model = mlp()
    inner = stepper(model)

    def step(x, y):
        return inner(x.mul_(0.5).sub_(0.1), y)

    return model, *batch(), {"step": step}


def adversarial_inputs():
    """Inputs moved along their own gradient, then trained on."""
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(x, y):
        x = x.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(F.cross_entropy(model(x), y), x)
        optimizer.zero_grad()
        loss = F.cross_entropy(model((x + 0.05 * gradient.sign()).detach()), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def moved_against_the_gradient():
    """The gradient of the inputs is a number on purpose: it only says where they are moved."""
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(x, y):
        x = x.detach().clone().requires_grad_()
        out = model(x)
        (gradient,) = torch.autograd.grad(F.cross_entropy(out, y), x, retain_graph=True)
        optimizer.zero_grad()
        loss = F.cross_entropy(out, y) + F.mse_loss(model(x + gradient), out.detach())
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def gradients_clamped():
    """And their size is looked at, without an effect on them."""
    model, sizes = mlp(), []

    def clamp():
        for p in model.parameters():
            sizes.append(float(p.grad.clamp(min=0).mean()))
            p.grad.data.clamp_(-0.1, 0.1)

    return model, *batch(), {"step": stepper(model, clip=clamp)}


def gradient_penalty():
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step(x, y):
        x = x.clone().requires_grad_()
        out = model(x)
        (gradient,) = torch.autograd.grad(out.sum(), x, create_graph=True)
        optimizer.zero_grad()
        loss = F.cross_entropy(out, y) + 0.1 * gradient.square().sum(-1).mean()
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def sharpness_aware():
    """Two backward passes and weights moved by hand in between."""
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        moves = [0.05 * p.grad / (p.grad.norm() + 1e-12) for p in model.parameters()]
        with torch.no_grad():
            for p, move in zip(model.parameters(), moves, strict=True):
                p.add_(move)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            for p, move in zip(model.parameters(), moves, strict=True):
                p.sub_(move)
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def weights_clamped():
    """A critic whose weights are kept small after each update."""
    model = mlp(1)

    def clamp():
        with torch.no_grad():
            for p in model.parameters():
                p.clamp_(-0.2, 0.2)

    loss = lambda out, y: F.mse_loss(out, y)  # noqa: E731
    x, _ = batch()
    step = stepper(model, loss=loss, after=clamp)
    return model, x, 0.3 * torch.randn(16, 1), {"step": step}


def weights_normalised_first():
    model = mlp()

    def normalise():
        with torch.no_grad():
            model[0].weight.copy_(F.normalize(model[0].weight, dim=-1))

    return model, *batch(), {"step": stepper(model, before=normalise)}


def gradient_noise():
    model = mlp()
    for p in model.parameters():
        p.register_hook(lambda g: g + 1e-3 * torch.randn_like(g))
    return model, *batch(), {"step": stepper(model)}


def two_optimizers_one_loss():
    model = mlp()
    first = torch.optim.SGD(model[0].parameters(), lr=0.1)
    second = torch.optim.Adam(model[2].parameters(), lr=1e-2)

    def step(x, y):
        first.zero_grad()
        second.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        first.step()
        second.step()
        return loss

    return model, *batch(), {"step": step}


def frozen_group_given_too():
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    return model, *batch(), {"step": stepper(model, optimizer)}


def alternating_parts():
    """One part is trained in even steps, the other in odd ones."""
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    calls = 0

    def step(x, y):
        nonlocal calls
        model[0].requires_grad_(calls % 2 == 0)
        model[2].requires_grad_(calls % 2 == 1)
        calls += 1
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def layer_by_layer():
    """Local losses: each layer is trained on a readout of its own, cut off from the next."""

    class Local(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(8, 12), nn.Linear(12, 12)])
            self.readouts = nn.ModuleList([nn.Linear(12, CLASSES), nn.Linear(12, CLASSES)])

        def forward(self, x):
            outputs = []
            for layer, readout in zip(self.layers, self.readouts, strict=True):
                x = torch.tanh(layer(x.detach()))
                outputs.append(readout(x))
            return outputs

    model = Local()
    loss = lambda outs, y: sum(F.cross_entropy(out, y) for out in outs)  # noqa: E731
    return model, *batch(), {"step": stepper(model, loss=loss)}


def wasserstein_gan():
    class Gan(nn.Module):
        def __init__(self):
            super().__init__()
            self.generator, self.critic = mlp(8, features=4), mlp(1)

    model = Gan()
    generating = torch.optim.RMSprop(model.generator.parameters(), lr=1e-3)
    judging = torch.optim.RMSprop(model.critic.parameters(), lr=1e-3)

    def step(real):
        for _ in range(2):
            judging.zero_grad()
            fake = model.generator(torch.randn(len(real), 4)).detach()
            distance = model.critic(fake).mean() - model.critic(real).mean()
            distance.backward()
            judging.step()
        for p in model.critic.parameters():
            p.requires_grad_(False)
        generating.zero_grad()
        loss = -model.critic(model.generator(torch.randn(len(real), 4))).mean()
        loss.backward()
        generating.step()
        for p in model.critic.parameters():
            p.requires_grad_(True)
        return loss

    return model, batch()[0], None, {"step": step}


def spectral_norm():
    model = nn.Sequential(parametrizations.spectral_norm(nn.Linear(8, 16)), nn.Tanh())
    model.append(nn.Linear(16, CLASSES))
    return model, *batch(), {"loss": "cross_entropy"}


def weight_norm():
    model = nn.Sequential(parametrizations.weight_norm(nn.Linear(8, 16)), nn.Tanh())
    model.append(nn.Linear(16, CLASSES))
    return model, *batch(), {"loss": "cross_entropy"}


def double_precision():
    model = mlp().double()
    x, y = batch()
    return model, x.double(), y, {"loss": "cross_entropy"}


def closure_of_an_ordinary_optimizer():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(x, y):
        def closure():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            return loss

        return optimizer.step(closure)

    return model, *batch(), {"step": step}


SOUND = [
    adversarial_inputs,
    gradients_clamped,
    moved_against_the_gradient,
    alternating_parts,
    augmented_inside,
    averaged_weights_evaluated,
    batch_changed_in_place,
    closure_of_an_ordinary_optimizer,
    cyclic_rate,
    decaying_rate,
    distillation,
    double_precision,
    frozen_group_given_too,
    gradient_noise,
    gradient_penalty,
    layer_by_layer,
    several_forward_passes,
    sharpness_aware,
    spectral_norm,
    target_network,
    two_optimizers_one_loss,
    warm_up_from_zero,
    wasserstein_gan,
    weight_norm,
    weights_clamped,
    weights_normalised_first,
]
