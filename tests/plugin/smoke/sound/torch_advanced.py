"""Sound advanced torch training: torch.func, momentum encoders, queues, inner loops, estimates."""

import copy
import itertools

import torch
from torch import nn
from torch.func import functional_call, grad_and_value, vmap
from torch.nn import functional as F

from .torch_loops import stepper
from .torch_losses import batch, mlp


def losses_by_torch_func(model):
    def loss_of(weights, x, y):
        return F.cross_entropy(functional_call(model, weights, (x,)), y)

    return loss_of


def updated_by_hand_from_torch_func():
    model = mlp()

    def step(x, y):
        weights = {name: p.detach() for name, p in model.named_parameters()}
        gradients, loss = grad_and_value(losses_by_torch_func(model))(weights, x, y)
        with torch.no_grad():
            for name, p in model.named_parameters():
                p -= 0.1 * gradients[name]
        return loss

    return model, *batch(), {"step": step}


def clipped_sample_by_sample():
    """Gradients of each sample by vmap, as in differentially private training."""
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def of_sample(weights, x, y):
        return losses_by_torch_func(model)(weights, x[None], y[None])

    def step(x, y):
        weights = {name: p.detach() for name, p in model.named_parameters()}
        gradients, losses = vmap(grad_and_value(of_sample), (None, 0, 0))(weights, x, y)
        for name, p in model.named_parameters():
            each = gradients[name].flatten(1)
            factor = (1 / each.norm(dim=1).clamp(min=1e-6)).clamp(max=1)
            p.grad = (each * factor[:, None]).mean(0).reshape(p.shape)
        optimizer.step()
        return losses.mean()

    return model, *batch(), {"step": step}


def gradients_estimated_without_a_backward_pass():
    """Evolution strategies: the gradient is estimated from losses at weights near by."""
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

    @torch.no_grad()
    def step(x, y):
        weights = {name: p.clone() for name, p in model.named_parameters()}
        loss_of, total = losses_by_torch_func(model), dict.fromkeys(weights, 0.0)
        for _ in range(20):
            noise = {name: 0.01 * torch.randn_like(p) for name, p in weights.items()}
            up = loss_of({n: p + noise[n] for n, p in weights.items()}, x, y)
            down = loss_of({n: p - noise[n] for n, p in weights.items()}, x, y)
            total = {n: total[n] + (up - down) * noise[n] / 4e-3 for n in weights}
        for name, p in model.named_parameters():
            p.grad = total[name]
        optimizer.step()
        return loss_of(weights, x, y)

    return model, *batch(), {"step": step}


class MomentumEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.online, self.predictor = nn.Linear(8, 8), nn.Linear(8, 8)
        self.target = copy.deepcopy(self.online).requires_grad_(False)

    def forward(self, a, b):
        with torch.no_grad():
            aim = self.target(b)
        return F.mse_loss(self.predictor(self.online(a).relu()), aim)

    @torch.no_grad()
    def follow(self):
        for p, q in zip(self.online.parameters(), self.target.parameters(), strict=True):
            q.lerp_(p, 0.1)


def momentum_encoder_in_the_model():
    """Frozen, and moved by the step itself, after each update of the rest."""
    model = MomentumEncoder()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

    def step(x):
        loss = model(x + 0.1 * torch.randn_like(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.follow()
        return loss

    return model, batch()[0], None, {"step": step}


def queue_of_negatives():
    """The loss rises while the queue of random vectors fills with keys like the queries."""
    query, key = mlp(), mlp()
    optimizer = torch.optim.SGD(query.parameters(), lr=0.03)
    kept = {"queue": F.normalize(torch.randn(64, query(batch()[0]).shape[1]), dim=1)}

    def step(x):
        q = F.normalize(query(x), dim=1)
        with torch.no_grad():
            for p, slow in zip(query.parameters(), key.parameters(), strict=True):
                slow.lerp_(p, 0.05)
            k = F.normalize(key(x), dim=1)
        logits = torch.cat([(q * k).sum(1, keepdim=True), q @ kept["queue"].T], 1) / 0.2
        loss = F.cross_entropy(logits, torch.zeros(len(x), dtype=torch.long))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        kept["queue"] = torch.cat([kept["queue"], k])[-64:]
        return loss

    return query, batch()[0], None, {"step": step}


def unfrozen_in_the_third_step():
    model, steps = mlp(), itertools.count(1)
    body, head = next(iter(model.children())), list(model.children())[-1]
    body.requires_grad_(False)
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-2)

    def unfreeze():
        if next(steps) == 3:
            body.requires_grad_(True)
            optimizer.add_param_group({"params": list(body.parameters()), "lr": 1e-3})

    return model, *batch(), {"step": stepper(model, optimizer, before=unfreeze)}


def warmed_up_by_a_counter():
    """What `next(counter)` gives decides how much of a term counts."""
    model, steps = mlp(), itertools.count()

    def loss(output, y):
        weight = min(1.0, next(steps) / 10)
        return F.cross_entropy(output, y) + weight * output.square().mean()

    return model, *batch(), {"step": stepper(model, loss=loss)}


def targets_broadcast_on_purpose():
    """One value for all samples, and all pairs by axes of 1: nothing is mixed by mistake."""
    model = mlp()

    def loss(output, y):
        aims = torch.linspace(0, 1, output.shape[1])
        distances = F.l1_loss(output[:, None, 0], output[None, :, 1], reduction="none")
        return F.mse_loss(output, aims.expand_as(output)) + distances.mean()

    return model, *batch(), {"step": stepper(model, loss=loss)}


def critic_of_which_batches_are_made_without_gradients():
    generator, critic = nn.Linear(4, 8), nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
    of_generator = torch.optim.Adam(generator.parameters(), lr=1e-3)
    of_critic = torch.optim.Adam(critic.parameters(), lr=1e-3)

    def step(real):
        for _ in range(3):
            with torch.no_grad():
                fake = generator(torch.randn(len(real), 4))
            loss = critic(fake).mean() - critic(real).mean()
            of_critic.zero_grad()
            loss.backward()
            of_critic.step()
        of_generator.zero_grad()
        (-critic(generator(torch.randn(len(real), 4))).mean()).backward()
        of_generator.step()
        return loss

    return (generator, critic), batch()[0], None, {"step": step}


SOUND = [
    clipped_sample_by_sample,
    critic_of_which_batches_are_made_without_gradients,
    gradients_estimated_without_a_backward_pass,
    momentum_encoder_in_the_model,
    queue_of_negatives,
    targets_broadcast_on_purpose,
    unfrozen_in_the_third_step,
    updated_by_hand_from_torch_func,
    warmed_up_by_a_counter,
]
