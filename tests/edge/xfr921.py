import torch
import torchvision
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.loss = nn.CrossEntropyLoss()

    def forward(self, x, y):
        return self.loss.forward(self.body.forward(x), y)  # XFR921


def train(net, x, y):
    return net.forward(x, y)  # XFR921


train(Net(), torch.ones(2, 4), torch.zeros(2).long())
scores = torchvision.models.resnet18().forward(torch.ones(1, 3, 64, 64))  # XFR921
nn.ReLU().forward(torch.ones(2))  # XFR921


# -- called as it should be, and other things that go forward --------------------------------------


class Child(Net):
    def forward(self, x, y):
        nn.Module.forward(self, x)
        return super().forward(x, y)

    def training_step(self, batch):
        return self.forward(*batch)


class Player:
    def forward(self, seconds):
        return seconds


def play(player, planner):
    player.forward(3)
    planner.forward(3)


play(Player(), object())
