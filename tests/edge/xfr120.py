from collections import OrderedDict

import flax.linen as flax_nn
import keras
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn import CrossEntropyLoss, ReLU, Sequential


class Net(nn.Module):
    def __init__(self, dim=1, inplace=True, weights=None):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.a = nn.Sequential(nn.Linear(4, 4), F.relu, nn.Linear(4, 1))  # XFR120
        self.b = nn.Sequential(nn.Linear(4, 4), torch.tanh)  # XFR120
        self.c = Sequential([nn.Linear(4, 4), ReLU()])  # XFR120
        self.d = nn.Sequential([nn.Linear(4, 4) for _ in range(3)])  # XFR120
        blocks = []
        for _ in range(3):
            blocks.append(nn.Linear(4, 4))
        self.e = nn.Sequential(blocks)  # XFR120
        self.f = nn.Sequential(*blocks)
        layers = OrderedDict()
        layers["fc"] = nn.Linear(4, 4)
        self.g = nn.Sequential(layers)
        self.h = nn.Sequential(OrderedDict([("fc", nn.Linear(4, 4))]))
        self.i = nn.Sequential(nn.LSTM(4, 8, batch_first=True), nn.Linear(8, 1))  # XFR518
        self.j = nn.Sequential(nn.Linear(4, 4), nn.LSTM(4, 8, batch_first=True))
        self.k = nn.Softmax(dim)
        self.l = nn.ReLU(inplace)
        self.m = nn.CrossEntropyLoss(weights)
        self.criterion = nn.BCEWithLogitsLoss(torch.ones(3))

    def forward(self, x, p=0.5):
        x = nn.ReLU(x)  # XFR120
        x = nn.Dropout(self.fc(x), 0.5)  # XFR120
        return nn.Softmax(x)

    def sized(self, x):
        width = x.size(-1)
        return nn.LayerNorm(width), nn.Softmax(x.dim() - 1), nn.LayerNorm(x.shape[1:])

    def right(self, x, p):
        x = nn.ReLU()(x)
        x = nn.ReLU(True)(x)
        return nn.Dropout(p)(x)


class Pooled(nn.Module):
    def forward(self, features):
        norm = nn.LayerNorm(features.size(-1), elementwise_affine=False)
        features = norm(features)
        return nn.MaxPool2d(features)  # XFR120


def loss_of(net, images, labels, weight):
    outputs = net(images)
    loss = nn.CrossEntropyLoss(outputs, labels)  # XFR120
    loss = loss + CrossEntropyLoss()(outputs, labels)
    loss = loss + nn.MSELoss(outputs, labels)  # XFR120
    return loss + nn.CrossEntropyLoss(weight, True)(outputs, labels)


# notebook style
model = nn.Sequential()
model.add(nn.Linear(4, 4))  # XFR120
model.append(nn.ReLU())
x = torch.ones(2, 4)
y = torch.nn.ReLU(x)  # XFR120
y = torch.nn.ReLU()(x)
seen = set()
seen.add(1)
k = keras.Sequential([keras.layers.Dense(1)])
k.add(keras.layers.Dense(1))
f = flax_nn.Sequential([flax_nn.Dense(4), flax_nn.relu])
