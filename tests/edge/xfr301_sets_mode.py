import torch
from torch import nn


def build():
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8))


def learn(model, x, y, learning):
    model.train(learning)
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    with torch.no_grad():
        for pair in x.split(2):
            print(model(pair))


learn(build(), torch.ones(4, 4), torch.ones(4).long(), True)
