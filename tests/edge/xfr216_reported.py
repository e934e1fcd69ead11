"""Shapes in which a new head that nobody trains is written, each with its fixed twin."""

import torch
import torchvision
from torch import nn

# -- the slip that the transfer learning tutorial's order avoids (pytorch/tutorials#57) -----------------


def finetune(classes, loader):
    model = torchvision.models.resnet18(weights="DEFAULT")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    num_ftrs = model.fc.in_features
    model.fc = nn.Linear(num_ftrs, classes)  # XFR216
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()


def finetune_fixed(classes, loader):
    model = torchvision.models.resnet18(weights="DEFAULT")
    num_ftrs = model.fc.in_features
    model.fc = nn.Linear(num_ftrs, classes)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()


class Runner:
    def __init__(self, classes):
        self.net = torchvision.models.vgg16()
        self.optimizer = torch.optim.Adam(self.net.parameters())
        self.net.classifier[6] = nn.Linear(4096, classes)  # XFR216


class RunnerFixed:
    def __init__(self, classes):
        self.net = torchvision.models.vgg16()
        self.net.classifier[6] = nn.Linear(4096, classes)
        self.optimizer = torch.optim.Adam(self.net.parameters())
