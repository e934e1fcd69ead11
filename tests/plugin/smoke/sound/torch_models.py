"""Sound torch models: parts that rest, gates that start shut, state, many inputs and outputs."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils import checkpoint

from .torch_loops import stepper
from .torch_losses import CLASSES, batch, mlp


class Experts(nn.Module):
    """Each sample goes to one expert, so on a small batch some may get none."""

    def __init__(self, count=3):
        super().__init__()
        self.gate = nn.Linear(8, count)
        self.experts = nn.ModuleList(nn.Linear(8, CLASSES) for _ in range(count))

    def forward(self, x):
        weight, chosen = self.gate(x).softmax(-1).max(-1)
        out = x.new_zeros(len(x), CLASSES)
        for index, expert in enumerate(self.experts):
            rows = (chosen == index).nonzero()[:, 0]
            out = out.index_add(0, rows, weight[rows, None] * expert(x[rows]))
        return out


def mixture_of_experts():
    return Experts(), *batch(64), {"loss": "cross_entropy"}


class StochasticDepth(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x):
        for block in self.blocks:
            if not self.training or torch.rand(()) < 0.7:
                x = x + torch.tanh(block(x))
        return self.head(x)


def stochastic_depth():
    return StochasticDepth(), *batch(), {"loss": "cross_entropy"}


class Checkpointed(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = mlp(16), nn.Linear(16, CLASSES)

    def forward(self, x):
        return self.head(checkpoint.checkpoint(self.body, x, use_reentrant=False))


def gradient_checkpointing():
    return Checkpointed(), *batch(), {"loss": "cross_entropy"}


class Residual(nn.Module):
    """Blocks whose last layer starts at zero, and scales that start tiny."""

    def __init__(self):
        super().__init__()
        self.inner, self.outer = nn.Linear(8, 16), nn.Linear(16, 8)
        nn.init.zeros_(self.outer.weight)
        self.scale = nn.Parameter(1e-4 * torch.ones(8))
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.head(x + self.scale * self.outer(F.gelu(self.inner(x))) + self.scale * x)


def residual_starting_at_zero():
    return Residual(), *batch(), {"loss": "cross_entropy"}


def head_starting_at_zero():
    model = mlp()
    nn.init.zeros_(model[2].weight)
    nn.init.zeros_(model[2].bias)
    return model, *batch(), {"loss": "cross_entropy"}


class Modulated(nn.Module):
    """A condition scales and shifts features, by a layer that starts at zero."""

    def __init__(self):
        super().__init__()
        self.body, self.modulation = nn.Linear(8, 8), nn.Linear(4, 16)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x, condition):
        scale, shift = self.modulation(condition).chunk(2, -1)
        return self.head((1 + scale) * torch.tanh(self.body(x)) + shift)


def conditioned():
    x, y = batch()
    return Modulated(), (x, torch.randn(16, 4)), y, {"loss": "cross_entropy"}


class Positional(nn.Module):
    """Position embeddings start at zero and are averaged over: they stay alike, soundly."""

    def __init__(self):
        super().__init__()
        self.position = nn.Parameter(torch.zeros(5, 8))
        self.body, self.head = nn.Linear(8, 8), nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.head(self.body(x + self.position).mean(1))


def positions_starting_at_zero():
    _, y = batch()
    return Positional(), torch.randn(16, 5, 8), y, {"loss": "cross_entropy"}


class Stateful(nn.Module):
    """The hidden state goes on to the next batch, without its graph."""

    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(4, 6, batch_first=True), nn.Linear(6, CLASSES)
        self.register_buffer("state", torch.zeros(1, 8, 6))

    def forward(self, x):
        hidden, state = self.rnn(x, self.state)
        if self.training:
            self.state = state.detach()
        return self.head(hidden[:, -1])


def stateful_recurrent():
    return Stateful(), torch.randn(8, 5, 4), batch(8)[1], {"loss": "cross_entropy"}


class RunningMean(nn.Module):
    """A buffer that is put in anew each time."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(8))
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
        return self.head(x - self.mean)


def buffer_put_in_anew():
    return RunningMean(), *batch(), {"loss": "cross_entropy"}


