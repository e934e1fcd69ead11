"""Shapes in which gradients cleared before their use were reported, each with its fixed twin."""

import torch.nn.functional as F
from torch import optim

# -- as reported in sacmehta/EdgeNets#14: after backward(), with a scheduler's step between ------------


def train_seg(model, dataset_loader, optimizer, criterion, device):
    model.train()
    for inputs, target in dataset_loader:
        outputs = model(inputs.to(device))
        loss = criterion(outputs, target.to(device)).mean()
        loss.backward()
        optimizer.zero_grad()  # XFR205
        optimizer.step()


def train_seg_fixed(model, dataset_loader, optimizer, criterion, device):
    model.train()
    for inputs, target in dataset_loader:
        outputs = model(inputs.to(device))
        loss = criterion(outputs, target.to(device)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# -- as asked in pytorch/tutorials#2799 and many more: behind the step, which is right -------------------


def quickstart(model, batches):
    optimizer = optim.SGD(model.parameters(), lr=1e-3)
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


# -- as asked in patrickloeber/pytorchTutorial#19: between the loss and backward(), which is right -------


def between(model, batches):
    optimizer = optim.SGD(model.parameters(), lr=1e-3)
    for x, y in batches:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# -- the module is cleared, in a method ----------------------------------------------------------------


class Learner:
    def __init__(self, net):
        self.net = net
        self.opt = optim.Adam(self.net.parameters())

    def learn(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        loss.backward()
        self.net.zero_grad()  # XFR205
        self.opt.step()

    def learn_fixed(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        self.net.zero_grad()
        loss.backward()
        self.opt.step()
