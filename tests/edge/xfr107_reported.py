"""Shapes in which parameters that nobody finds were reported, each with its fixed twin."""

import torch
from torch import nn

# -- as reported in pytorch/pytorch#632: parameters and layers by relation -------------------------


class Relations(nn.Module):
    def __init__(self, numfeatures, numrel):
        super().__init__()
        self.waggrs = {}  # XFR107
        self.list_relations = {}  # XFR107
        for rel in range(10):
            self.waggrs[rel] = {
                "w": nn.Parameter(1.0 + torch.randn(1, 2)),
                "b": nn.Parameter(torch.zeros(1, 4)),
            }
            self.list_relations[rel] = nn.Linear(numfeatures, numrel)

    def forward(self, x, rel):
        return self.list_relations[rel](x) * self.waggrs[rel]["w"].sum() + self.waggrs[rel]["b"]


class RelationsFixed(nn.Module):
    def __init__(self, numfeatures, numrel):
        super().__init__()
        self.weights = nn.ParameterDict()
        self.list_relations = nn.ModuleDict()
        for rel in range(10):
            self.weights[str(rel)] = nn.Parameter(1.0 + torch.randn(1, 2))
            self.list_relations[str(rel)] = nn.Linear(numfeatures, numrel)

    def forward(self, x, rel):
        return self.list_relations[str(rel)](x) * self.weights[str(rel)].sum()
