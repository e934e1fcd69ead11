from torch import nn


def get_loss(weight=None):
    return nn.CrossEntropyLoss(weight=weight)


class Smoothed(nn.Module):
    def __init__(self, weight=0.1):
        super().__init__()
        self.weight = weight
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, prediction, target):
        return self.weight * self.criterion(prediction, target)


def weighted_loss(prediction, target):
    return 0.5 * nn.functional.cross_entropy(prediction, target)
