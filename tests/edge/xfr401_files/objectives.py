from torch import nn


def get_loss(weight=None):
    return nn.CrossEntropyLoss(weight=weight)
