import keras
import torch
import torch.nn.functional as F
from torch import nn

stack = nn.Sequential(
    nn.Embedding(10, 4),
    nn.LSTM(4, 8, batch_first=True),  # XFR518
    nn.GRU(8, 8),  # XFR518
    nn.Linear(8, 2),
)


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, batch_first=True)
        self.gru = nn.GRU(4, 8, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        out = self.lstm(x)  # XFR518
        last = out[:, -1, :]
        h = F.relu(self.gru(x))  # XFR518
        return self.fc(last), h

    def chained(self, x):
        x = self.lstm(x)  # XFR518
        x = self.drop(x)
        return self.fc(x)

    def nested(self, x):
        return self.fc(self.lstm(x))  # XFR518

    def method(self, x):
        out = self.gru(x)  # XFR518
        return out.permute(0, 2, 1)


class Encoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.lstm = keras.layers.LSTM(8, return_sequences=True, return_state=True)
        self.plain = keras.layers.LSTM(8, return_sequences=True)
        self.gru = keras.layers.GRU(8, return_state=True)

    def call(self, x):
        out, (h, c) = self.lstm(x)  # XFR518
        steps, state = self.plain(x)  # XFR518
        a, b, d = self.gru(x)  # XFR518
        seq, hidden = self.lstm(x)  # XFR518
        return out, h, c, steps, state, a, b, d, seq, hidden


inputs = keras.Input((5, 4))
encoded, state_h, state_c = keras.layers.LSTM(8)(inputs)  # XFR518


# -- right -----------------------------------------------------------------------------------------


class Take(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(4, 4, 3), nn.LSTM(4, 8))
        self.wrapped = nn.Sequential(nn.LSTM(4, 8), Output(), nn.Linear(8, 2))
        self.lstm = nn.LSTM(4, 8)
        self.cell = nn.LSTMCell(4, 8)
        self.fc = nn.Linear(8, 2)

    def forward(self, x, hidden=None):
        result = self.lstm(x, hidden)
        out, (h, c) = result
        first = result[0]
        x = self.lstm(x)[0]
        packed = self.lstm(x)
        return self.fc(first), self.fc(x), out[:, 0], h, c, packed, self.show(self.lstm(x))

    def show(self, pair):
        return pair


class Output(nn.Module):
    def forward(self, pair):
        return pair[0]


class Decoder(keras.Model):
    def __init__(self, states, **options):
        super().__init__()
        self.lstm = keras.layers.LSTM(8, return_sequences=True, return_state=True)
        self.gru = keras.layers.GRU(8, return_state=True)
        self.plain = keras.layers.LSTM(8)
        self.asked = keras.layers.LSTM(8, return_state=states)
        self.hidden = keras.layers.LSTM(8, **options)

    def call(self, x):
        out, h, c = self.lstm(x)
        last, state = self.gru(x)
        first, *rest = self.lstm(x)
        a, b, d = self.asked(x)
        e, f, g = self.hidden(x)
        return self.plain(x)[0], out, h, c, last, state, first, rest, a, b, d, e, f, g
