import torch
from torch import nn
from torch.autograd import Variable

from elsewhere import distance

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def in_one_line(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        loss = torch.tensor(criterion(net(x), y).item(), requires_grad=True)
        loss.backward()  # XFR220
        opt.step()


def variable(net, opt, loader):
    for x, y in loader:
        loss = criterion(net(x), y)
        loss = Variable(loss.data, requires_grad=True)
        opt.zero_grad()
        loss.backward()  # XFR220
        opt.step()


def detached_and_back(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y).detach().requires_grad_()
        loss.backward()  # XFR220
        opt.step()


def attribute(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        predicted = net(x).argmax(1).float()
        loss = criterion(predicted, y)
        loss.requires_grad = True
        loss.backward()  # XFR220
        opt.step()


def through_numpy(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        out = net(x).detach().numpy()
        loss = torch.FloatTensor([((out - y) ** 2).mean()])
        loss.requires_grad_(True)
        loss.backward()  # XFR220
        opt.step()


class Trainer:
    def __init__(self, net, opt):
        self.net, self.opt = net, opt

    def loss(self, x, y):
        return torch.tensor(criterion(self.net(x), y), requires_grad=True)

    def step(self, x, y):
        self.opt.zero_grad()
        loss = self.loss(x, y)
        loss.backward()  # XFR220
        self.opt.step()


def under_no_grad(net, opt, x, y):
    with torch.no_grad():
        loss = criterion(net(x), y)
    loss.requires_grad_()
    opt.zero_grad()
    loss.backward()  # XFR220
    opt.step()


# -- right, or not to be judged ------------------------------------------------------------------------


def the_loss_itself(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.requires_grad_(True)
        loss.backward()
        opt.step()


def adversarial(net, x, y):
    attacked = torch.tensor(x.numpy(), requires_grad=True)
    loss = criterion(net(attacked), y)
    loss.backward()
    return attacked.grad


def attacked_in_place(net, x, y):
    image = net(x).detach().requires_grad_()
    distance(image, y).backward()
    return image.grad


def toy():
    w = torch.tensor(2.0, requires_grad=True)
    loss = w**2
    loss.backward()
    v = torch.tensor([1.0, 2.0], requires_grad=True)
    v.sum().backward()
    return w.grad


def another_term(net, opt, x, y):
    opt.zero_grad()
    known = torch.tensor(criterion(net(x), y).item(), requires_grad=True)
    loss = known + criterion(net(y), x)
    loss.backward()
    opt.step()
