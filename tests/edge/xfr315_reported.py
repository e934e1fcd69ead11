"""Shapes in which a layer that is not frozen was reported, each with its fixed twin."""

import torch
from torch import nn

# -- as reported in CSCYQJ/MICCAI23-ProtoContra-SFDA#18: the last layer of a model -----------------


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.inc = nn.Conv2d(1, 8, 3)
        self.outc = nn.Conv2d(8, 2, 1)

    def forward(self, x):
        return self.outc(self.inc(x))


class Adaptation:
    def __init__(self, opt):
        self.model = UNet()
        self.model.outc.requires_grad = False  # XFR315
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=opt.lr)


class AdaptationFixed:
    def __init__(self, opt):
        self.model = UNet()
        self.model.outc.requires_grad_(False)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=opt.lr)
