import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, pad):
        super().__init__()
        self.embed = nn.Embedding(10, 8, padding_idx=pad)
        self.plain = nn.Embedding(10, 8)
        self.drop = nn.Dropout(0.1)
        self.lstm = nn.LSTM(8, 8, batch_first=True)
        self.gru = nn.GRU(8, 8, batch_first=True)
        self.rnn = nn.RNN(8, 8, batch_first=True)
        self.fc = nn.Linear(8, 2)

    def forward(self, tokens):
        x = self.drop(self.embed(tokens))
        out, (h, c) = self.lstm(x)
        a = self.fc(out[:, -1, :])  # XFR912
        b = self.gru(x)[0][:, -1]  # XFR912
        d = self.fc(self.rnn(x)[0])[:, -1]  # XFR912
        return a, b, d

    def right(self, tokens, lengths):
        x = self.embed(tokens)
        out, (h, c) = self.lstm(x)
        picked = out[torch.arange(len(tokens)), lengths - 1]
        other, _ = self.gru(self.plain(tokens))
        return picked, other[:, -1], out.mean(1), out[:, 0]


table = nn.Embedding(10, 4, 0)
lstm = nn.LSTM(4, 4, batch_first=True)
outputs, states = lstm(table(torch.zeros(2, 3, dtype=torch.long)))
last = outputs[:, -1]  # XFR912
again = outputs[:, -1, :]  # XFR912
scores = torch.relu(outputs)[:, -1]  # XFR912
