import torch
from torch import nn

from .steps import Base, clear, train_step


def main(batches):
    model = nn.Linear(4, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in batches:
        train_step(model, opt, x, y)  # XFR202


def cleared(batches):
    model = nn.Linear(4, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in batches:
        clear(model)
        train_step(model, opt, x, y)


class Trainer(Base):
    def fit(self, batches):
        for x, y in batches:
            self.update((self.model(x) - y).pow(2).mean())  # XFR202

    def fit_cleared(self, batches):
        for x, y in batches:
            self.clear()
            self.update((self.model(x) - y).pow(2).mean())
