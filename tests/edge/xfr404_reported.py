"""Shapes in which a negative loss was reported, each with its fixed twin."""

import torch.nn as nn
import torch.nn.functional as F

# -- as reported in yanx27/Pointnet_Pointnet2_pytorch#30: scores of a linear layer ---------------------


class PointNetCls(nn.Module):
    def __init__(self, k=40):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(1024, 256), nn.Linear(256, k)
        self.bn = nn.BatchNorm1d(256)

    def forward(self, x):
        return self.fc2(F.relu(self.bn(self.fc1(x))))


class PointNetClsFixed(nn.Module):
    def __init__(self, k=40):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(1024, 256), nn.Linear(256, k)
        self.bn = nn.BatchNorm1d(256)

    def forward(self, x):
        return F.log_softmax(self.fc2(F.relu(self.bn(self.fc1(x)))), dim=1)


def label_loss(points, labels):
    labels_pred = PointNetCls()(points)
    return F.nll_loss(labels_pred, labels)  # XFR404


def label_loss_fixed(points, labels):
    labels_pred = PointNetClsFixed()(points)
    return F.nll_loss(labels_pred, labels)


# -- as reported in AnubhavGupta3377/Text-Classification-Models-Pytorch#9 and clvrai/ACGAN-PyTorch#4:
# probabilities


class Transformer(nn.Module):
    def __init__(self, d_model, output_size):
        super().__init__()
        self.fc = nn.Linear(d_model, output_size)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        return self.softmax(self.fc(x))


class TransformerFixed(nn.Module):
    def __init__(self, d_model, output_size):
        super().__init__()
        self.fc = nn.Linear(d_model, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, x):
        return self.softmax(self.fc(x))


def main(batches):
    loss_fn = nn.NLLLoss()
    model, fixed = Transformer(64, 4), TransformerFixed(64, 4)
    for x, y in batches:
        yield loss_fn(model(x), y)  # XFR404
        yield loss_fn(fixed(x), y)
