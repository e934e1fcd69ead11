import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR

from elsewhere import Runner, batches

criterion = nn.MSELoss()


def train(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        opt.step()


# -- mistaken ---------------------------------------------------------------------------------------


def forgotten(net, loader):
    opt = optim.SGD(net.parameters(), lr=0.1)
    scheduler = StepLR(opt, step_size=10)  # XFR414
    for epoch in range(30):
        train(net, opt, loader)


def only_read(net, loader):
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    sched = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)  # XFR414
    for epoch in range(30):
        train(net, optimizer, loader)
        print(epoch, sched.get_last_lr())


def plateau(net, loader):
    optimizer = optim.Adam(net.parameters())
    lr_sched = lr_scheduler.ReduceLROnPlateau(optimizer, patience=3)  # XFR414
    for epoch in range(30):
        train(net, optimizer, loader)


class Trainer:
    def __init__(self, net):
        self.net = net
        self.optimizer = optim.Adam(net.parameters())
        self.cosine = CosineAnnealingLR(self.optimizer, T_max=10)  # XFR414

    def fit(self, loader):
        for x, y in loader:
            self.optimizer.zero_grad()
            criterion(self.net(x), y).backward()
            self.optimizer.step()


def main():
    model = nn.Linear(4, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    one_cycle = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1.0, total_steps=100)  # XFR414
    for x, y in batches:
        opt.zero_grad()
        criterion(model(x), y).backward()
        opt.step()


notebook_net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(notebook_net.parameters(), lr=0.1)
notebook_scheduler = lr_scheduler.MultiStepLR(optimizer, milestones=[2, 4])  # XFR414
for epoch in range(5):
    optimizer.zero_grad()
    criterion(notebook_net(torch.randn(8, 4)), torch.randn(8, 1)).backward()
    optimizer.step()


# -- right, or not to be judged ------------------------------------------------------------------------


def stepped(net, loader):
    opt = optim.SGD(net.parameters(), lr=0.1)
    schedule = StepLR(opt, step_size=10)
    for epoch in range(30):
        train(net, opt, loader)
        schedule.step()


def returned(net):
    opt = optim.SGD(net.parameters(), lr=0.1)
    decay = StepLR(opt, step_size=10)
    return opt, decay


def handed_on(net, loader):
    opt = optim.SGD(net.parameters(), lr=0.1)
    warm = LinearLR(opt)
    cool = CosineAnnealingLR(opt, 10)
    both = SequentialLR(opt, [warm, cool], [3])
    table = {"scheduler": cool}
    for epoch in range(30):
        train(net, opt, loader)
        both.step()
    return table


def in_a_closure(net, loader):
    opt = optim.SGD(net.parameters(), lr=0.1)
    inner = StepLR(opt, step_size=10)

    def after_epoch():
        inner.step()

    for epoch in range(30):
        train(net, opt, loader)
        after_epoch()


class Kept:
    def __init__(self, net):
        self.optimizer = optim.Adam(net.parameters())
        self.schedule = CosineAnnealingLR(self.optimizer, T_max=10)
        self.runner = Runner(self)

    def after_epoch(self):
        self.schedule.step()


def several(net, loader):
    opt = optim.SGD(net.parameters(), lr=0.1)
    first = StepLR(opt, step_size=10)
    second = StepLR(opt, step_size=20)
    for epoch in range(30):
        train(net, opt, loader)
        for each in (first, second):
            each.step()
