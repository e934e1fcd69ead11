import math

import torch
from torch import nn


class Normalize(nn.Module):
    def __init__(self, size, width):
        super().__init__()
        self.mean = torch.tensor([0.5, 0.4, 0.3])  # XFR905
        self.std = torch.tensor([0.2, 0.2, 0.2]).view(1, 3, 1, 1)  # XFR905
        self.positions = torch.arange(size).unsqueeze(0).float()  # XFR905
        self.mask = torch.ones(size, size) * -1e9  # XFR905
        grid = torch.linspace(0, 1, width)  # XFR905
        self.grid = grid
        self.table = torch.zeros(8)  # XFR905
        self.table[0] = 1.0

    def forward(self, x):
        x = (x - self.mean) / self.std + self.positions[: x.shape[0]]
        return x * self.grid + self.mask + self.table


class Derived(Normalize):
    def __init__(self):
        super().__init__(4, 4)
        self.scale = torch.FloatTensor([1.0, 2.0])  # XFR905

    def forward(self, x):
        return super().forward(x) * self.scale


# -- moved, registered, or no constant of the forward pass -----------------------------------------


class Moved(nn.Module):
    def __init__(self, size, device):
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.std = torch.ones(size)
        self.here = torch.ones(size, device=device)
        self.there = torch.ones(size).to(device)
        self.number = torch.tensor(math.pi)
        self.half = torch.tensor(0.5)
        self.unused = torch.ones(size)
        self.weight = nn.Parameter(torch.ones(size))
        self.count = torch.zeros(size).numpy()
        self.state = torch.zeros(size)
        self.list = [torch.ones(size)]

    def forward(self, x):
        self.state = x
        x = (x - self.mean) / self.std.to(x.device) * self.weight
        return x * self.here + self.there + self.half + self.count


class Plain:
    def __init__(self):
        self.mean = torch.tensor([0.5, 0.4])

    def __call__(self, x):
        return x - self.mean
