"""Sound torch models whose weights are not plain dense parameters of the model."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, prune

from .torch_steps import CLASSES, batch, mlp, sgd, trained


def sparse_adam():
    model = nn.Sequential(nn.EmbeddingBag(11, 6, sparse=True), nn.Linear(6, CLASSES))
    optimizers = [
        torch.optim.SparseAdam(model[0].parameters(), lr=1e-2),
        torch.optim.Adam(model[1].parameters(), lr=1e-2),
    ]

    def step(x, y):
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        return loss

    return model, torch.randint(0, 11, (16, 5)), batch()[1], {"step": step}


def weight_normalised():
    model = mlp()
    parametrizations.weight_norm(model[0])
    return trained(model)


def spectrally_normalised():
    model = mlp()
    parametrizations.spectral_norm(model[0])
    return trained(model)


def orthogonal():
    model = mlp()
    parametrizations.orthogonal(model[0])
    return trained(model)


def pruned():
    model = mlp()
    prune.l1_unstructured(model[0], "weight", 0.5)
    return trained(model)


class Complex(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(0.3 * torch.randn(8, CLASSES, dtype=torch.complex64))

    def forward(self, x):
        return (x.to(torch.complex64) @ self.weight).abs()


def complex_weights():
    return trained(Complex())


def fake_quantised():
    """Quantisation-aware training: buffers change in the forward pass."""

    class Quantised(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp()
            self.register_buffer("largest", torch.zeros(()))

        def forward(self, x):
            if self.training:
                self.largest.copy_(torch.maximum(self.largest, x.detach().abs().max()))
            x = torch.fake_quantize_per_tensor_affine(x, 0.05, 0, -128, 127)
            return self.net(x)

    return trained(Quantised())


class LazyConvolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d()
        self.head = nn.LazyLinear(CLASSES)

    def forward(self, x):
        return self.head(torch.relu(self.norm(self.conv(x))).flatten(1))


def lazy_layers():
    return LazyConvolution(), torch.randn(8, 3, 6, 6), batch(8)[1], {"loss": "cross_entropy"}


def functional_call():
    """torch.func: the model is called with weights of its own."""
    model = mlp()
    parameters = dict(model.named_parameters())
    optimizer = sgd(model)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(torch.func.functional_call(model, parameters, (x,)), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


SOUND = [
    sparse_adam,
    weight_normalised,
    spectrally_normalised,
    orthogonal,
    pruned,
    complex_weights,
    fake_quantised,
    lazy_layers,
    functional_call,
]
