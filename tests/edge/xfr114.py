import lightning
import torch
from torch import nn
from torch.autograd import Variable


class Made(nn.Module):
    def __init__(self, size, device):
        super().__init__()
        self.scale = torch.ones(size, requires_grad=True)  # XFR114
        self.shift = torch.zeros(size, device=device).requires_grad_()  # XFR114
        self.mixture = torch.randn(size, 4, requires_grad=True).to(device)  # XFR114
        self.small = 0.01 * torch.randn(size, 4, requires_grad=True)  # XFR114
        self.alpha = torch.tensor([0.5, -1.0], requires_grad=True)  # XFR114
        self.old = Variable(torch.rand(size), requires_grad=True)  # XFR114

    def forward(self, x):
        x = x * self.scale + self.shift + self.alpha[0] * self.old
        return x @ (self.mixture + self.small)


class Derived(Made):
    def __init__(self, size, device):
        super().__init__(size, device)
        bias = torch.zeros(4, requires_grad=True)  # XFR114
        self.bias = bias

    def forward(self, x):
        return super().forward(x) + self.bias


class Lit(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 1)
        self.temperature = torch.ones(1, requires_grad=True)  # XFR114

    def training_step(self, batch, index):
        return (self.net(batch) / self.temperature).mean()


# -- the same, registered, and what is no weight ---------------------------------------------------


class Registered(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size, requires_grad=True))
        self.shift = torch.zeros(size, requires_grad=True)
        self.shift = nn.Parameter(self.shift)
        self.register_parameter("w", nn.Parameter(torch.ones(size)))
        self.register_buffer("mask", torch.ones(size))
        self.fixed = torch.ones(size)  # XFR905

    def forward(self, x):
        return (x * self.scale + self.shift) * self.fixed


class Handed(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.w = torch.randn(size, requires_grad=True)
        self.b = torch.zeros(1, requires_grad=True)
        self.prompt = torch.zeros(size, requires_grad=True)

    def forward(self, x):
        return x @ self.w + self.b + self.prompt


net = Handed(4)
optimizer = torch.optim.SGD([net.w, net.b], lr=0.1)
slope = torch.autograd.grad(net(torch.ones(4)).sum(), net.prompt)


class Physics(nn.Module):
    def __init__(self, x, width):
        super().__init__()
        self.points = torch.tensor(x[:, 0:1], requires_grad=True)
        self.h0 = torch.zeros(1, width, requires_grad=True)
        self.hidden = torch.zeros(1, width, requires_grad=True)
        self.unused = torch.zeros(1, requires_grad=True)
        self.first = torch.ones(2, requires_grad=True).detach()
        self.stopped = torch.ones(2, requires_grad=False)

    def forward(self, x):
        return x * self.points + self.h0 + self.hidden + self.first + self.stopped


class OwnParameters(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.w = torch.randn(size, requires_grad=True)

    def parameters(self, recurse=True):
        yield self.w

    def forward(self, x):
        return x * self.w


class Plain:
    def __init__(self, size):
        self.w = torch.randn(size, requires_grad=True)

    def forward(self, x):
        return x * self.w
