"""Shapes in which hooks that do not run were reported, each with its fixed twin."""

import torch
from torch import nn

# -- as in mlfoundations/open_flamingo#91: by its forward, no hook in sight (a matter of taste) --------


def train(loader, rank):
    net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    model = nn.parallel.DistributedDataParallel(net, device_ids=[rank])
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model.forward(x), y)  # XFR921
        loss.backward()
        optimizer.step()


def train_fixed(loader, rank):
    net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    model = nn.parallel.DistributedDataParallel(net, device_ids=[rank])
    optimizer = torch.optim.Adam(model.parameters())
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()


# -- as reported in allenai/allennlp#456: hooks are added, then predictions made -------------------------


def features(x):
    found = []
    model = nn.Sequential(nn.Linear(8, 4), nn.ReLU())
    model.register_forward_hook(lambda module, given, out: found.append(out))
    model.forward(x)  # XFR110
    return found


def features_fixed(x):
    found = []
    model = nn.Sequential(nn.Linear(8, 4), nn.ReLU())
    model.register_forward_hook(lambda module, given, out: found.append(out))
    model(x)
    return found
