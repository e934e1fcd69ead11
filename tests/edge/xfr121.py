import torch
import torch.nn.functional as F
from torch import nn

from mylayers import Linear as MyLinear

ACT = "gelu"


class Net(nn.Module):
    def __init__(self, activation="relu", use_bias=True, norm=None, cfg=None, act=nn.ReLU):
        super().__init__()
        self.a = nn.Linear(8, 4, "relu")  # XFR121
        self.b = nn.Linear(8, 4, bias="tanh")  # XFR121
        self.c = nn.Linear(8, 4, F.relu)  # XFR121
        self.d = nn.Linear(8, 4, nn.ReLU())  # XFR121
        self.e = nn.Linear(8, 4, nn.Tanh)  # XFR121
        self.f = nn.Linear(8, 4, torch.sigmoid)  # XFR121
        self.g = nn.Linear(8, 4, activation)  # XFR121
        self.h = nn.Linear(8, 4, ACT)  # XFR121
        self.i = nn.Linear(8, 4, act())
        self.j = nn.Conv2d(3, 8, 3, bias=F.relu)  # XFR121
        self.k = nn.LazyLinear(4, "relu")  # XFR121
        self.right = nn.ModuleList(
            [
                nn.Linear(8, 4),
                nn.Linear(8, 4, True),
                nn.Linear(8, 4, use_bias),
                nn.Linear(8, 4, bias=norm is None),
                nn.Linear(8, 4, bias=not norm),
                nn.Linear(8, 4, cfg.bias),
                nn.Linear(8, 4, bool(activation)),
                nn.Linear(8, 4, bias=""),
                nn.Linear(8, 4, None),
                MyLinear(8, 4, "relu"),
                nn.Sequential(nn.Linear(8, 4), nn.ReLU()),
            ]
        )


# notebook style
net = nn.Sequential(nn.Linear(784, 128, "relu"), nn.Linear(128, 10, "softmax"))  # XFR121
net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
