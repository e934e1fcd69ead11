import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.functional import alpha_dropout, dropout2d


class Net(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        x = F.dropout(x)  # XFR310
        x = F.dropout(x, p=self.p)  # XFR310
        x = F.dropout(x, self.p, inplace=True)  # XFR310
        x = dropout2d(x, 0.2)  # XFR310
        x = alpha_dropout(x, 0.2)  # XFR310
        x = torch.nn.functional.feature_alpha_dropout(x)  # XFR310
        return self.helper(x)

    def helper(self, x):
        return F.relu(F.dropout(self.fc(x), 0.3))  # XFR310

    def given(self, x, options):
        x = F.dropout(x, 0.5, self.training)
        x = F.dropout(x, training=True)
        x = F.dropout(x, 0.5, training=self.training and self.p > 0)
        x = F.dropout(x, 0)
        x = F.dropout(x, p=0.0)
        x = F.dropout(x, **options)
        return F.dropout(*x)

    def guarded(self, x):
        if self.training:
            x = F.dropout(x, self.p)
        return F.dropout(x, self.p) if self.training and self.p else x

    def early(self, x):
        if not self.training:
            return x
        return F.dropout(x, self.p)


class Child(Net):
    def forward(self, x):
        if self.p > 0:
            x = F.dropout(x, self.p)  # XFR310
        return super().forward(x)


class MCDropout(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5)


class Uncertain(nn.Module):
    def forward_mc_samples(self, x):
        return F.dropout(x, 0.5)


class Plain:
    def forward(self, x):
        return F.dropout(x, 0.5)


def augment(x):
    return F.dropout(x, 0.5)
