import torch
from torch import nn, optim
from torch.optim import LBFGS

from elsewhere import batches, make_optimizer

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def in_a_loop(net, steps):
    optimizer = optim.LBFGS(net.parameters(), lr=0.1)
    for x, y in steps:
        optimizer.zero_grad()
        criterion(net(x), y).backward()
        optimizer.step()  # XFR234


def imported_name(net, x, y):
    solver = LBFGS(net.parameters())
    solver.zero_grad()
    criterion(net(x), y).backward()
    solver.step()  # XFR234


class Trainer:
    def __init__(self, net):
        self.net = net
        self.optimizer = torch.optim.LBFGS(net.parameters(), max_iter=20)

    def update(self, x, y):
        self.optimizer.zero_grad()
        criterion(self.net(x), y).backward()
        self.optimizer.step()  # XFR234


def make(net):
    return optim.LBFGS(net.parameters())


def from_a_helper(net, x, y):
    opt = make(net)
    opt.zero_grad()
    criterion(net(x), y).backward()
    opt.step()  # XFR234


def handed_on(net, opt, x, y):
    opt.zero_grad()
    criterion(net(x), y).backward()
    opt.step()  # XFR234


def main(net, x, y):
    handed_on(net, LBFGS(net.parameters()), x, y)


notebook_net = nn.Linear(4, 1)
notebook_optimizer = torch.optim.LBFGS(notebook_net.parameters())
for xb, yb in batches:
    notebook_optimizer.zero_grad()
    criterion(notebook_net(xb), yb).backward()
    notebook_optimizer.step()  # XFR234


# -- right, or not to be judged ------------------------------------------------------------------------


def with_a_closure(net, x, y):
    optimizer = optim.LBFGS(net.parameters())

    def closure():
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        return loss

    optimizer.step(closure)
    optimizer.step(closure=closure)


def one_of_two(net, x, y, second_order):
    opt = optim.LBFGS(net.parameters()) if second_order else optim.SGD(net.parameters(), lr=0.1)
    opt.zero_grad()
    criterion(net(x), y).backward()
    opt.step()


def unseen(net, x, y):
    opt = make_optimizer("LBFGS", net)
    opt.zero_grad()
    criterion(net(x), y).backward()
    opt.step()
