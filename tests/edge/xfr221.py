import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def losses_in_a_tensor(net, opt, parts):
    opt.zero_grad()
    total = torch.tensor([criterion(net(x), y) for x, y in parts]).mean()  # XFR221
    total.backward()
    opt.step()


def float_tensor(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        a = F.mse_loss(net(x), y)
        b = F.l1_loss(net(x), y)
        loss = torch.FloatTensor([a, b]).sum()  # XFR221
        loss.backward()
        opt.step()


def one_loss_of_two(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        main_loss = criterion(net(x), y)
        aux_loss = torch.tensor(F.l1_loss(net(x), y))  # XFR221
        loss = main_loss + 0.1 * aux_loss
        loss.backward()
        opt.step()


def outputs_copied(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        out = torch.tensor(net(x))  # XFR221
        loss = criterion(out, y)
        loss.backward()
        opt.step()


def through_numpy(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        out = net(x).detach().numpy()
        out = torch.from_numpy(np.clip(out, 0, 1))  # XFR221
        loss = criterion(out, y)
        loss.backward()
        opt.step()


class Trainer:
    def __init__(self, net, opt):
        self.net, self.opt = net, opt

    def step(self, x, y, z):
        first = criterion(self.net(x), y)
        second = criterion(self.net(x), z)
        losses = torch.Tensor([first, second])  # XFR221
        loss = losses.max()
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()


# -- right, or not to be judged ------------------------------------------------------------------------


def stacked(net, opt, parts):
    opt.zero_grad()
    torch.stack([criterion(net(x), y) for x, y in parts]).mean().backward()
    opt.step()


def target_values(net, target_net, opt, loader):
    for state, reward, following in loader:
        with torch.no_grad():
            best = target_net(following).max(1)[0]
        goal = torch.tensor(reward + 0.99 * best.numpy())
        loss = criterion(net(state), goal)
        opt.zero_grad()
        loss.backward()
        opt.step()


def logged(net, opt, loader):
    history = []
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()
        history.append(loss.item())
    return torch.tensor(history).mean()


def weighted_by_numbers(net, opt, x, y, scale):
    opt.zero_grad()
    weight = torch.tensor([scale, 1.0]).sum()
    loss = weight * criterion(net(x), torch.tensor(y))
    loss.backward()
    opt.step()


def advantage(net, critic, opt, state, returns):
    opt.zero_grad()
    values = critic(state)
    gain = torch.tensor(returns - values.item())
    loss = -(net(state) * gain).mean()
    loss.backward()
    opt.step()
