"""The fixed twins of xfr941_reported.py."""

import torch
import torchvision
from torch import nn


def transfer(loader, epochs):
    net = torchvision.models.resnet50(weights="DEFAULT")
    for param in net.parameters():
        param.requires_grad = False
    net.fc = nn.Linear(2048, 10)
    optimizer = torch.optim.Adam(net.fc.parameters())
    for _ in range(epochs):
        net.eval()
        net.fc.train()
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()


class MPNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.message_passing = nn.Linear(16, 16)
        self.bn = nn.BatchNorm1d(16)
        self.predictor = nn.Linear(16, 1)

    def forward(self, x):
        return self.predictor(self.bn(self.message_passing(x)))


def freeze_checkpoint(path):
    mpnn = MPNN()
    mpnn.load_state_dict(torch.load(path))
    mpnn.requires_grad_(False)
    mpnn.bn.eval()
    mpnn.predictor.requires_grad_(True)
    return mpnn
