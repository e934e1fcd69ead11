import lightning
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, TensorDataset


class Tagged(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.lstm = nn.LSTM(4, 8)  # XFR517
        self.fc = nn.Linear(8, 2)

    def forward(self, tokens):
        _, (h, c) = self.lstm(self.embed(tokens))
        return self.fc(h[-1])


class Enumerated(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 8)  # XFR517

    def forward(self, x):
        return self.gru(x)[1][-1]


class Random(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(4, 8)  # XFR517

    def forward(self, x):
        return self.rnn(x)[1][-1]


class Padded(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(4, 8)  # XFR517
        self.right = nn.RNN(4, 8)
        self.first = nn.LSTM(4, 8)
        self.attention = nn.MultiheadAttention(8, 2)  # XFR517

    def forward(self, texts, lengths):
        padded = pad_sequence(texts, batch_first=True)
        time_first = pad_sequence(texts)
        packed = pack_padded_sequence(padded, lengths, batch_first=True)
        out, _ = pad_packed_sequence(self.first(packed)[0], batch_first=True)
        return self.rnn(padded)[1][-1], self.right(time_first), self.attention(out, out, out)


class TimeFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(4, 8)

    def forward(self, x):
        return self.rnn(x)[1][-1]


loader = DataLoader(TensorDataset(torch.zeros(8, 5).long(), torch.zeros(8)), batch_size=4)
net, second = Tagged(), Enumerated()
for tokens, labels in loader:
    scores = net(tokens.to("cpu"))


def run(dataset):
    batches = DataLoader(dataset, batch_size=2, shuffle=True)
    for step, (x, y) in enumerate(batches):
        second(x.float())


batch_size, steps = 4, 7
third, fourth = Random(), TimeFirst()
third(torch.randn(batch_size, steps, 4))
fourth(torch.randn(steps, batch_size, 4))
for x, y in loader:
    fourth(x.transpose(0, 1))


class Trainer:
    def __init__(self, model):
        self.model = model

    def epoch(self, loader):
        for x, y in loader:
            x, y = x.to("cpu"), y.to("cpu")
            self.model(x)


class Trained(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8)  # XFR517

    def forward(self, x):
        return self.lstm(x)[1][0][-1]


Trainer(Trained()).epoch(DataLoader([], batch_size=2))


class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8)  # XFR517
        self.right = nn.LSTM(4, 8)

    def forward(self, x):
        return self.lstm(x)[1][0][-1], self.right(x.transpose(0, 1))

    def training_step(self, batch, index):
        x, y = batch
        return self(x)[0].mean()
