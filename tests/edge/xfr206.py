import torch
from torch import nn, optim

from elsewhere import fill_gradients

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def never_moves(net, opt, batches):
    for x, y in batches:
        opt.zero_grad()
        loss = criterion(net(x), y)
        opt.step()  # XFR206
        loss.backward()


def old_gradients(net, opt, batches):
    for x, y in batches:
        loss = criterion(net(x), y)
        opt.step()  # XFR206
        opt.zero_grad()
        loss.backward()


def scaled(net, opt, batches, scaler):
    for x, y in batches:
        opt.zero_grad()
        loss = criterion(net(x), y)
        scaler.step(opt)  # XFR206
        scaler.scale(loss).backward()
        scaler.update()


class Trainer:
    def __init__(self, net):
        self.net = net
        self.optimizer = optim.Adam(net.parameters())

    def train_batch(self, x, y):
        self.optimizer.zero_grad()
        loss = criterion(self.net(x), y)
        self.optimizer.step()  # XFR206
        loss.backward()
        return loss.item()


def second_of_two(real, noise):
    gen, dis = nn.Linear(4, 4), nn.Linear(4, 1)
    opt_g, opt_d = optim.Adam(gen.parameters()), optim.Adam(dis.parameters())
    for x in real:
        opt_g.zero_grad()
        opt_d.zero_grad()
        loss = dis(gen(noise)).mean() - dis(x).mean()
        opt_g.step()  # XFR206
        opt_d.step()  # XFR206
        loss.backward()


def model_is_cleared(batches):
    net = nn.Linear(4, 1)
    opt = optim.SGD(net.parameters(), lr=0.1)
    for x, y in batches:
        net.zero_grad()
        opt.step()  # XFR206
        criterion(net(x), y).backward()


# -- right, or not to be judged ------------------------------------------------------------------------


def right(net, opt, batches):
    for x, y in batches:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()


def turned_by_one(net, opt, batches):
    for x, y in batches:
        opt.step()
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()


def not_in_the_first_turn(net, opt, batches):
    for i, (x, y) in enumerate(batches):
        if i:
            opt.step()
            opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()


def accumulation(net, opt, batches):
    for i, (x, y) in enumerate(batches):
        loss = criterion(net(x), y)
        if i % 4 == 0:
            opt.step()
            opt.zero_grad()
        loss.backward()


def gan(real, noise):
    gen, dis = nn.Linear(4, 4), nn.Linear(4, 1)
    opt_g, opt_d = optim.Adam(gen.parameters()), optim.Adam(dis.parameters())
    for x in real:
        opt_d.zero_grad()
        (dis(gen(noise).detach()).mean() - dis(x).mean()).backward()
        opt_d.step()
        opt_g.zero_grad()
        (-dis(gen(noise)).mean()).backward()
        opt_g.step()


def closure_fills(net, opt, batches):
    for x, y in batches:

        def closure():
            opt.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            return loss

        loss = opt.step(closure)
        loss = criterion(net(x), y)
        opt.zero_grad()
        loss.backward()


def unseen(net, opt, batches):
    for x, y in batches:
        opt.zero_grad()
        fill_gradients(net)
        opt.step()
        probe = criterion(net(x), y)
        probe.backward()


def by_hand(net, opt, batches):
    for x, y in batches:
        opt.zero_grad()
        for p in net.parameters():
            p.grad = torch.randn_like(p)
        opt.step()
        criterion(net(x), y).backward()


def quietens_the_scheduler(net, opt, sched, batches):
    opt.zero_grad()
    opt.step()
    sched.step()
    for x, y in batches:
        opt.zero_grad()
        criterion(net(x), y).backward()
        opt.step()


def steps_again(net, opt, batches):
    for x, y in batches:
        opt.zero_grad()
        loss = criterion(net(x), y)
        opt.step()
        loss.backward()
        opt.step()


def printed_before(net, opt, batches):
    for x, y in batches:
        opt.zero_grad()
        loss = criterion(net(x), y)
        print("loss {:.3f}".format(loss))
        opt.step()  # XFR206
        loss.backward()


def fit(net, opt, batches):
    for x, y in batches:
        opt.zero_grad()
        loss = criterion(net(x), y)
        opt.step()  # XFR206
        loss.backward()


def called_twice(batches):
    net = nn.Linear(4, 1)
    adam = optim.Adam(net.parameters())
    fit(net, adam, batches)
    fit(net, adam, batches)


def what_came_before_is_cleared(net, opt, batches, prepare):
    for x, y in batches:
        x = prepare(net, x)
        loss = criterion(net(x), y)
        opt.zero_grad()
        opt.step()  # XFR206
        loss.backward()


def other_gradients_are_cleared(net, head, opt, batches, prepare):
    opt_head = optim.SGD(head.parameters(), lr=0.1)
    for x, y in batches:
        prepare(net, x)
        loss = criterion(net(x), y)
        opt_head.zero_grad()
        opt.step()
        loss.backward()


def first_of_two(sample):
    net, critic = nn.Linear(4, 1), nn.Linear(4, 1)
    opt, opt_critic = optim.Adam(net.parameters()), optim.Adam(critic.parameters())
    for _ in range(9):
        x, y = sample(net)
        value_loss = critic(x).mean()
        opt_critic.zero_grad()
        value_loss.backward()
        opt_critic.step()
        loss = criterion(net(x), y) - critic(x).mean()
        opt.zero_grad()  # XFR205
        opt.step()  # XFR206
        loss.backward()
