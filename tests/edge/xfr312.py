import keras
import torch
import torchvision
from torch import nn


class Net(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(p))

    def forward(self, x):
        return self.body(x)

    def train(self, mode=True):
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.training = True
        self.body = nn.Linear(4, 4)

    def forward(self, x):
        return self.body(x) + torch.randn(4) if self.training else self.body(x)


class Noisy(Mixed):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)


class Runner:
    def __init__(self, model=None):
        self.model = Net()
        self.given = model

    def evaluate(self, x):
        self.model.training = False  # XFR312
        self.given.training = False
        self.training = False
        return self.model(x)

    def evaluate_rightly(self, x):
        self.model.eval()
        return self.model(x)


def by_annotation(net: nn.Module, x):
    before = net.training
    net.training = False  # XFR312
    out = net(x)
    net.training = before  # XFR312
    return out


def by_hand(net: nn.Module):
    net.training = False
    for child in net.children():
        by_hand(child)


def each(net):
    for module in net.modules():
        module.training = False


def zoo(x):
    model = torchvision.models.resnet18()
    model.training = False  # XFR312
    model.layer1.training = True  # XFR312
    return model(x)


def alone(x):
    drop, norm = nn.Dropout(0.5), nn.BatchNorm1d(4)
    drop.training = norm.training = False
    plain = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    plain.training = False
    own, noisy = Mixed(), Noisy()
    own.training = False
    noisy.training = False  # XFR312
    return norm(drop(x))


def in_keras(x):
    base = keras.applications.ResNet50()
    base.training = False  # XFR312
    for layer in base.layers:
        layer.training = False  # XFR312
    return base(x, training=False)


class Stateful(keras.Model):
    training = False

    def call(self, x):
        return x * 2 if self.training else x


def own_flag(x):
    model = Stateful()
    model.training = True
    return model(x)


parallel = nn.DataParallel(Net())
parallel.module.training = False  # XFR312
parallel.training, flag = False, True
