import engine
import torch
from torch import nn

from engine import measure, train_one_epoch
from nets import Cnn, Plain, make
from nets.cnn import Head
from objectives import Smoothed, get_loss, weighted_loss


def main(x, y, name):
    criterion = get_loss()
    criterion(Cnn()(x), y)  # XFR401
    criterion(Cnn(activation=nn.Identity())(x), y)
    criterion(Cnn(nn.Sigmoid())(x), y)  # XFR401
    criterion(Plain()(x), y)
    criterion(torch.softmax(Plain()(x), dim=1), y)  # XFR401
    criterion(make(name)(x), y)  # XFR401
    criterion(Head(4)(x), y)
    criterion(Head(4, nn.Softmax(dim=1))(x), y)  # XFR401


def through_an_engine(batches):
    criterion = get_loss()
    engine.train_one_epoch(Cnn(), criterion, batches)  # XFR401
    train_one_epoch(Plain(), criterion, batches)
    train_one_epoch(Cnn(), nn.MSELoss(), batches)
    train_one_epoch(model=Cnn(), batches=batches, criterion=nn.CrossEntropyLoss())  # XFR401
    measure(Cnn(), criterion, batches)  # XFR405
    batches.run(Cnn(), criterion)


def losses_of_another_file(x, y):
    criterion = Smoothed()
    loss = criterion(Cnn()(x), y)  # XFR401
    loss = loss + criterion(Plain()(x), y)
    loss = loss + weighted_loss(Plain()(x), y)
    return loss + weighted_loss(Cnn()(x), y)  # XFR401
