import torch
from torch import nn

from elsewhere import forward_pass

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def forward_under_no_grad(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        with torch.no_grad():
            out = net(x)
        loss = criterion(out, y)
        loss.backward()  # XFR222
        opt.step()


@torch.no_grad()
def decorated(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()  # XFR222
        opt.step()


def everything_inside(net, opt, loader):
    with torch.inference_mode():
        for x, y in loader:
            opt.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()  # XFR222
            opt.step()


def detached(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        out = net(x).detach()
        criterion(out, y).backward()  # XFR222
        opt.step()


def classes_compared(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        predicted = torch.argmax(net(x), dim=1).float()
        loss = criterion(predicted, y)
        loss.backward()  # XFR222
        opt.step()


def data_of_the_loss(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y).data
        loss.backward()  # XFR222
        opt.step()


class Trainer:
    def __init__(self, net, opt):
        self.net, self.opt = net, opt

    @torch.no_grad()
    def loss(self, x, y):
        return criterion(self.net(x), y)

    def step(self, x, y):
        loss = self.loss(x, y)
        self.opt.zero_grad()
        loss.backward()  # XFR222
        self.opt.step()


notebook_net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(notebook_net.parameters(), lr=0.1)
train_loader = [torch.randn(2, 8, 4)]
with torch.no_grad():
    for x, y in train_loader:
        optimizer.zero_grad()
        y_hat = notebook_net(x)
        loss = criterion(y_hat, y)
        loss.backward()  # XFR222
        optimizer.step()


# -- right, or not to be judged ------------------------------------------------------------------------


def with_gradients(net, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        opt.step()


def only_backward_inside(net, opt, x, y):
    opt.zero_grad()
    loss = criterion(net(x), y)
    with torch.no_grad():
        loss.backward()
    opt.step()


@torch.no_grad()
def enabled_again(net, opt, x, y):
    opt.zero_grad()
    with torch.enable_grad():
        loss = criterion(net(x), y)
    loss.backward()
    opt.step()


@torch.no_grad()
def closure_of_an_optimizer(net, opt, x, y, closure):
    with torch.set_grad_enabled(True):
        loss = closure()
        loss.backward()
        criterion(net(x), y).backward()


def features_are_frozen(backbone, head, opt, loader):
    for x, y in loader:
        opt.zero_grad()
        with torch.no_grad():
            features = backbone(x)
        loss = criterion(head(features), y)
        loss.backward()
        opt.step()


def stop_gradient(net, opt, z):
    opt.zero_grad()
    code = net(z)
    loss = criterion(code.detach(), z) + criterion(code, z.detach())
    loss.backward()
    opt.step()


def commitment(net, opt, z):
    opt.zero_grad()
    code = net(z)
    loss = criterion(code.detach(), z)
    loss.backward()
    opt.step()


def unseen(net, opt, x, y):
    opt.zero_grad()
    loss = forward_pass(net, x, y)
    loss.backward()
    opt.step()


def filled(net, opt, loader):
    for x, y in loader:
        losses = []
        for part in x:
            losses.append(criterion(net(part), y))
        opt.zero_grad()
        loss = sum(losses) + net(x).detach().mean()
        loss.backward()
        opt.step()


def switched(net, opt, x, y, training):
    with torch.set_grad_enabled(training):
        loss = criterion(net(x), y)
    loss.backward()
    opt.step()


def temperature(net, loader):
    log_alpha = torch.zeros(1, requires_grad=True)
    opt = torch.optim.Adam([log_alpha])
    for x, y in loader:
        loss = (log_alpha.exp() * net(x).detach()).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()


def code_is_optimised(net, x):
    code = net(x).detach()
    code.requires_grad = True
    loss = code.pow(2).mean()
    loss.backward()
    other = net(x).detach().requires_grad_()
    other.pow(2).mean().backward()
    return code.grad, other.grad
