"""Shapes in which frozen batch norms that go on learning were reported."""

import torch
import torchvision
from torch import nn

# -- as reported in pytorch/pytorch#86590: transfer learning, train() and eval() by turns -----------


def transfer(loader, epochs):
    net = torchvision.models.resnet50(weights="DEFAULT")
    for param in net.parameters():
        param.requires_grad = False  # XFR941
    net.fc = nn.Linear(2048, 10)
    optimizer = torch.optim.Adam(net.fc.parameters())
    for _ in range(epochs):
        net.train()
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()


# -- as reported in chemprop/chemprop#952: a module of one's own, frozen whole ------------------------


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
    mpnn.requires_grad_(False)  # XFR941
    mpnn.predictor.requires_grad_(True)
    return mpnn


# -- as reported in lightly-ai/lightly#1438: the backbone of a classifier, in its constructor ---------


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        resnet = torchvision.models.resnet18()
        self.backbone = nn.Sequential(*list(resnet.children())[:-1])
        self.norm = nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512))
        self.fc = nn.Linear(512, 10)
        for p in self.norm.parameters():
            p.requires_grad = False  # XFR941

    def forward(self, x):
        return self.fc(self.norm(self.backbone(x).flatten(start_dim=1)))
