import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from elsewhere import compute_loss, prepare

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def after_the_step(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        opt.step()
        clip_grad_norm_(net.parameters(), 5.0)  # XFR227


def cleared_last(net, opt, loader):
    for x, y in loader:
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()
        torch.nn.utils.clip_grad_value_(net.parameters(), 0.5)  # XFR227
        opt.zero_grad()


def between_clear_and_backward(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)  # XFR227
        loss.backward()
        opt.step()


def step_function(net, optimizer, x, y):
    optimizer.zero_grad()
    loss = criterion(net(x), y)
    loss.backward()
    optimizer.step()
    norm = clip_grad_norm_(net.parameters(), 1.0)  # XFR227
    return loss.item(), norm


def something_unseen_follows(net, opt, loader, evaluator):
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        opt.step()
        clip_grad_norm_(net.parameters(), 5.0)  # XFR227
        evaluator.run(net)


class Trainer:
    def __init__(self, net):
        self.net = net
        self.optimizer = torch.optim.Adam(net.parameters())

    def clip(self):
        clip_grad_value_(self.net.parameters(), 1.0)  # XFR227

    def fit(self, loader):
        for x, y in loader:
            self.optimizer.zero_grad()
            loss = criterion(self.net(x), y)
            loss.backward()
            self.optimizer.step()
            self.clip()


def one_of_two(gen, dis, noise):
    opt_g, opt_d = torch.optim.Adam(gen.parameters()), torch.optim.Adam(dis.parameters())
    for z in noise:
        opt_d.zero_grad()
        dis(gen(z).detach()).mean().backward()
        opt_d.step()
        clip_grad_norm_(dis.parameters(), 1.0)  # XFR227
        opt_g.zero_grad()
        (-dis(gen(z))).mean().backward()
        opt_g.step()


notebook_net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(notebook_net.parameters(), lr=0.1)
for epoch in range(5):
    for x, y in torch.randn(3, 2, 8, 4):
        optimizer.zero_grad()
        notebook_loss = criterion(notebook_net(x), y)
        notebook_loss.backward()
        optimizer.step()
        nn.utils.clip_grad_norm_(notebook_net.parameters(), 1)  # XFR227


# -- right, or not to be judged ------------------------------------------------------------------------


def in_time(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        clip_grad_norm_(net.parameters(), 1.0)
        opt.step()


def measured(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        opt.step()
        print(clip_grad_norm_(net.parameters(), float("inf")))
        print(clip_grad_norm_(net.parameters(), max_norm=torch.inf))
        print(clip_grad_norm_(net.parameters(), 1e9))


def for_the_next_optimizer(net, opt_a, opt_b, loader):
    for x, y in loader:
        opt_a.zero_grad()
        opt_b.zero_grad()
        criterion(net(x), y).backward()
        opt_a.step()
        clip_grad_norm_(net.head.parameters(), 1.0)
        opt_b.step()


def accumulated(net, opt, loader):
    for i, (x, y) in enumerate(loader):
        if i % 4 == 0:
            clip_grad_norm_(net.parameters(), 1.0)
            opt.step()
            opt.zero_grad()
        criterion(net(x), y).backward()


def unseen(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        prepare(net)
        clip_grad_norm_(net.parameters(), 1.0)
        compute_loss(net, x, y).backward()
        opt.step()


def weights_clipped(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        opt.step()
        for p in net.parameters():
            p.data.clamp_(-0.01, 0.01)
