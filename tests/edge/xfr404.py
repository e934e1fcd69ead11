import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.functional import nll_loss as nll


class Probabilities(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        return self.softmax(self.fc(x))


class LogProbabilities(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        return F.log_softmax(self.fc(x), dim=-1)


class Logits(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        return self.fc(x)


def at_the_loss(z, y, weight):
    a = F.nll_loss(F.softmax(z, dim=1), y)  # XFR404
    b = nll(torch.softmax(z, 1), y, weight=weight)  # XFR404
    c = nn.NLLLoss()(z.softmax(-1), y)  # XFR404
    d = nn.functional.nll_loss(input=nn.Linear(8, 4)(z), target=y)  # XFR404
    e = F.nll_loss(z.sigmoid(), y, reduction="sum")  # XFR404
    return a + b + c + d + e


def harmless(z, y):
    a = F.nll_loss(F.log_softmax(z, dim=1), y)
    b = nll(torch.log(F.softmax(z, dim=1)), y)
    c = nn.NLLLoss()(z.log_softmax(-1), y)
    d = F.nll_loss(z, y)
    e = F.nll_loss(F.logsigmoid(z), y)
    f = F.nll_loss(torch.log(F.softmax(z, dim=1) + 1e-8), y)
    return a + b + c + d + e + f


def train(loader, flag):
    criterion = nn.NLLLoss(ignore_index=0)
    net, right, raw = Probabilities(), LogProbabilities(), Logits()
    either = right if flag else raw
    for x, y in loader:
        criterion(net(x), y).backward()  # XFR404
        criterion(raw(x).view(-1, 4), y).backward()  # XFR404
        criterion(right(x), y).backward()
        criterion(either(x), y).backward()
        criterion(F.log_softmax(raw(x), dim=1), y).backward()


class Trainer:
    def __init__(self, model=None, criterion=None):
        self.model = model or Logits()
        self.criterion = criterion or nn.NLLLoss()

    def step(self, x, y):
        return self.criterion(self.model(x), y)  # XFR404


class Lit(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 4), nn.LogSoftmax(dim=1))
        self.wrong = nn.Sequential(nn.Linear(8, 4), nn.Softmax(dim=1))
        self.loss = nn.NLLLoss()

    def training_step(self, batch, index):
        x, y = batch
        return self.loss(self.body(x), y) + self.loss(self.wrong(x), y)  # XFR404
