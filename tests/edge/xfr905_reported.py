"""Shapes in which a constant left on the CPU was reported, each with its fixed twin."""

import math

import torch
from torch import nn

# -- as reported in Lightning-AI/pytorch-lightning#3674 and pytorch/audio#457 --------------------------


class TimeStretch(nn.Module):
    def __init__(self, hop_length, n_freq=201):
        super().__init__()
        self.scale = nn.Linear(n_freq, n_freq)
        self.phase_advance = torch.linspace(0, math.pi * hop_length, n_freq)  # XFR905

    def forward(self, x):
        return self.scale(x) * self.phase_advance


class TimeStretchFixed(nn.Module):
    def __init__(self, hop_length, n_freq=201):
        super().__init__()
        self.scale = nn.Linear(n_freq, n_freq)
        self.register_buffer("phase_advance", torch.linspace(0, math.pi * hop_length, n_freq))

    def forward(self, x):
        return self.scale(x) * self.phase_advance
