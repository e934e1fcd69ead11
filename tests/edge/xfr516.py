import torch
import torch.nn.functional as F
from torch import nn


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.pool = nn.MaxPool2d(2)
        self.norm = nn.BatchNorm2d(3)
        self.drop = nn.Dropout(0.1)
        self.fc = nn.Linear(48, 10)

    def forward(self, x):
        a = self.fc(self.conv(x).view(-1))  # XFR516
        x = F.relu(self.pool(x))
        x = x.flatten()  # XFR516
        x = self.drop(x)
        return F.relu(self.fc(F.relu(x))), a


class Reshaped(Functional):
    def forward(self, x):
        x = self.norm(self.conv(x))
        flat = x.reshape(-1)  # XFR516
        return self.fc(flat)


class Signal(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3)
        self.head = nn.Linear(40, 2)

    def forward(self, signal):
        flat = torch.flatten(torch.relu(self.conv(signal))).float()  # XFR516
        return self.head(flat.contiguous())


class Stacked(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(4))
        self.classifier = nn.Sequential(nn.Dropout(0.5), nn.Linear(48, 10), nn.ReLU())
        self.fc = nn.Linear(48, 10)

    def forward(self, x):
        a = self.classifier(torch.flatten(self.features(x)))  # XFR516
        x = F.max_pool2d(F.relu(self.features(x)), 2)
        return self.fc(x.view(-1)), a  # XFR516


# -- right -----------------------------------------------------------------------------------------


class Right(Functional):
    def forward(self, x, labels):
        x = self.pool(self.conv(x))
        a = self.fc(torch.flatten(x, 1))
        b = self.fc(x.flatten(start_dim=1))
        c = self.fc(x.view(x.size(0), -1))
        d = self.fc(x.view(-1, 48))
        loss = F.cross_entropy(a, labels.view(-1))
        return b, c, d, loss, x.view(-1)

    def one(self, state):
        return self.fc(state.view(-1))


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.fc = nn.Linear(4, 2)

    def forward(self, observation):
        first = self.conv(observation)[0]
        return self.fc(observation.flatten()), self.fc(first.flatten())
