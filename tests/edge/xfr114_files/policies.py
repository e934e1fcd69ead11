import torch
from torch import nn


class Policy(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.net = nn.Linear(2 * size, 1)
        self.context = torch.zeros(size, requires_grad=True)
        self.scale = torch.ones(size, requires_grad=True)  # XFR114

    def forward(self, x):
        return self.net(torch.cat([x * self.scale, self.context]))
