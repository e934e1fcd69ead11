"""Shapes in which a sigmoid too many was reported, each with its fixed twin."""

import torch
import torch.nn.functional as F
from torch import nn

# -- as reported in avBuffer/UNet3plus_pth#23: the last line of forward ----------------------------


class UNet3Plus(nn.Module):
    def __init__(self):
        super().__init__()
        self.outconv1 = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, hd1):
        d1 = self.outconv1(hd1)
        return F.sigmoid(d1)


class UNet3PlusFixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.outconv1 = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, hd1):
        return self.outconv1(hd1)


def train_net(loader):
    net = UNet3Plus()
    criterion = nn.BCEWithLogitsLoss()
    for imgs, true_masks in loader:
        masks_pred = net(imgs)
        yield criterion(masks_pred, true_masks)  # XFR406


def train_net_fixed(loader):
    net = UNet3PlusFixed()
    criterion = nn.BCEWithLogitsLoss()
    for imgs, true_masks in loader:
        masks_pred = net(imgs)
        yield criterion(masks_pred, true_masks)


# -- as reported in cvg/glue-factory#89: the stack and its loss in one class -----------------------


class TokenConfidence(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.token = nn.Sequential(nn.Linear(dim, 1), nn.Sigmoid())
        self.loss_fn = nn.BCEWithLogitsLoss(reduction="none")

    def forward(self, desc0, desc1):
        return self.token(desc0.detach()).squeeze(-1), self.token(desc1.detach()).squeeze(-1)

    def loss(self, desc0, correct0):
        said = self.token(desc0.detach()).squeeze(-1)
        return self.loss_fn(said, correct0.float()).mean(-1)  # XFR406


class TokenConfidenceFixed(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.token = nn.Sequential(nn.Linear(dim, 1), nn.Sigmoid())
        self.loss_fn = nn.BCEWithLogitsLoss(reduction="none")

    def loss(self, desc0, correct0):
        logit0 = self.token[0](desc0.detach()).squeeze(-1)
        return self.loss_fn(logit0, correct0.float()).mean(-1)


# -- as reported in itakurah/focal-loss-pytorch#5: a loss class that needs the probabilities too ---


class FocalLoss(nn.Module):
    def __init__(self, gamma=2.0, alpha=0.25):
        super().__init__()
        self.gamma, self.alpha = gamma, alpha

    def forward(self, inputs, targets):
        probs = torch.sigmoid(inputs)
        bce = F.binary_cross_entropy_with_logits(probs, targets, reduction="none")  # XFR406
        p_t = probs * targets + (1 - probs) * (1 - targets)
        return (self.alpha * (1 - p_t) ** self.gamma * bce).mean()


class FocalLossFixed(nn.Module):
    def __init__(self, gamma=2.0, alpha=0.25):
        super().__init__()
        self.gamma, self.alpha = gamma, alpha

    def forward(self, inputs, targets):
        probs = torch.sigmoid(inputs)
        bce = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
        p_t = probs * targets + (1 - probs) * (1 - targets)
        return (self.alpha * (1 - p_t) ** self.gamma * bce).mean()
