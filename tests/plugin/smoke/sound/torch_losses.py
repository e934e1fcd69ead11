"""Sound losses in torch: tiny, huge, negative, of pairs of samples, masked, sampled."""

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 3


def batch(samples=16, features=8):
    return torch.randn(samples, features), torch.randint(0, CLASSES, (samples,))


def mlp(outputs=CLASSES, hidden=16, features=8):
    return nn.Sequential(nn.Linear(features, hidden), nn.Tanh(), nn.Linear(hidden, outputs))


def stepper(model, loss, lr=0.05, optimizer=torch.optim.SGD):
    optimizer = optimizer(model.parameters(), lr=lr)

    def step(x, y):
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value

    return step


def tiny_loss():
    """A loss of 1e-6, as of activations in physical units."""
    x, _ = batch()
    loss = lambda out, y: 1e-6 * F.mse_loss(out, y)  # noqa: E731
    model = mlp(1)
    return model, x, torch.randn(16, 1), {"step": stepper(model, loss, 1e-3, torch.optim.Adam)}


def huge_loss():
    x, _ = batch()
    loss = lambda out, y: 1e6 * F.mse_loss(out, y)  # noqa: E731
    model = mlp(1)
    return model, x, torch.randn(16, 1), {"step": stepper(model, loss, 1e-3, torch.optim.Adam)}


def summed_loss():
    x, _ = batch()
    return mlp(1), x, torch.randn(16, 1), {"loss": nn.MSELoss(reduction="sum")}


class Gaussian(nn.Module):
    """Mean and log variance of each target."""

    def __init__(self):
        super().__init__()
        self.body, self.mean, self.spread = nn.Linear(8, 16), nn.Linear(16, 1), nn.Linear(16, 1)

    def forward(self, x):
        hidden = torch.tanh(self.body(x))
        return self.mean(hidden), self.spread(hidden)


def log_likelihood_below_zero():
    """The density of narrow data is above 1, so its negative logarithm goes below 0."""

    def loss(out, y):
        mean, spread = out
        return (0.5 * (y - mean) ** 2 / spread.exp() + 0.5 * spread).mean()

    x, _ = batch()
    return Gaussian(), x, 1e-2 * torch.randn(16, 1), {"loss": loss}


def gaussian_nll():
    loss = lambda out, y: F.gaussian_nll_loss(out[0], y, out[1].exp())  # noqa: E731
    x, _ = batch()
    return Gaussian(), x, torch.randn(16, 1), {"loss": loss}


def triplet():
    """Anchor, positive and negative come from one encoder."""
    model = mlp(4)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(triple):
        optimizer.zero_grad()
        loss = F.triplet_margin_loss(*(model(triple[:, part]) for part in range(3)), margin=1.0)
        loss.backward()
        optimizer.step()
        return loss

    return model, torch.randn(12, 3, 8), None, {"step": step}


def contrastive():
    """InfoNCE over two noisy views: each sample's loss depends on all the others."""
    model = mlp(4)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(x):
        optimizer.zero_grad()
        views = [F.normalize(model(x + 0.1 * torch.randn_like(x)), dim=-1) for _ in range(2)]
        loss = F.cross_entropy(views[0] @ views[1].t() / 0.2, torch.arange(len(x)))
        loss.backward()
        optimizer.step()
        return loss

    return model, batch()[0], None, {"step": step}


def supervised_contrastive():
    """Pairs of one class attract: a sample's target acts on all samples."""

    def loss(out, y):
        out = F.normalize(out, dim=-1)
        alike = (y[:, None] == y[None]).float()
        scores = (out @ out.t() / 0.5).fill_diagonal_(-1e4)
        return -(alike.fill_diagonal_(0) * scores.log_softmax(-1)).sum() / alike.sum().clamp(min=1)

    model = mlp(4)
    return model, *batch(), {"step": stepper(model, loss)}


def policy_gradient():
    """Its loss is log-probability times advantage: of any sign, and no measure of progress."""
    model = mlp(4)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(states, advantages):
        optimizer.zero_grad()
        policy = torch.distributions.Categorical(logits=model(states))
        loss = -(policy.log_prob(policy.sample()) * advantages).mean()
        loss.backward()
        optimizer.step()
        return loss

    return model, batch()[0], torch.randn(16), {"step": step}


