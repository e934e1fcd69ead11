import torch
import torch.nn.functional as F
from torch import nn


class TextCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 16)
        self.drop = nn.Dropout(0.1)
        self.conv = nn.Conv1d(16, 8, 3)
        self.norm = nn.BatchNorm1d(16)
        self.pool = nn.MaxPool1d(2)
        self.lstm = nn.LSTM(16, 16, batch_first=True)

    def forward(self, tokens):
        x = self.embedding(tokens)
        a = self.conv(self.drop(x))  # XFR908
        b = self.norm(x)  # XFR908
        out, _ = self.lstm(x)
        c = self.conv(F.relu(out))  # XFR908
        d = self.pool(self.lstm(x)[0])  # XFR908
        return a, b, c, d

    def right(self, tokens, signal):
        x = self.embedding(tokens)
        a = self.conv(x.transpose(1, 2))
        b = self.conv(x.permute(0, 2, 1))
        c = self.conv(signal)
        x = x.transpose(1, 2)
        return a, b, c, self.norm(x), self.pool(F.relu(self.conv(x)))


table = nn.Embedding(10, 4)
conv = nn.Conv1d(4, 4, 3)
y = conv(table(torch.zeros(2, 4, dtype=torch.long)))  # XFR908
gru = nn.GRU(4, 4, batch_first=True)
steps, _ = gru(torch.ones(2, 4, 4))
z = conv(steps)  # XFR908
time_first = nn.GRU(4, 4)
others, _ = time_first(torch.ones(2, 4, 4))
w = conv(others)
