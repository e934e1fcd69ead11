import keras
import torch
from torch import nn


class Last(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, 2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(4, 8, 1, True, True, 0.0, True)
        self.rnn = nn.RNN(4, 8, bidirectional=True)
        self.drop = nn.Dropout(0.1)
        self.fc = nn.Linear(16, 2)

    def forward(self, x, y):
        out, _ = self.lstm(x)
        out = self.drop(out)
        a = self.fc(out[:, -1, :])  # XFR519
        b = self.gru(x)[0][:, -1]  # XFR519
        steps, state = self.rnn(y)
        return a, b, steps[-1]  # XFR519


class Whole(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(16, 2)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        logits = self.fc(out)
        return logits[:, -1]  # XFR519


lstm = nn.LSTM(4, 8, bidirectional=True, batch_first=True)
outputs, (hidden, cell) = lstm(torch.ones(2, 3, 4))
summary = outputs[:, -1, :]  # XFR519


class Tagger(keras.Model):
    def __init__(self):
        super().__init__()
        self.both = keras.layers.Bidirectional(keras.layers.LSTM(8, return_sequences=True))
        self.ends = keras.layers.Bidirectional(keras.layers.LSTM(8))

    def call(self, x):
        return self.both(x)[:, -1], self.ends(x)[:, -1]  # XFR519


inputs = keras.Input((7, 4))
x = keras.layers.Bidirectional(keras.layers.GRU(8, return_sequences=True))(inputs)
x = keras.layers.Dropout(0.1)(x)
last = x[:, -1, :]  # XFR519


# -- right -----------------------------------------------------------------------------------------


class Right(nn.Module):
    def __init__(self, both):
        super().__init__()
        self.hidden = 8
        self.lstm = nn.LSTM(4, 8, batch_first=True, bidirectional=True)
        self.one = nn.LSTM(4, 8, batch_first=True)
        self.maybe = nn.LSTM(4, 8, batch_first=True, bidirectional=both)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        ends = torch.cat((out[:, -1, : self.hidden], out[:, 0, self.hidden :]), 1)
        forward, _ = self.one(x)
        unknown, _ = self.maybe(x)
        states = torch.cat([h[-2], h[-1]], dim=1)
        summed = out[:, :, :8] + out[:, :, 8:]
        return ends, forward[:, -1], unknown[:, -1], states, summed[:, -1], out.mean(1), out[:, 0]
