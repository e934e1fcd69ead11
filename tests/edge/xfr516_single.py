import torch
from torch import nn


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.fc = nn.Linear(48, 2)

    def forward(self, observation):
        return self.fc(torch.flatten(self.conv(observation)))


policy = Policy()
action = policy(torch.zeros(1, 6, 6).unsqueeze(0))
