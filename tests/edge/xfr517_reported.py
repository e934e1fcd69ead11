"""Shapes in which a missing batch_first was reported, each with its fixed twin."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

# -- as reported in AndersonJo/dqn-pytorch#1: after a CNN whose map becomes a sequence -------------


class LSTMDQN(nn.Module):
    def __init__(self, n_action):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(4, 32, 8, stride=4), nn.ReLU(), nn.Conv2d(32, 64, 6))
        self.lstm = nn.LSTM(225, 256, 1)  # XFR517
        self.head = nn.Linear(256, n_action)

    def forward(self, x, hidden):
        h = self.conv(x)
        h = h.view(h.size(0), 64, -1)
        out, hidden = self.lstm(h, hidden)
        return self.head(out[:, -1]), hidden


class LSTMDQNFixed(nn.Module):
    def __init__(self, n_action):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(4, 32, 8, stride=4), nn.ReLU(), nn.Conv2d(32, 64, 6))
        self.lstm = nn.LSTM(225, 256, 1, batch_first=True)
        self.head = nn.Linear(256, n_action)

    def forward(self, x, hidden):
        h = self.conv(x)
        h = h.view(h.size(0), 64, -1)
        out, hidden = self.lstm(h, hidden)
        return self.head(out[:, -1]), hidden


# -- as reported in closeheat/pytorch-lstm-text-generation-tutorial#3: words from a DataLoader -----


class Words(Dataset):
    def __init__(self, indexes, length):
        self.indexes, self.length = indexes, length

    def __len__(self):
        return len(self.indexes) - self.length

    def __getitem__(self, i):
        return (
            torch.tensor(self.indexes[i : i + self.length]),
            torch.tensor(self.indexes[i + 1 : i + self.length + 1]),
        )


class TextModel(nn.Module):
    def __init__(self, n_vocab, lstm_size=128, num_layers=3):
        super().__init__()
        self.lstm_size, self.num_layers = lstm_size, num_layers
        self.embedding = nn.Embedding(num_embeddings=n_vocab, embedding_dim=lstm_size)
        self.lstm = nn.LSTM(  # XFR517
            input_size=lstm_size, hidden_size=lstm_size, num_layers=num_layers, dropout=0.2
        )
        self.fc = nn.Linear(lstm_size, n_vocab)

    def forward(self, x, prev_state):
        output, state = self.lstm(self.embedding(x), prev_state)
        return self.fc(output), state

    def init_state(self, sequence_length):
        return (
            torch.zeros(self.num_layers, sequence_length, self.lstm_size),
            torch.zeros(self.num_layers, sequence_length, self.lstm_size),
        )


def train(indexes, n_vocab):
    model = TextModel(n_vocab)
    model.train()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(10):
        state_h, state_c = model.init_state(4)
        for x, y in DataLoader(Words(indexes, 4), batch_size=256):
            optimizer.zero_grad()
            y_pred, (state_h, state_c) = model(x, (state_h, state_c))
            loss = criterion(y_pred.transpose(1, 2), y)
            state_h, state_c = state_h.detach(), state_c.detach()
            loss.backward()
            optimizer.step()


# -- as reported in KaiyangZhou/pytorch-vsumm-reinforce#10: one video, unsqueezed. Whether the new
# axis is the batch or a single step shows nowhere in the source


class DSN(nn.Module):
    def __init__(self, in_dim=1024, hid_dim=256):
        super().__init__()
        self.rnn = nn.LSTM(in_dim, hid_dim, bidirectional=True)
        self.fc = nn.Linear(hid_dim * 2, 1)

    def forward(self, x):
        h, _ = self.rnn(x)
        return torch.sigmoid(self.fc(h))


def summarize(videos):
    model = DSN()
    for features in videos:
        seq = torch.from_numpy(features).unsqueeze(0)  # (1, frames, dim)
        yield model(seq)
