"""Shapes in which a loss of all pairs was reported, each with its fixed twin."""

import torch
import torch.nn.functional as F
from torch import nn

# -- as reported in Photon-AI-Research/NeuralSolvers#20 and pytorch/pytorch#16045 -----------------------


def initial_condition(x):
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    y = torch.randn(64)
    prediction = model(x)
    return F.mse_loss(prediction, y)  # XFR909


def initial_condition_fixed(x):
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    y = torch.randn(64)
    prediction = model(x).reshape(-1)
    return F.mse_loss(prediction, y)
