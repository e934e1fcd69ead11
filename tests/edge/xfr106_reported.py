"""Shapes in which modules that nobody finds were reported, each with its fixed twin."""

import torch as th
from torch import nn

ACTIVATIONS = {"ReLU": nn.ReLU, "Tanh": nn.Tanh}

# -- as reported in pytorch/pytorch#715: pairs of layer and activation, appended ------------------


class SNLINet(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.hids = []  # XFR106
        indim = options["n_in"]
        for li in range(options["n_layers"]):
            self.hids.append(
                [
                    nn.Linear(indim, options["n_hid"]),
                    ACTIVATIONS[options["act"]](),
                ]
            )
            indim = options["n_hid"]
        self.classifier = nn.Linear(options["n_hid"], 3)

    def forward(self, x):
        for linear, act in self.hids:
            x = act(linear(x))
        return self.classifier(x)


class SNLINetFixed(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.hids = nn.ModuleList()
        indim = options["n_in"]
        for li in range(options["n_layers"]):
            self.hids.append(
                nn.Sequential(nn.Linear(indim, options["n_hid"]), ACTIVATIONS[options["act"]]())
            )
            indim = options["n_hid"]
        self.classifier = nn.Linear(options["n_hid"], 3)

    def forward(self, x):
        for hid in self.hids:
            x = hid(x)
        return self.classifier(x)


# -- as reported in pytorch/pytorch#1053: one convolution a window size ----------------------------


class WindowNet(th.nn.Module):
    def __init__(self, word_vec_size):
        super(WindowNet, self).__init__()
        self.conv1d = [  # XFR106
            th.nn.Conv1d(word_vec_size, 1, 3),
            th.nn.Conv1d(word_vec_size, 1, 4),
            th.nn.Conv1d(word_vec_size, 1, 5),
        ]

    def forward(self, x):
        return th.cat([conv(x).max(dim=2)[0] for conv in self.conv1d], dim=1)


class WindowNetFixed(th.nn.Module):
    def __init__(self, word_vec_size):
        super(WindowNetFixed, self).__init__()
        self.conv1d = th.nn.ModuleList([th.nn.Conv1d(word_vec_size, 1, k) for k in (3, 4, 5)])

    def forward(self, x):
        return th.cat([conv(x).max(dim=2)[0] for conv in self.conv1d], dim=1)


# -- as reported in ikostrikov/pytorch-meta-optimizer#11: own cells, appended ----------------------


class NormedCell(nn.Module):
    def __init__(self, n_in, n_hidden):
        super().__init__()
        self.cell, self.norm = nn.LSTMCell(n_in, n_hidden), nn.LayerNorm(n_hidden)

    def forward(self, x, state):
        h, c = self.cell(x, state)
        return self.norm(h), c


class MetaOptimizer(nn.Module):
    def __init__(self, num_layers, hidden_size):
        super().__init__()
        self.linear1 = nn.Linear(3, hidden_size)
        self.lstms = []  # XFR106
        for i in range(num_layers):
            self.lstms.append(NormedCell(hidden_size, hidden_size))

    def forward(self, x, states):
        x = self.linear1(x)
        for lstm, state in zip(self.lstms, states):
            x, _ = lstm(x, state)
        return x


class MetaOptimizerFixed(nn.Module):
    def __init__(self, num_layers, hidden_size):
        super().__init__()
        self.linear1 = nn.Linear(3, hidden_size)
        cells = []
        for i in range(num_layers):
            cells.append(NormedCell(hidden_size, hidden_size))
        self.lstms = nn.ModuleList(cells)

    def forward(self, x, states):
        x = self.linear1(x)
        for lstm, state in zip(self.lstms, states):
            x, _ = lstm(x, state)
        return x
