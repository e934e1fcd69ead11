import torch
from torch import nn, optim

from elsewhere import Engine, apply_updates

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def in_a_loop(net, loader):
    optimizer = optim.Adam(net.parameters())
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()  # XFR235


def cleared_last(net, loader):
    solver = optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(3):
        for x, y in loader:
            criterion(net(x), y).backward()  # XFR235
            solver.zero_grad()


def only_the_scheduler_steps(net, loader):
    opt = optim.SGD(net.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.StepLR(opt, 1)
    for epoch in range(3):
        for x, y in loader:
            opt.zero_grad()
            criterion(net(x), y).backward()  # XFR235
        scheduler.step()


def named_but_not_called_for_it(net, loader, logger):
    opt = optim.SGD(net.parameters(), lr=0.1)
    for step, (x, y) in enumerate(loader):
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()  # XFR235
        logger.log(step, loss.item())


class Trainer:
    def __init__(self, net):
        self.net = net
        self.adam = optim.Adam(net.parameters())

    def update(self, x, y):
        self.adam.zero_grad()
        loss = criterion(self.net(x), y)
        loss.backward()  # XFR235

    def fit(self, loader):
        for x, y in loader:
            self.update(x, y)


notebook_net = nn.Linear(4, 1)
notebook_optimizer = torch.optim.SGD(notebook_net.parameters(), lr=0.1)
for epoch in range(5):
    notebook_optimizer.zero_grad()
    out = notebook_net(torch.randn(8, 4))
    loss = criterion(out, torch.randn(8, 1))
    loss.backward()  # XFR235


# -- right, or not to be judged ------------------------------------------------------------------------


def steps(net, loader):
    opt = optim.SGD(net.parameters(), lr=0.1)
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        opt.step()


def gradients_are_read(net, loader):
    attack = optim.SGD(net.parameters(), lr=0.1)
    for x, y in loader:
        attack.zero_grad()
        criterion(net(x), y).backward()
        x.data += 0.1 * x.grad.sign()


def handed_on(net, loader):
    mover = optim.SGD(net.parameters(), lr=0.1)
    for x, y in loader:
        mover.zero_grad()
        criterion(net(x), y).backward()
        apply_updates(net, mover)


def saliency(net, loader):
    for x, y in loader:
        net.zero_grad()
        net(x).max().backward()


class TwoMethods:
    def __init__(self, net):
        self.net = net
        self.two_methods_optimizer = optim.Adam(net.parameters())

    def gradients(self, loader):
        for x, y in loader:
            self.two_methods_optimizer.zero_grad()
            criterion(self.net(x), y).backward()

    def apply(self):
        self.two_methods_optimizer.step()


def engine(net, loader):
    ours = optim.SGD(net.parameters(), lr=0.1)
    runner = Engine(net, ours)
    for x, y in loader:
        ours.zero_grad()
        runner.backward(criterion(net(x), y))


class WarmUp:
    def __init__(self, optimizer):
        self.optimizer = optimizer


def own_scheduler_steps_inside(net, loader, make_schedule):
    schedule = make_schedule(net)
    for x, y in loader:
        schedule.optimizer.zero_grad()
        criterion(net(x), y).backward()
        schedule.step()


def test_gradients(net):
    tried = optim.SGD(net.parameters(), lr=0.1)
    for x in torch.randn(3, 8, 4):
        tried.zero_grad()
        net(x).sum().backward()
