"""Shapes in which a zero_grad that stands too far out was reported, each with its fixed twin."""

import torch.nn.functional as F
from torch import nn, optim

# -- as reported in pytorch/pytorch#47175: at the beginning of each epoch -------------------------


def fit(model, loader, num_epochs, device):
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    criterion = nn.CrossEntropyLoss().to(device)
    for epoch in range(num_epochs):
        model.train()
        optimizer.zero_grad()  # XFR208
        running = 0.0
        for inputs, labels in loader:
            outputs = model(inputs.to(device))
            loss = criterion(outputs, labels.to(device))
            loss.backward()
            optimizer.step()
            running += loss.item() * inputs.size(0)
        print(epoch, running)


def fit_fixed(model, loader, num_epochs, device):
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    criterion = nn.CrossEntropyLoss().to(device)
    for epoch in range(num_epochs):
        model.train()
        running = 0.0
        for inputs, labels in loader:
            optimizer.zero_grad()
            outputs = model(inputs.to(device))
            loss = criterion(outputs, labels.to(device))
            loss.backward()
            optimizer.step()
            running += loss.item() * inputs.size(0)
        print(epoch, running)


# -- the same in a class whose epoch is a method --------------------------------------------------


class Solver:
    def __init__(self, net, loader):
        self.net, self.loader = net, loader
        self.opt = optim.Adam(net.parameters())

    def train_epoch(self):
        self.net.train()
        self.opt.zero_grad(set_to_none=True)
        for x, y in self.loader:
            loss = F.cross_entropy(self.net(x), y)
            loss.backward()  # XFR202
            self.opt.step()

    def train_epoch_fixed(self):
        self.net.train()
        for x, y in self.loader:
            self.opt.zero_grad(set_to_none=True)
            loss = F.cross_entropy(self.net(x), y)
            loss.backward()
            self.opt.step()
