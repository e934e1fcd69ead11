import torch
from torch import nn
from torch.nn.utils import spectral_norm, weight_norm


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = spectral_norm(nn.Conv2d(3, 8, 3))
        self.blocks = nn.ModuleList([weight_norm(nn.Linear(8, 8)) for _ in range(2)])
        self.gate = make_gate(8)
        self.plain = nn.Linear(8, 1)

    def forward(self, x):
        x = self.first.forward(x).mean((2, 3))  # XFR110
        x = x * self.gate.forward(x)  # XFR110
        return self.plain(x)


def make_gate(width):
    return nn.utils.weight_norm(nn.Linear(width, width))


class Probe:
    def __init__(self, model):
        self.model = model
        self.seen = []
        self.model.register_forward_hook(self.keep)

    def keep(self, module, inputs, output):
        self.seen.append(output)

    def run(self, x):
        return self.model.forward(x)  # XFR110


def features(net, x):
    kept = []
    handle = net.register_forward_pre_hook(lambda module, inputs: kept.append(inputs))
    net.forward(x)  # XFR110
    handle.remove()
    return kept


norm = spectral_norm(nn.Linear(4, 4))
out = norm.forward(torch.ones(2, 4))  # XFR110


# -- hooks that run, and no hooks ------------------------------------------------------------------


class Called(Critic):
    def forward(self, x):
        self.first(x)
        Critic.forward(self, x)
        return super().forward(x)

    def step(self, x):
        return self.forward(x)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * x


class Cursor:
    def forward(self, steps):
        return steps


cursor = Cursor()
cursor.forward(3)
Square.forward(None, torch.ones(1))
probe = nn.Linear(4, 4)
probe.register_forward_hook(print)
probe(torch.ones(1, 4))


def another_functions_module(net):
    net.register_forward_hook(print)


def of_the_same_name(net, x):
    return net.forward(x)