class Perceptual(nn.Module):
    """A fixed network of its own, kept out of the parameters on purpose."""

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(8, 8), nn.Linear(8, CLASSES)
        self.fixed = [nn.Linear(8, 8).requires_grad_(False)]

    def forward(self, x):
        return self.head(torch.tanh(self.fixed[0](self.body(x))))


def fixed_part_in_a_list():
    return Perceptual(), *batch(), {"loss": "cross_entropy"}


class Auxiliary(nn.Module):
    """A second output in training mode only."""

    def __init__(self):
        super().__init__()
        self.body, self.head, self.aux = mlp(16), nn.Linear(16, CLASSES), nn.Linear(16, CLASSES)

    def forward(self, x):
        hidden = self.body(x)
        return (self.head(hidden), self.aux(hidden)) if self.training else self.head(hidden)


def auxiliary_head():
    model = Auxiliary()
    loss = lambda out, y: F.cross_entropy(out[0], y) + 0.3 * F.cross_entropy(out[1], y)  # noqa: E731
    return model, *batch(), {"step": stepper(model, loss=loss)}


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = mlp(4)

    def forward(self, left, right):
        return (self.encoder(left) - self.encoder(right)).square().sum(-1)


def siamese():
    def loss(distance, same):
        return torch.where(same > 0, distance, F.relu(1 - distance)).mean()

    x, y = batch()
    return Siamese(), (x, torch.randn(16, 8)), (y > 0).float(), {"loss": loss}


def embedding_of_padded_tokens():
    model = nn.Sequential(nn.Embedding(11, 6, padding_idx=0), nn.Flatten(), nn.Linear(30, CLASSES))
    tokens = torch.randint(1, 11, (16, 5))
    tokens[:, 3:] = 0
    return model, tokens, batch()[1], {"loss": "cross_entropy"}


def bag_of_embeddings():
    model = nn.Sequential(nn.EmbeddingBag(50, 6), nn.Linear(6, CLASSES))
    return model, torch.randint(0, 50, (16, 5)), batch()[1], {"loss": "cross_entropy"}


def other_norms():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.GroupNorm(2, 4),
        nn.ReLU(),
        nn.Conv2d(4, 4, 3, padding=1),
        nn.InstanceNorm2d(4, affine=True),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.LayerNorm(16),
        nn.Linear(16, CLASSES),
    )
    return model, torch.randn(4, 3, 8, 8), batch(4)[1], {"loss": "cross_entropy"}


def averaging_filter():
    """A depthwise filter that starts as a blur, and learns from there."""
    blur = nn.Conv2d(3, 3, 3, padding=1, groups=3, bias=False)
    nn.init.constant_(blur.weight, 1 / 9)
    model = nn.Sequential(blur, nn.ReLU(), nn.Flatten(), nn.Linear(192, CLASSES))
    return model, torch.randn(8, 3, 8, 8), batch(8)[1], {"loss": "cross_entropy"}


def autoencoder_with_tied_weights():
    class TiedAutoencoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.bias = (
                nn.Parameter(0.3 * torch.randn(4, 8)),
                nn.Parameter(torch.zeros(8)),
            )

        def forward(self, x):
            return F.linear(torch.tanh(F.linear(x, self.weight)), self.weight.t(), self.bias)

    x, _ = batch()
    return TiedAutoencoder(), x, x, {"loss": "mse"}


def similarity_to_prototypes():
    """Cosines between 0 and 1, without a temperature: poor, not wrong."""

    class Prototypes(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Linear(8, 16)
            self.prototypes = nn.Parameter(torch.rand(CLASSES, 16))

        def forward(self, x):
            return (
                F.normalize(self.body(x).relu() + 1e-3, dim=-1)
                @ F.normalize(self.prototypes.abs(), dim=-1).t()
            )

    return Prototypes(), *batch(), {"loss": "cross_entropy"}


SOUND = [
    autoencoder_with_tied_weights,
    auxiliary_head,
    averaging_filter,
    bag_of_embeddings,
    buffer_put_in_anew,
    conditioned,
    embedding_of_padded_tokens,
    fixed_part_in_a_list,
    gradient_checkpointing,
    head_starting_at_zero,
    mixture_of_experts,
    other_norms,
    positions_starting_at_zero,
    residual_starting_at_zero,
    siamese,
    similarity_to_prototypes,
    stateful_recurrent,
    stochastic_depth,
]
