from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn import Conv2d, Linear

import mylayers
from mylayers import Embedding


class Net(nn.Module):
    def __init__(self, units, options):
        super().__init__()
        self.a = nn.Linear(64)  # XFR119
        self.b = nn.Linear(units, activation="relu")  # XFR119
        self.c = nn.Linear(8, 4, activation=F.relu)  # XFR119
        self.d = Conv2d(32, 3)  # XFR119
        self.e = nn.Conv2d(32, (3, 3), padding="same", activation="relu")  # XFR119
        self.f = nn.Conv2d(3, 32, 3, strides=2)  # XFR119
        self.g = nn.Conv1d(3, 32, 3, padding="causal")  # XFR119
        self.h = nn.LSTM(64)  # XFR119
        self.i = nn.LSTM(8, 64, return_sequences=True)  # XFR119
        self.j = nn.BatchNorm2d()  # XFR119
        self.k = nn.Dropout(rate=0.5)  # XFR119
        self.l = nn.MaxPool2d(pool_size=2)  # XFR119
        self.m = nn.Embedding(100, 8, mask_zero=True)  # XFR119
        self.n = nn.Softmax(axis=-1)  # XFR119
        self.o = nn.LayerNorm(8, epsilon=1e-6)  # XFR119
        self.p = nn.Conv2d(filters=32, kernel_size=3)  # XFR119
        self.q = Linear(10, name="logits")  # XFR119
        self.r = nn.LazyConv2d(32, 3, use_bias=False)  # XFR119


class Right(nn.Module):
    def __init__(self, units, options):
        super().__init__()
        self.a = nn.LazyLinear(64)
        self.b = nn.Linear(units, 4)
        self.c = nn.Sequential(nn.Linear(8, 4), nn.ReLU())
        self.d = Conv2d(3, 32, 3)
        self.e = nn.LazyConv2d(32, (3, 3), padding="same")
        self.f = nn.Conv2d(3, 32, 3, stride=2)
        self.g = nn.Conv1d(3, 32, 3, padding="valid")
        self.h = nn.LSTM(8, 64)
        self.i = nn.LSTM(**options)
        self.j = nn.BatchNorm2d(*options)
        self.k = nn.Dropout(p=0.5)
        self.l = nn.MaxPool2d(kernel_size=2)
        self.m = Embedding(100, mask_zero=True)
        self.n = partial(nn.Linear, 64)
        self.o = mylayers.Linear(64, activation="relu")
        self.p = nn.Linear(8, 4, unheard_of=True)


class Dense(nn.Linear):
    def __init__(self, units, activation=None):
        super().__init__(8, units)


# notebook style
model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.Linear(10))  # XFR119
model = torch.nn.Sequential(Dense(10, activation="relu"))
with pytest.raises(TypeError):
    nn.Linear(64)
