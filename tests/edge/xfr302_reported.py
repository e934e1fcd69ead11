"""Shapes in which training that goes on in eval mode was reported, each with its fixed twin."""

import torch
import torch.nn.functional as F
from torch import nn, optim


def net():
    return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 2))


# -- as reported in wkentaro/pytorch-fcn#57: validation in the middle of an epoch -----------------


class Trainer:
    def __init__(self, model, train_loader, val_loader, interval_validate):
        self.model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout2d(), nn.Conv2d(4, 2, 1))
        self.optim = optim.SGD(self.model.parameters(), lr=1e-3)
        self.train_loader, self.val_loader = train_loader, val_loader
        self.interval_validate = interval_validate
        self.iteration = 0

    def validate(self):
        self.model.eval()  # XFR302
        total = 0.0
        for data, target in self.val_loader:
            with torch.no_grad():
                total += F.cross_entropy(self.model(data), target).item()
        return total

    def train_epoch(self):
        self.model.train()
        for data, target in self.train_loader:
            if self.iteration % self.interval_validate == 0:
                self.validate()
            self.iteration += 1
            self.optim.zero_grad()
            score = self.model(data)
            loss = F.cross_entropy(score, target)
            loss.backward()
            self.optim.step()


class TrainerFixed:
    def __init__(self, model, train_loader, val_loader, interval_validate):
        self.model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout2d(), nn.Conv2d(4, 2, 1))
        self.optim = optim.SGD(self.model.parameters(), lr=1e-3)
        self.train_loader, self.val_loader = train_loader, val_loader
        self.interval_validate = interval_validate
        self.iteration = 0

    def validate(self):
        self.model.eval()
        total = 0.0
        for data, target in self.val_loader:
            with torch.no_grad():
                total += F.cross_entropy(self.model(data), target).item()
        return total

    def train_epoch(self):
        self.model.train()
        for data, target in self.train_loader:
            if self.iteration % self.interval_validate == 0:
                self.validate()
                self.model.train()
            self.iteration += 1
            self.optim.zero_grad()
            score = self.model(data)
            loss = F.cross_entropy(score, target)
            loss.backward()
            self.optim.step()


# -- as reported in optuna/optuna#1725: train() stands above the loop over epochs -----------------


def objective(train_loader, valid_loader, epochs):
    model = net()
    optimizer = optim.Adam(model.parameters())
    model.train()
    for epoch in range(epochs):
        for data, target in train_loader:
            optimizer.zero_grad()
            output = model(data)
            loss = F.cross_entropy(output, target)
            loss.backward()
            optimizer.step()
        model.eval()  # XFR302
        correct = 0
        with torch.no_grad():
            for data, target in valid_loader:
                correct += (model(data).argmax(1) == target).sum().item()
    return correct


def objective_fixed(train_loader, valid_loader, epochs):
    model = net()
    optimizer = optim.Adam(model.parameters())
    for epoch in range(epochs):
        model.train()
        for data, target in train_loader:
            optimizer.zero_grad()
            output = model(data)
            loss = F.cross_entropy(output, target)
            loss.backward()
            optimizer.step()
        model.eval()
        correct = 0
        with torch.no_grad():
            for data, target in valid_loader:
                correct += (model(data).argmax(1) == target).sum().item()
    return correct


# -- as reported in ermongroup/ncsn#2: a peek at the test loss every hundred steps ----------------


def runner(loader, test_iter):
    score = net()
    optimizer = optim.Adam(score.parameters())
    step = 0
    for epoch in range(10):
        for i, (X, y) in enumerate(loader):
            step += 1
            score.train()
            loss = F.mse_loss(score(X), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 100 == 0:
                score.eval()
                with torch.no_grad():
                    print(F.mse_loss(score(next(test_iter)[0]), y))


def runner_once(loader, test_iter):
    score = net()
    optimizer = optim.Adam(score.parameters())
    step = 0
    score.train()
    for epoch in range(10):
        for i, (X, y) in enumerate(loader):
            step += 1
            loss = F.mse_loss(score(X), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 100 == 0:
                score.eval()  # XFR302
                with torch.no_grad():
                    print(F.mse_loss(score(next(test_iter)[0]), y))


# -- as reported in tk-rusch/coRNN#1: a test function above the loop, called inside it -------------

model = net()
objective_mse = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=0.01)


def test(x, y):
    model.eval()  # XFR302
    with torch.no_grad():
        return objective_mse(model(x), y).item()


def training(batches, x_test, y_test):
    model.train()
    for i, (x, y) in enumerate(batches):
        optimizer.zero_grad()
        out = model(x)
        loss = objective_mse(out, y)
        loss.backward()
        optimizer.step()
        if i % 100 == 0 and i != 0:
            print(test(x_test, y_test))


def training_fixed(batches, x_test, y_test):
    model.train()
    for i, (x, y) in enumerate(batches):
        optimizer.zero_grad()
        out = model(x)
        loss = objective_mse(out, y)
        loss.backward()
        optimizer.step()
        if i % 100 == 0 and i != 0:
            print(test(x_test, y_test))
            model.train()


# -- as reported in joeynmt/joeynmt#184: a predict function turns eval on ------------------------


def predict(model, batches):
    model.eval()  # XFR302
    with torch.no_grad():
        return [model(x) for x in batches]


class Manager:
    def __init__(self, valid):
        self.model = net()
        self.optimizer = optim.Adam(self.model.parameters())
        self.valid = valid

    def train_and_validate(self, batches, freq):
        for epoch in range(3):
            self.model.train()
            for step, (x, y) in enumerate(batches):
                self.optimizer.zero_grad()
                F.cross_entropy(self.model(x), y).backward()
                self.optimizer.step()
                if step % freq == 0:
                    self._validate()

    def _validate(self):
        return predict(self.model, self.valid)


class ManagerFixed:
    def __init__(self, valid):
        self.model = net()
        self.optimizer = optim.Adam(self.model.parameters())
        self.valid = valid

    def train_and_validate(self, batches, freq):
        for epoch in range(3):
            self.model.train()
            for step, (x, y) in enumerate(batches):
                self.optimizer.zero_grad()
                F.cross_entropy(self.model(x), y).backward()
                self.optimizer.step()
                if step % freq == 0:
                    self._validate()

    def _validate(self):
        said = predict(self.model, self.valid)
        self.model.train()
        return said
