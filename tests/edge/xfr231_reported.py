"""Shapes in which a method that is named, not called, was reported, each with its fixed twin."""

import torch
from torch import nn, optim

# -- a whole loop without parentheses, as a page on training from Keras' point of view prints it -------


def fit(X, y):
    model = nn.Linear(1, 1)
    criterion = nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for epoch in range(100):
        optimizer.zero_grad  # XFR231
        outputs = model(X)
        loss = criterion(outputs, y)
        loss.backward  # XFR231
        optimizer.step  # XFR231
    return model


def fit_fixed(X, y):
    model = nn.Linear(1, 1)
    criterion = nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for epoch in range(100):
        optimizer.zero_grad()
        outputs = model(X)
        loss = criterion(outputs, y)
        loss.backward()
        optimizer.step()
    return model


class Evaluation:
    def __init__(self, net):
        self.net = net

    def run(self, loader):
        self.net.eval  # XFR231
        with torch.no_grad():
            return [self.net(x) for x in loader]

    def run_fixed(self, loader):
        self.net.eval()
        with torch.no_grad():
            return [self.net(x) for x in loader]