def actor_critic():
    class ActorCritic(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.actor, self.critic = (
                nn.Linear(8, 16),
                nn.Linear(16, 4),
                nn.Linear(16, 1),
            )

        def forward(self, x):
            hidden = torch.tanh(self.body(x))
            return self.actor(hidden), self.critic(hidden).squeeze(-1)

    model = ActorCritic()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(states, returns):
        optimizer.zero_grad()
        logits, value = model(states)
        policy = torch.distributions.Categorical(logits=logits)
        advantage = (returns - value).detach()
        loss = -(policy.log_prob(policy.sample()) * advantage).mean()
        loss = loss + 0.5 * F.mse_loss(value, returns) - 0.01 * policy.entropy().mean()
        loss.backward()
        optimizer.step()
        return loss

    return model, batch()[0], torch.randn(16), {"step": step}


def masked_loss():
    """Positions of -100 count for nothing; some samples have no others."""
    target = torch.randint(0, CLASSES, (8, 5))
    target[torch.rand(8, 5) < 0.5] = -100
    target[0] = -100
    target[1, 0] = 0
    loss = lambda out, y: F.cross_entropy(out.transpose(1, 2), y)  # noqa: E731
    return mlp(), torch.randn(8, 5, 8), target, {"loss": loss}


def label_smoothing_and_class_weights():
    loss = nn.CrossEntropyLoss(weight=torch.tensor([0.1, 1.0, 5.0]), label_smoothing=0.2)
    return mlp(), *batch(), {"loss": loss}


def soft_targets():
    x, _ = batch()
    return mlp(), x, torch.randn(16, CLASSES).softmax(-1), {"loss": "cross_entropy"}


def sample_weights():
    def loss(out, y):
        weight = torch.linspace(0, 1, len(y))
        return (weight * F.cross_entropy(out, y, reduction="none")).mean()

    return mlp(), *batch(), {"loss": loss}


def focal():
    def loss(out, y):
        each = F.cross_entropy(out, y, reduction="none")
        return ((1 - (-each).exp()) ** 2 * each).mean()

    return mlp(), *batch(), {"loss": loss}


def dice():
    """Over the whole batch: not a mean over samples."""

    def loss(out, y):
        found = out.sigmoid()
        return 1 - (2 * (found * y).sum() + 1) / (found.sum() + y.sum() + 1)

    model = nn.Conv2d(3, 1, 3, padding=1)
    return model, torch.randn(4, 3, 6, 6), (torch.rand(4, 1, 6, 6) > 0.5).float(), {"loss": loss}


def kl_divergence():
    model = nn.Sequential(mlp(), nn.LogSoftmax(-1))
    x, _ = batch()
    return model, x, torch.randn(16, CLASSES).softmax(-1), {"loss": "kl_div"}


def quantile():
    def loss(out, y):
        error = y - out
        return torch.maximum(0.9 * error, -0.1 * error).mean()

    x, _ = batch()
    return mlp(1), x, torch.randn(16, 1), {"loss": loss}


def hinge():
    x, y = batch()
    loss = lambda out, y: F.relu(1 - y * out).mean()  # noqa: E731
    return mlp(1), x, (2 * (y > 0).float() - 1)[:, None], {"loss": loss}


def cosine():
    """From 1 for opposite vectors to -1 for equal ones."""
    x, _ = batch()
    loss = lambda out, y: -F.cosine_similarity(out, y).mean()  # noqa: E731
    return mlp(4), x, torch.randn(16, 4), {"loss": loss}


def ctc():
    def loss(out, y):
        lengths = torch.full((len(y),), out.shape[1])
        wanted = torch.full((len(y),), y.shape[1])
        return F.ctc_loss(out.log_softmax(-1).transpose(0, 1), y, lengths, wanted)

    return mlp(6), torch.randn(4, 10, 8), torch.randint(1, 6, (4, 3)), {"loss": loss}


def mixup():
    """Each sample's target is blended with another's."""
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(x, y):
        other, share = torch.randperm(len(x)), torch.rand(()) * 0.5 + 0.5
        optimizer.zero_grad()
        out = model(share * x + (1 - share) * x[other])
        loss = share * F.cross_entropy(out, y) + (1 - share) * F.cross_entropy(out, y[other])
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def multi_task():
    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.kind, self.size = mlp(16), nn.Linear(16, CLASSES), nn.Linear(16, 1)

        def forward(self, x):
            hidden = self.body(x)
            return {"kind": self.kind(hidden), "size": self.size(hidden)}

    def loss(out, y):
        return F.cross_entropy(out["kind"], y["kind"]) + 1e-3 * F.mse_loss(out["size"], y["size"])

    x, y = batch()
    return Heads(), x, {"kind": y, "size": torch.randn(16, 1)}, {"loss": loss}


def plateau():
    """Starts flat: a sigmoid far in saturation needs a while."""
    model = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
    nn.init.constant_(model[0].bias, 5.0)
    x, _ = batch()
    return model, x, 0.2 * torch.rand(16, 1), {"loss": "mse"}


def targets_unused():
    """A label travels with the batch, and reconstruction does not need it."""
    model = mlp(8)
    return model, *batch(), {"step": stepper_on_inputs(model)}


def stepper_on_inputs(model):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), x)
        loss.backward()
        optimizer.step()
        return loss

    return step


