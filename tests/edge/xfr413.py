import torch
from torch import nn, optim
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

from elsewhere import train_somehow

criterion = nn.MSELoss()


def train_epoch(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        opt.step()


# -- mistaken ---------------------------------------------------------------------------------------


def old_order(net, loader):
    opt = optim.SGD(net.parameters(), lr=0.1)
    scheduler = StepLR(opt, 10)
    for epoch in range(30):
        scheduler.step()  # XFR413
        for x, y in loader:
            opt.zero_grad()
            criterion(net(x), y).backward()
            opt.step()


def helper_trains(net, loader):
    opt = optim.SGD(net.parameters(), lr=0.1)
    lr_sched = CosineAnnealingLR(opt, 30)
    for epoch in range(30):
        lr_sched.step()  # XFR413
        train_epoch(net, opt, loader)


def each_batch(net, opt, scheduler, loader):
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        scheduler.step()  # XFR413
        opt.step()


def scaled(net, opt, scheduler, loader, scaler):
    for x, y in loader:
        opt.zero_grad()
        scaler.scale(criterion(net(x), y)).backward()
        scheduler.step()  # XFR413
        scaler.step(opt)
        scaler.update()


def right_before(net, opt, scheduler, loader, log):
    for i, (x, y) in enumerate(loader):
        train_somehow(net, x)
        criterion(net(x), y).backward()
        if i % 4 == 3:
            scheduler.step()  # XFR413
            opt.step()
            opt.zero_grad()


class Trainer:
    def __init__(self, net):
        self.net = net
        self.optimizer = optim.Adam(net.parameters())
        self.scheduler = optim.lr_scheduler.StepLR(self.optimizer, 10)

    def fit(self, loader):
        for epoch in range(10):
            self.scheduler.step()  # XFR413
            for x, y in loader:
                self.optimizer.zero_grad()
                criterion(self.net(x), y).backward()
                self.optimizer.step()


notebook_net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(notebook_net.parameters(), lr=0.1)
exp_lr_scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
for epoch in range(5):
    exp_lr_scheduler.step()  # XFR413
    optimizer.zero_grad()
    criterion(notebook_net(torch.randn(8, 4)), torch.randn(8, 1)).backward()
    optimizer.step()


# -- right, or not to be judged ------------------------------------------------------------------------


def at_the_end(net, opt, scheduler, loader):
    for epoch in range(30):
        train_epoch(net, opt, loader)
        scheduler.step()


def with_the_epoch(net, opt, scheduler, loader):
    for epoch in range(30):
        scheduler.step(epoch)
        train_epoch(net, opt, loader)


def not_in_the_first(net, opt, scheduler, loader):
    for epoch in range(30):
        if epoch:
            scheduler.step()
        train_epoch(net, opt, loader)


def cannot_be_seen(net, opt, scheduler, loader):
    for epoch in range(30):
        train_somehow(net, opt, loader)
        scheduler.step()
        train_epoch(net, opt, loader)


def warmed_up(net, opt, scheduler, loader):
    train_epoch(net, opt, loader)
    for epoch in range(30):
        scheduler.step()
        train_epoch(net, opt, loader)


def environment(net, opt, loader, env):
    for x in loader:
        env.step(x)
        opt.zero_grad()
        net(x).mean().backward()
        opt.step()
