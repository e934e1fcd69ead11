"""Shapes in which the last step of two directions was reported, each with its fixed twin."""

import torch
from torch import nn

# -- as reported in yunjey/pytorch-tutorial#149: batches first, states made by hand -------------------


class BiRNN(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, num_classes):
        super().__init__()
        self.hidden_size, self.num_layers = hidden_size, num_layers
        self.lstm = nn.LSTM(
            input_size, hidden_size, num_layers, batch_first=True, bidirectional=True
        )
        self.fc = nn.Linear(hidden_size * 2, num_classes)

    def forward(self, x):
        h0 = torch.zeros(self.num_layers * 2, x.size(0), self.hidden_size)
        c0 = torch.zeros(self.num_layers * 2, x.size(0), self.hidden_size)
        out, _ = self.lstm(x, (h0, c0))
        out = self.fc(out[:, -1, :])  # XFR519
        return out


class BiRNNFixed(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers, num_classes):
        super().__init__()
        self.hidden_size, self.num_layers = hidden_size, num_layers
        self.lstm = nn.LSTM(
            input_size, hidden_size, num_layers, batch_first=True, bidirectional=True
        )
        self.fc = nn.Linear(hidden_size * 2, num_classes)

    def forward(self, x):
        out, _ = self.lstm(x)
        both = torch.cat([out[:, -1, : self.hidden_size], out[:, 0, self.hidden_size :]], dim=1)
        return self.fc(both)


# -- the shape of graykode/nlp-tutorial#47: time first, a product with a parameter of one's own -------


class BiLSTM(nn.Module):
    def __init__(self, n_class, n_hidden):
        super(BiLSTM, self).__init__()
        self.lstm = nn.LSTM(input_size=n_class, hidden_size=n_hidden, bidirectional=True)
        self.W = nn.Parameter(torch.randn([n_hidden * 2, n_class]))
        self.b = nn.Parameter(torch.randn([n_class]))

    def forward(self, X):
        steps = X.transpose(0, 1)
        outputs, (_, _) = self.lstm(steps)
        outputs = outputs[-1]  # XFR519
        return torch.mm(outputs, self.W) + self.b


class BiLSTMFixed(nn.Module):
    def __init__(self, n_class, n_hidden):
        super(BiLSTMFixed, self).__init__()
        self.lstm = nn.LSTM(input_size=n_class, hidden_size=n_hidden, bidirectional=True)
        self.W = nn.Parameter(torch.randn([n_hidden * 2, n_class]))
        self.b = nn.Parameter(torch.randn([n_class]))

    def forward(self, X):
        steps = X.transpose(0, 1)
        outputs, (h, _) = self.lstm(steps)
        outputs = torch.cat([h[-2], h[-1]], dim=1)
        return torch.mm(outputs, self.W) + self.b
