import torch
from torch import nn

from nets import Cnn, Plain, make
from nets.cnn import Head
from objectives import get_loss


def main(x, y, name):
    criterion = get_loss()
    criterion(Cnn()(x), y)  # XFR401
    criterion(Cnn(activation=nn.Identity())(x), y)
    criterion(Cnn(nn.Sigmoid())(x), y)  # XFR401
    criterion(Plain()(x), y)
    criterion(torch.softmax(Plain()(x), dim=1), y)  # XFR401
    criterion(make(name)(x), y)  # XFR401
    criterion(Head(4)(x), y)
    criterion(Head(4, nn.Softmax(dim=1))(x), y)
