"""Shapes in which a softmax before a cross-entropy was reported, each with its fixed twin."""

import torch
import torch.nn.functional as F
from torch import nn, optim

# -- as reported in jindongwang/Deep-learning-activity-recognition#10 -----------------------------


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(9, 32, (1, 9)), nn.ReLU(), nn.MaxPool2d((1, 2), 2))
        self.fc1 = nn.Sequential(nn.Linear(32 * 60, 1000), nn.ReLU())
        self.fc2 = nn.Sequential(nn.Linear(1000, 6))

    def forward(self, x):
        out = self.conv1(x)
        out = out.reshape(-1, 32 * 60)
        out = self.fc1(out)
        out = self.fc2(out)
        out = F.softmax(out, dim=1)
        return out


class NetworkFixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(9, 32, (1, 9)), nn.ReLU(), nn.MaxPool2d((1, 2), 2))
        self.fc1 = nn.Sequential(nn.Linear(32 * 60, 1000), nn.ReLU())
        self.fc2 = nn.Sequential(nn.Linear(1000, 6))

    def forward(self, x):
        out = self.conv1(x)
        out = out.reshape(-1, 32 * 60)
        out = self.fc1(out)
        return self.fc2(out)


def train(model, optimizer, train_loader, device):
    criterion = nn.CrossEntropyLoss()
    for sample, target in train_loader:
        sample, target = sample.to(device).float(), target.to(device).long()
        output = model(sample)
        loss = criterion(output, target)  # XFR401
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def train_fixed(model, optimizer, train_loader, device):
    criterion = nn.CrossEntropyLoss()
    for sample, target in train_loader:
        sample, target = sample.to(device).float(), target.to(device).long()
        output = model(sample)
        loss = criterion(output, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def main(loader, device):
    model = Network().to(device)
    train(model, optim.SGD(model.parameters(), lr=0.1), loader, device)
    fixed = NetworkFixed().to(device)
    train_fixed(fixed, optim.SGD(fixed.parameters(), lr=0.1), loader, device)


# -- as reported in speedinghzl/Pytorch-Deeplab#2 and bhanML/Co-teaching#4: a log_softmax twice ---
# changes no number, so it is left alone here


def loss_calc(pred, label):
    pred = nn.LogSoftmax(dim=1)(pred)
    return F.cross_entropy(pred, label)


# -- as reported in Lightning-Universe/lightning-bolts#654 ----------------------------------------


class LogisticRegression(nn.Module):
    def __init__(self, input_dim, num_classes):
        super().__init__()
        self.linear = nn.Linear(input_dim, num_classes)

    def forward(self, x):
        return F.softmax(self.linear(x), dim=-1)

    def training_step(self, batch):
        x, y = batch
        y_hat = self(x)
        return F.cross_entropy(y_hat, y)  # XFR401


class LogisticRegressionFixed(nn.Module):
    def __init__(self, input_dim, num_classes):
        super().__init__()
        self.linear = nn.Linear(input_dim, num_classes)

    def forward(self, x):
        return self.linear(x)

    def training_step(self, batch):
        x, y = batch
        y_hat = self(x)
        return F.cross_entropy(y_hat, y)


# -- as reported in runame/laplace-redux#1: a stack whose last module is the softmax --------------


def last_module(x, y):
    layers = [nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)]
    layers.append(nn.Softmax(dim=1))
    net = nn.Sequential(*layers)
    wrong = nn.CrossEntropyLoss()(net(x), y)  # XFR401
    layers = [nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)]
    net = nn.Sequential(*layers)
    right = nn.CrossEntropyLoss()(net(x), y)
    return wrong, right


# -- as reported in nishnik/Deep-Semantic-Similarity-Model-PyTorch#2: similarities, then a softmax


class Similarity(nn.Module):
    def __init__(self, gamma):
        super().__init__()
        self.query, self.doc = nn.Linear(30, 8), nn.Linear(30, 8)
        self.learn_gamma = nn.Conv1d(1, 1, 1)

    def forward(self, q, docs):
        q_s = self.query(q)
        dots = [F.cosine_similarity(q_s, self.doc(d)) for d in docs]
        dots = torch.stack(dots)
        with_gamma = self.learn_gamma(dots)
        prob = F.softmax(with_gamma, dim=1)
        return prob


def similarity_training(q, docs, y):
    model = Similarity(10)
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(4):
        y_pred = model(q, docs)
        loss = criterion(y_pred, y)  # XFR401
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