def next_token():
    """Outputs are compared with the targets one step on."""
    model = nn.Sequential(nn.Embedding(11, 6), nn.Linear(6, 11))
    loss = lambda out, y: F.cross_entropy(out[:, :-1].flatten(0, 1), y[:, 1:].flatten())  # noqa: E731
    tokens = torch.randint(0, 11, (6, 5))
    return model, tokens, tokens, {"step": stepper(model, loss)}


def next_token_batch_second():
    model = nn.Sequential(nn.Embedding(11, 6), nn.Linear(6, 11))
    loss = lambda out, y: F.cross_entropy(out[:-1].flatten(0, 1), y[1:].flatten())  # noqa: E731
    tokens = torch.randint(0, 11, (7, 4))
    return model, tokens, tokens, {"step": stepper(model, loss)}


def shuffled_together():
    model = mlp()
    inner = stepper(model, F.cross_entropy)

    def step(x, y):
        order = torch.randperm(len(x))
        return inner(x[order], y[order])

    return model, *batch(), {"step": step}


def some_samples_drawn():
    model = mlp()
    inner = stepper(model, F.cross_entropy)

    def step(x, y):
        chosen = torch.randint(0, len(x), (8,))
        return inner(x[chosen], y[chosen])

    return model, *batch(), {"step": step}


def hard_examples_only():
    """The loss of the worst half: the other targets do not count."""

    def loss(out, y):
        return F.cross_entropy(out, y, reduction="none").topk(8).values.mean()

    return mlp(), *batch(), {"loss": loss}


def permutation_free():
    """The cheaper of two assignments of outputs to targets."""

    def loss(out, y):
        straight = (out - y).square().mean((1, 2))
        swapped = (out - y.flip(1)).square().mean((1, 2))
        return torch.minimum(straight, swapped).mean()

    model = nn.Sequential(mlp(8), nn.Unflatten(-1, (2, 4)))
    return model, batch()[0], torch.randn(16, 2, 4), {"loss": loss}


class Prototypes(nn.Module):
    """Gives distances from the classes: the own one is to fall."""

    def __init__(self):
        super().__init__()
        self.embed, self.centres = mlp(8), nn.Parameter(torch.randn(4, 8))

    def forward(self, x):
        return torch.cdist(self.embed(x), self.centres)


def distances():
    return Prototypes(), *batch(), {"loss": lambda out, y: F.cross_entropy(-out, y)}


def margin_of_distances():
    def loss(out, y):
        own = out.gather(1, y[:, None])
        return (own - out.mean(1, keepdim=True)).mean()

    return Prototypes(), *batch(), {"loss": loss}


SOUND = [
    actor_critic,
    contrastive,
    cosine,
    ctc,
    dice,
    distances,
    focal,
    gaussian_nll,
    hard_examples_only,
    hinge,
    huge_loss,
    kl_divergence,
    label_smoothing_and_class_weights,
    log_likelihood_below_zero,
    margin_of_distances,
    masked_loss,
    mixup,
    multi_task,
    next_token,
    next_token_batch_second,
    permutation_free,
    plateau,
    policy_gradient,
    quantile,
    sample_weights,
    shuffled_together,
    soft_targets,
    some_samples_drawn,
    summed_loss,
    supervised_contrastive,
    targets_unused,
    tiny_loss,
    triplet,
]
