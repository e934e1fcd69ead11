"""Shapes in which a softmax along some axis was reported, each with its fixed twin."""

import torch
import torch.nn.functional as F
from torch import nn

# -- as asked in svishwa/crowdcount-cascaded-mtl#22: "0 or 1" ----------------------------------------


class CrowdCounter(nn.Module):
    def __init__(self):
        super().__init__()
        self.cls = nn.Linear(8, 10)

    def forward(self, x):
        density_cls_score = self.cls(x)
        return F.softmax(density_cls_score)  # XFR942


class CrowdCounterFixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.cls = nn.Linear(8, 10)

    def forward(self, x):
        density_cls_score = self.cls(x)
        return F.softmax(density_cls_score, dim=1)


# -- as reported in amdegroot/ssd.pytorch#104: a module for the test phase ---------------------------


class SSD(nn.Module):
    def __init__(self, phase, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.conf = nn.Linear(8, num_classes)
        if phase == "test":
            self.softmax = nn.Softmax()  # XFR942

    def forward(self, x):
        return self.softmax(self.conf(x).view(-1, self.num_classes))


class SSDFixed(nn.Module):
    def __init__(self, phase, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.conf = nn.Linear(8, num_classes)
        if phase == "test":
            self.softmax = nn.Softmax(dim=-1)

    def forward(self, x):
        return self.softmax(self.conf(x).view(-1, self.num_classes))


# -- as reported in falloutdurham/beginners-pytorch-deep-learning#7: within an expression ------------


def correct(output, targets):
    wrong = torch.eq(torch.max(F.softmax(output), dim=1)[1], targets).view(-1)  # XFR942
    right = torch.eq(torch.max(F.softmax(output, dim=1), dim=1)[1], targets).view(-1)
    return wrong, right
