import torch
from torch import nn, optim

from elsewhere import train_on, trainer

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def cleared_each_epoch(net, optimizer, loader):
    for epoch in range(10):
        net.train()
        optimizer.zero_grad()  # XFR208
        for x, y in loader:
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()


def cleared_behind_the_batches(net, opt, loader):
    for epoch in range(10):
        for x, y in loader:
            criterion(net(x), y).backward()
            opt.step()
        opt.zero_grad()  # XFR208


def through_the_model(loader):
    net = nn.Linear(4, 1)
    solver = optim.Adam(net.parameters())
    for epoch in range(10):
        net.zero_grad()  # XFR208
        for x, y in loader:
            criterion(net(x), y).backward()
            solver.step()


def one_epoch(net, opt, loader):
    for x, y in loader:
        criterion(net(x), y).backward()
        opt.step()


def epochs_call_a_helper(net, opt, loader):
    for epoch in range(10):
        opt.zero_grad()  # XFR208
        one_epoch(net, opt, loader)


def accumulated_but_never_cleared(net, opt, loader):
    for epoch in range(10):
        opt.zero_grad()  # XFR208
        for i, (x, y) in enumerate(loader):
            criterion(net(x), y).backward()
            if (i + 1) % 4 == 0:
                opt.step()


class Trainer:
    def __init__(self, net):
        self.net = net
        self.optimizer = optim.Adam(net.parameters())

    def update(self, x, y):
        loss = criterion(self.net(x), y)
        loss.backward()
        self.optimizer.step()

    def fit(self, loader):
        for epoch in range(3):
            self.optimizer.zero_grad()  # XFR208
            for x, y in loader:
                self.update(x, y)


def scaled(net, opt, loader, scaler):
    for epoch in range(3):
        opt.zero_grad(set_to_none=True)  # XFR208
        for x, y in loader:
            scaler.scale(criterion(net(x), y)).backward()
            scaler.step(opt)
            scaler.update()


notebook_net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(notebook_net.parameters(), lr=0.1)
for epoch in range(5):
    optimizer.zero_grad()  # XFR208
    for x, y in torch.randn(3, 2, 8, 4):
        out = notebook_net(x)
        loss = criterion(out, y)
        loss.backward()
        optimizer.step()


# -- right, or not to be judged ------------------------------------------------------------------------


def cleared_each_batch(net, opt, loader):
    for epoch in range(10):
        for x, y in loader:
            opt.zero_grad()
            criterion(net(x), y).backward()
            opt.step()


def cleared_in_both(net, opt, loader):
    for epoch in range(10):
        opt.zero_grad()
        for x, y in loader:
            criterion(net(x), y).backward()
            opt.step()
            opt.zero_grad()


def whole_epoch_is_one_step(net, opt, loader):
    for epoch in range(10):
        opt.zero_grad()
        for x, y in loader:
            criterion(net(x), y).backward()
        opt.step()


def every_fourth_batch(net, opt, loader):
    for epoch in range(10):
        opt.zero_grad()
        for i, (x, y) in enumerate(loader):
            criterion(net(x), y).backward()
            if (i + 1) % 4 == 0:
                opt.step()
                opt.zero_grad()


def at_the_last_batch(net, opt, loader):
    for epoch in range(10):
        opt.zero_grad()
        for i, (x, y) in enumerate(loader):
            criterion(net(x), y).backward()
            if i == len(loader) - 1:
                opt.step()


def when_told(net, opt, loader):
    for epoch in range(10):
        opt.zero_grad()
        for x, y, last in loader:
            criterion(net(x), y).backward()
            if last:
                opt.step()


def one_inner_turn(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        for _ in range(1):
            criterion(net(x), y).backward()
            opt.step()


def new_optimizer_each_turn(net, loader):
    for epoch in range(10):
        net.zero_grad()
        for x, y in loader:
            opt = optim.SGD(net.parameters(), lr=0.1)
            criterion(net(x), y).backward()
            opt.step()
            trainer(net)


def several_optimizers(nets, opts, loader):
    for x, y in loader:
        for opt in opts:
            opt.zero_grad()
        loss = sum(criterion(net(x), y) for net in nets)
        loss.backward()
        for opt in opts:
            opt.step()


def unseen(net, opt, loader):
    for epoch in range(10):
        opt.zero_grad()
        for x, y in loader:
            criterion(net(x), y).backward()
            opt.step()
            train_on(net, opt)


def two_optimizers(gen, dis, loader):
    opt_g, opt_d = optim.Adam(gen.parameters()), optim.Adam(dis.parameters())
    for x in loader:
        opt_g.zero_grad()
        for _ in range(5):
            opt_d.zero_grad()
            dis(gen(x).detach()).mean().backward()
            opt_d.step()
        dis(gen(x)).mean().backward()
        opt_g.step()
