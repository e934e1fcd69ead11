import torch
from torch import nn

from elsewhere import features

criterion = nn.MSELoss()
bce = nn.BCEWithLogitsLoss()


# -- mistaken ---------------------------------------------------------------------------------------


def same_loss_twice(net, loader):
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        loss.backward()  # XFR207
        opt.step()


def two_losses_of_one_output(net, loader):
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y, z in loader:
        opt.zero_grad()
        out = net(x)
        loss_y = criterion(out, y)
        loss_z = criterion(out, z)
        loss_y.backward()
        loss_z.backward()  # XFR207
        opt.step()


def two_heads(encoder, left, right, loader):
    opt = torch.optim.Adam([*encoder.parameters(), *left.parameters(), *right.parameters()])
    for x, y, z in loader:
        code = encoder(x)
        opt.zero_grad()
        criterion(left(code), y).backward()
        criterion(right(code), z).backward()  # XFR207
        opt.step()


def fakes_not_detached(real, noise, ones, zeros):
    generator, discriminator = nn.Linear(4, 4), nn.Linear(4, 1)
    opt_g = torch.optim.Adam(generator.parameters())
    opt_d = torch.optim.Adam(discriminator.parameters())
    for x, z in zip(real, noise):
        fake = generator(z)
        opt_d.zero_grad()
        d_loss = bce(discriminator(x), ones) + bce(discriminator(fake), zeros)
        d_loss.backward()
        opt_d.step()
        opt_g.zero_grad()
        g_loss = bce(discriminator(fake), ones)
        g_loss.backward()  # XFR207
        opt_g.step()


class Trainer:
    def __init__(self, net):
        self.net = net
        self.opt = torch.optim.Adam(self.net.parameters())

    def step(self, x, y):
        self.opt.zero_grad()
        mean, variance = self.net(x)
        loss = criterion(mean, y)
        spread = variance.mean()
        loss.backward()
        spread.backward()  # XFR207
        self.opt.step()


notebook_net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(notebook_net.parameters(), lr=0.1)
for epoch in range(5):
    optimizer.zero_grad()
    prediction = notebook_net(torch.randn(8, 4))
    loss1 = criterion(prediction, torch.zeros(8, 1))
    loss2 = prediction.abs().mean()
    loss1.backward()
    loss2.backward()  # XFR207
    optimizer.step()


# -- right, or not to be judged ------------------------------------------------------------------------


def added(net, loader):
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y, z in loader:
        opt.zero_grad()
        out = net(x)
        (criterion(out, y) + criterion(out, z)).backward()
        opt.step()


def graph_kept(net, loader):
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y, z in loader:
        opt.zero_grad()
        out = net(x)
        criterion(out, y).backward(retain_graph=True)
        criterion(out, z).backward()
        opt.step()


def two_passes(net, loader):
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y, z in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        criterion(net(x), z).backward()
        opt.step()


def rebound(net, loader):
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y, z in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        loss = criterion(net(x), z)
        loss.backward()
        opt.step()


def detached(real, noise, ones, zeros):
    generator, discriminator = nn.Linear(4, 4), nn.Linear(4, 1)
    opt_g = torch.optim.Adam(generator.parameters())
    opt_d = torch.optim.Adam(discriminator.parameters())
    for x, z in zip(real, noise):
        fake = generator(z)
        opt_d.zero_grad()
        d_loss = bce(discriminator(x), ones) + bce(discriminator(fake.detach()), zeros)
        d_loss.backward()
        opt_d.step()
        opt_g.zero_grad()
        bce(discriminator(fake), ones).backward()
        opt_g.step()


def frozen_features(net, head_a, head_b, loader):
    opt = torch.optim.SGD([*head_a.parameters(), *head_b.parameters()], lr=0.1)
    frozen = features()
    for x, y in loader:
        opt.zero_grad()
        with torch.no_grad():
            seen = net(x)
        code = frozen(x)
        criterion(head_a(seen), y).backward()
        criterion(head_b(seen + code), y).backward()
        criterion(head_a(code), y).backward()
        opt.step()


def one_or_the_other(net, loader, first):
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y, z in loader:
        opt.zero_grad()
        out = net(x)
        if first:
            criterion(out, y).backward()
        else:
            criterion(out, z).backward()
        opt.step()


class Agent:
    def __init__(self):
        self.actor, self.critic = nn.Linear(4, 2), nn.Linear(4, 1)
        self.actor_optimizer = torch.optim.Adam(self.actor.parameters())
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters())

    def learn(self, x, y):
        goal = y + 0.9 * self.critic(y)
        actor_loss = -(self.actor(x) * (goal - self.critic(x))).mean()
        self.actor_optimizer.zero_grad()
        actor_loss.backward(retain_graph=True)
        self.actor_optimizer.step()
        critic_loss = criterion(self.critic(x), goal)
        self.critic_optimizer.zero_grad()
        critic_loss.backward()
        self.critic_optimizer.step()

    def play(self, x, y):
        self.learn(x, y)
        if x.sum() > 0:
            self.learn(y, x)
