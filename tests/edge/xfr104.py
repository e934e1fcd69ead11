from dataclasses import dataclass

import lightning
import torch
from torch import nn
from torch.nn import Module, Parameter


class Missing(Module):
    def __init__(self, width):
        self.width = width
        self.out = nn.Linear(width, 4)  # XFR104
        self.more = nn.ReLU()


class Late(nn.Module):
    def __init__(self, width):
        self.scale = Parameter(torch.ones(width))  # XFR104
        super(Late, self).__init__()


class LateByName(nn.Module):
    def __init__(self):
        self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU())  # XFR104
        nn.Module.__init__(self)


class Base(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.width = width


class Derived(Base):
    def __init__(self, width):
        self.head = Base(width)  # XFR104
        super().__init__(width)


class Lit(lightning.LightningModule):
    def __init__(self):
        self.net = Base(4)  # XFR104


class Buffer(nn.Module):
    def __init__(self, size):
        self.size = size
        self.register_buffer("mean", torch.zeros(size))  # XFR104


class ByHelper(nn.Module):
    def __init__(self, size):
        self.make(size)
        self.blocks = nn.ModuleList([make_block(size)])  # XFR104

    def make(self, size):
        self.size = size


def make_block(size):
    return REGISTRY["block"](size)


REGISTRY = {}


class NotCalled(nn.Module):
    def __init__(self):
        super().__init__
        self.out = nn.Linear(4, 4)  # XFR104


# -- first, or nothing to register before ----------------------------------------------------------


class First(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(4, 4)


class PlainFirst(nn.Module):
    def __init__(self, sizes, activation=torch.relu):
        self.sizes = list(sizes)
        self.activation = activation
        super().__init__()
        self.out = nn.Linear(4, 4)


class Either(nn.Module):
    def __init__(self, legacy):
        if legacy:
            nn.Module.__init__(self)
        else:
            super().__init__()
        self.out = nn.Linear(4, 4)


class Setup(nn.Module):
    def __init__(self):
        self.setup()
        self.out = nn.Linear(4, 4)

    def setup(self):
        super().__init__()


@dataclass(eq=False)
class Data(nn.Module):
    width: int = 4

    def __post_init__(self):
        super().__init__()
        self.out = nn.Linear(self.width, 4)


class Switched(nn.Module):
    call_super_init = True

    def __init__(self):
        self.out = nn.Linear(4, 4)


class NoInit(nn.Module):
    def forward(self, x):
        return x


class Holder:
    def __init__(self):
        self.out = nn.Linear(4, 4)
