"""Shapes in which best weights that are the last ones were reported, each with its fixed twin."""

from copy import deepcopy

import torch.nn.functional as F
from torch import nn, optim

# -- as reported in WenjieDu/PyPOTS#667: an attribute of a base class ------------------------------


class BaseModel:
    def __init__(self):
        self.model = nn.Linear(4, 1)
        self.optimizer = optim.Adam(self.model.parameters())
        self.best_model_dict = None
        self.best_loss = float("inf")

    def _train_model(self, loader):
        for epoch in range(10):
            total = 0.0
            for x, y in loader:
                self.optimizer.zero_grad()
                loss = F.mse_loss(self.model(x), y)
                loss.backward()
                self.optimizer.step()
                total += loss.item()
            if total < self.best_loss:
                self.best_loss = total
                self.best_model_dict = self.model.state_dict()  # XFR701
        self.model.load_state_dict(self.best_model_dict)

    def _train_model_fixed(self, loader):
        for epoch in range(10):
            total = 0.0
            for x, y in loader:
                self.optimizer.zero_grad()
                loss = F.mse_loss(self.model(x), y)
                loss.backward()
                self.optimizer.step()
                total += loss.item()
            if total < self.best_loss:
                self.best_loss = total
                self.best_model_dict = deepcopy(self.model.state_dict())
        self.model.load_state_dict(self.best_model_dict)


# -- as reviewed in WMD-group/SMACT#601: a copy of the dictionary, not of the tensors --------------


def train_model(model, train_loader, val_loader, validate):
    optimizer = optim.Adam(model.parameters())
    best_val_loss = float("inf")
    best_state_dict = None
    for epoch in range(100):
        for x, y in train_loader:
            optimizer.zero_grad()
            F.l1_loss(model(x), y).backward()
            optimizer.step()
        val_loss = validate(model, val_loader)
        if val_loss < best_val_loss:
            best_val_loss = val_loss
            best_state_dict = model.state_dict().copy()  # XFR701
    model.load_state_dict(best_state_dict)
    return model


def train_model_fixed(model, train_loader, val_loader, validate):
    optimizer = optim.Adam(model.parameters())
    best_val_loss = float("inf")
    best_state_dict = None
    for epoch in range(100):
        for x, y in train_loader:
            optimizer.zero_grad()
            F.l1_loss(model(x), y).backward()
            optimizer.step()
        val_loss = validate(model, val_loader)
        if val_loss < best_val_loss:
            best_val_loss = val_loss
            best_state_dict = {k: v.detach().clone() for k, v in model.state_dict().items()}
    model.load_state_dict(best_state_dict)
    return model


# -- as reported in asappresearch/flambe#168: cpu() of a tensor on the CPU is the tensor -----------


def keeps_on_the_cpu(model, batches):
    optimizer = optim.Adam(model.parameters())
    best, lowest = None, 1e9
    for x, y in batches:
        optimizer.zero_grad()
        loss = F.l1_loss(model(x), y)
        loss.backward()
        optimizer.step()
        if loss.item() < lowest:
            lowest = loss.item()
            best = {k: t.cpu().detach() for k, t in model.state_dict().items()}
    model.load_state_dict(best)


# -- as reported in zhangj111/astnn#8: the model itself --------------------------------------------


def best_of(model, batches, accuracy):
    optimizer = optim.Adamax(model.parameters())
    best_model, best_acc = model, 0.0
    for x, y in batches:
        model.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        acc = accuracy(model)
        if acc > best_acc:
            best_acc = acc
            best_model = model  # XFR701
    return best_model


def best_of_fixed(model, batches, accuracy):
    optimizer = optim.Adamax(model.parameters())
    best_model, best_acc = model, 0.0
    for x, y in batches:
        model.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        acc = accuracy(model)
        if acc > best_acc:
            best_acc = acc
            best_model = deepcopy(model)
    return best_model
