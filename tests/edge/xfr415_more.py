import torch
import torch.optim.lr_scheduler as schedules
from torch import nn


def fit(net, batches, epochs=3):
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    plateau = schedules.ReduceLROnPlateau(optimizer, mode="max", factor=0.1)
    for _ in range(epochs):
        score = evaluate(net, batches)
        plateau.step()  # XFR415
        print(score, optimizer.param_groups[0]["lr"])


def fit_rightly(net, batches, epochs=3):
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    plateau = schedules.ReduceLROnPlateau(optimizer, mode="max", factor=0.1)
    for _ in range(epochs):
        plateau.step(evaluate(net, batches))


def evaluate(net, batches):
    return sum(net(batch).sum().item() for batch in batches)


class Loop:
    def __init__(self, net, scheduler):
        self.net = net
        self.scheduler = scheduler

    def end_of_epoch(self):
        self.scheduler.step()  # XFR415


class RightLoop:
    def __init__(self, net, scheduler):
        self.net = net
        self.scheduler = scheduler

    def end_of_epoch(self, loss):
        self.scheduler.step(loss)


model = nn.Linear(2, 1)
sgd = torch.optim.SGD(model.parameters(), lr=0.1)
loop = Loop(model, schedules.ReduceLROnPlateau(sgd))
right = RightLoop(model, schedules.ReduceLROnPlateau(sgd))


def closure(net):
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    lr_scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=2, min_lr=1e-6)

    def after_epoch(loss):
        print(loss)
        lr_scheduler.step()  # XFR415

    def after_epoch_rightly(loss):
        lr_scheduler.step(metrics=loss)

    return after_epoch, after_epoch_rightly
