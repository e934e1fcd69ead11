import torch
from torch import nn, optim

from elsewhere import look_at, train_on

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def step_an_indent_too_far_out(net, opt, loader):
    for epoch in range(10):
        for x, y in loader:
            opt.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
        opt.step()  # XFR238


def micro_batches(net, opt, x, y):
    for part, wanted in zip(x.chunk(4), y.chunk(4)):
        opt.zero_grad(set_to_none=True)
        loss = criterion(net(part), wanted) / 4
        loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    opt.step()  # XFR238


def through_the_model(loader):
    net = nn.Linear(4, 1)
    solver = optim.Adam(net.parameters())
    for x, y in loader:
        net.zero_grad()
        criterion(net(x), y).backward()
    solver.step()  # XFR238


def scaled(net, opt, loader, scaler):
    for epoch in range(3):
        for x, y in loader:
            opt.zero_grad()
            scaler.scale(criterion(net(x), y)).backward()
        scaler.step(opt)  # XFR238
        scaler.update()


class Trainer:
    def __init__(self, net):
        self.net = net
        self.optimizer = optim.Adam(net.parameters())

    def accumulate(self, x, y):
        self.optimizer.zero_grad()
        loss = criterion(self.net(x), y)
        loss.backward()
        return loss.item()

    def fit(self, loader):
        for epoch in range(3):
            total = 0.0
            for x, y in loader:
                total += self.accumulate(x, y)
            self.optimizer.step()  # XFR238
            print(total)


def counted(net, opt, batches):
    i = 0
    while i < len(batches):
        x, y = batches[i]
        opt.zero_grad()
        criterion(net(x), y).backward()
        i += 1
    opt.step()  # XFR238


# -- right, or not to be judged ------------------------------------------------------------------------


def step_each_batch(net, opt, loader):
    for epoch in range(10):
        for x, y in loader:
            opt.zero_grad()
            criterion(net(x), y).backward()
            opt.step()


def accumulated(net, opt, x, y):
    opt.zero_grad()
    for part, wanted in zip(x.chunk(4), y.chunk(4)):
        (criterion(net(part), wanted) / 4).backward()
    opt.step()


def cleared_in_the_first_turn(net, opt, parts):
    for i, (x, y) in enumerate(parts):
        if i == 0:
            opt.zero_grad()
        criterion(net(x), y).backward()
    opt.step()


def cleared_behind_the_step(net, opt, loader):
    for x, y in loader:
        for part, wanted in zip(x.chunk(4), y.chunk(4)):
            criterion(net(part), wanted).backward()
        opt.step()
        opt.zero_grad()


def searched(net, opt, draw):
    while True:
        opt.zero_grad()
        loss = criterion(net(draw()), draw())
        loss.backward()
        if loss.isfinite():
            break
    opt.step()


def one_turn(net, opt, x, y):
    for _ in range(1):
        opt.zero_grad()
        criterion(net(x), y).backward()
    opt.step()


def several_models(models, opts, x, y):
    for net, opt in zip(models, opts):
        opt.zero_grad()
        criterion(net(x), y).backward()
    for opt in opts:
        opt.step()


def last_of_several(opts, losses):
    for opt, loss in zip(opts, losses):
        opt.zero_grad()
        loss.backward()
    opt.step()


def unseen(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        train_on(net, opt)
    opt.step()


def unseen_behind(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        look_at(loss=y)
    train_on(net)
    opt.step()


def critic_and_generator(gen, dis, opt_g, opt_d, loader):
    for x in loader:
        for _ in range(5):
            opt_d.zero_grad()
            dis(gen(x).detach()).mean().backward()
            opt_d.step()
        opt_g.zero_grad()
        dis(gen(x)).mean().backward()
        opt_g.step()


def new_gradients_behind(net, opt, probes, x, y):
    for probe in probes:
        opt.zero_grad()
        criterion(net(probe), y).backward()
    opt.zero_grad()
    criterion(net(x), y).backward()
    opt.step()


def samples_that_the_optimizer_keeps(net, optimizer, x, y, samples):
    for _ in range(samples):
        with optimizer.sampled_params(train=True):
            optimizer.zero_grad()
            criterion(net(x), y).backward()
    optimizer.step()
