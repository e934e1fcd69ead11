import torch
import torch.nn.functional as F
from torch import nn
from torch.nn import Parameter


class Computed(nn.Module):
    def __init__(self, size, device):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size)).to(device)  # XFR115
        self.shift = Parameter(torch.zeros(size)).cuda()  # XFR115
        self.kernel = 0.02 * nn.Parameter(torch.randn(size, size))  # XFR115
        self.gate = torch.sigmoid(nn.Parameter(torch.zeros(size)))  # XFR115
        self.mix = F.softmax(nn.Parameter(torch.zeros(size)), dim=0)  # XFR115
        self.row = nn.Parameter(torch.randn(size)).unsqueeze(0)  # XFR115
        self.back = nn.Parameter(torch.randn(size, 4)).T  # XFR115
        self.minus = -nn.Parameter(torch.ones(1))  # XFR115
        self.token = nn.Parameter(torch.randn(size)).float() if size > 2 else None  # XFR115
        weight = nn.Parameter(torch.randn(size, 4))  # XFR115
        self.weight = weight.to(device)


class Typed(Computed):
    def __init__(self, size, device):
        super().__init__(size, device)
        self.bias: torch.Tensor = nn.Parameter(torch.zeros(size)) + 1.0  # XFR115


# -- the same, inside, and what is meant so --------------------------------------------------------


class Inside(nn.Module):
    def __init__(self, size, device):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size).to(device))
        self.kernel = nn.Parameter(0.02 * torch.randn(size, size))
        self.gate = nn.Parameter(torch.sigmoid(torch.zeros(size)))
        self.row = nn.Parameter(torch.randn(size).unsqueeze(0))
        self.token = nn.Parameter(torch.randn(size)) if size > 2 else None
        weight = nn.Parameter(torch.randn(size, 4))
        self.weight = weight

    def forward(self, x):
        return x * self.scale.to(x.dtype) * 2


class OnPurpose(nn.Module):
    def __init__(self, size, device):
        super().__init__()
        self.fixed = nn.Parameter(torch.ones(size)).requires_grad_(False)
        self.frozen = nn.Parameter(torch.ones(size), requires_grad=False).to(device)
        self.values = nn.Parameter(torch.ones(size)).data
        self.copied = nn.Parameter(torch.ones(size)).detach()
        self.kernel = nn.init.xavier_uniform_(nn.Parameter(torch.empty(size, size)))
        self.layers = nn.ParameterList([nn.Parameter(torch.ones(1)) for _ in range(size)])
        self.wrapped = wrap(nn.Parameter(torch.ones(1)))


def wrap(parameter):
    return parameter


class Later(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.w = nn.Parameter(torch.randn(size)) * 0.1
        self.w = nn.Parameter(self.w)
        self.v = nn.Parameter(torch.randn(size)) * 0.1
        self.optimizer = torch.optim.SGD([self.v], lr=0.1)


class Plain:
    def __init__(self, size):
        self.w = nn.Parameter(torch.randn(size)) * 0.1


def draw(size):
    w = nn.Parameter(torch.randn(size)) * 0.1
    return w
