import lightning
import torch
from torch import nn


class Flags(nn.Module):
    def __init__(self, train=True, eval=False, apply=0.5):
        super().__init__()
        self.train = train  # XFR113
        self.eval = eval  # XFR113
        self.apply = apply  # XFR113
        self.children = []  # XFR113
        self.parameters = {"width": 4}  # XFR113
        self.float = not train  # XFR113


class Layers(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.modules = nn.ModuleList([nn.Linear(width, width)])  # XFR113
        self.type = nn.Embedding(4, width)  # XFR113
        self.half = Flags()  # XFR113


class Derived(Layers):
    def set_up(self):
        self.state_dict = [1, 2]  # XFR113


class Lit(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.to = "cpu"  # XFR113


# -- free names, functions, and the class' own -----------------------------------------------------


class Free(nn.Module):
    def __init__(self, train, fast=False):
        super().__init__()
        self.training = True
        self.name = "free"
        self.layers = nn.ModuleList()
        self.type = "conv"
        self.modules = [1, 2]
        self.train_flag = train
        self.train = train
        self.forward = self.fast if fast else self.slow
        self.eval = lambda: self

    def fast(self, x):
        return x

    def slow(self, x):
        return x


class Again(nn.Module):
    def __init__(self, thetas):
        super().__init__()
        self.parameters = []
        self.parameters.extend(thetas)
        self.parameters = nn.ParameterList(self.parameters)


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.apply = True

    @property
    def apply(self):
        return self.applied

    @apply.setter
    def apply(self, value):
        self.applied = value


class Plain:
    def __init__(self):
        self.train = True
        self.modules = nn.ModuleList()


def switch(net):
    net.train = torch.tensor(1)
