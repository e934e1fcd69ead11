import torch
import torch.nn.functional as F
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 8)
        self.gru = nn.GRU(8, 16, batch_first=True, bidirectional=True)

    def forward(self, x):
        outputs, state = self.gru(self.embedding(x))
        return outputs, state


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.drop = nn.Dropout(0.1)
        self.fc = nn.Linear(32, 4)
        self.loss = nn.CrossEntropyLoss()

    def forward(self, x):
        outputs, _ = self.encoder(x)
        return self.fc(self.drop(F.relu(outputs)))

    def training_step(self, batch):
        x, y = batch
        return self.loss(self(x), y)  # XFR425


class Classifier(nn.Module):
    def __init__(self, batch_first=True):
        super().__init__()
        self.lstm = nn.LSTM(8, 16, batch_first=batch_first)
        self.plain = nn.LSTM(8, 16)
        self.fc = nn.Linear(16, 4)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return self.fc(out[:, -1])

    def from_state(self, x):
        out, (h, c) = self.lstm(x)
        return self.fc(h[-1])

    def time_first(self, x):
        out, _ = self.plain(x)
        return self.fc(out)

    def pooled(self, x):
        return self.fc(self.lstm(x)[0].mean(1))

    def every_step(self, x):
        return F.log_softmax(self.fc(self.lstm(x)[0]), dim=-1)


def use(x, y):
    tagger, net = Tagger(), Classifier()
    a = F.cross_entropy(tagger(x), y)  # XFR425
    b = F.cross_entropy(tagger(x).transpose(1, 2), y)
    c = F.cross_entropy(tagger(x).view(-1, 4), y.view(-1))
    d = F.cross_entropy(net(x), y)
    e = F.cross_entropy(net.from_state(x), y)
    f = F.cross_entropy(net.time_first(x), y)
    g = F.cross_entropy(net.pooled(x), y)
    h = F.nll_loss(net.every_step(x), y)  # XFR425
    i = F.nll_loss(net.every_step(x).permute(0, 2, 1), y)
    logits = tagger(x).float()
    j = F.cross_entropy(logits, y)  # XFR425
    k = F.cross_entropy(logits.flatten(0, 1), y.flatten())
    m = F.cross_entropy(torch.stack([tagger(x)]), y)
    return a + b + c + d + e + f + g + h + i + j + k + m


def in_a_function(x, y):
    rnn = nn.RNN(8, 16, batch_first=True)
    head = nn.Linear(16, 4)
    out, _ = rnn(x)
    logits = head(out)
    criterion = nn.CrossEntropyLoss(ignore_index=0)
    wrong = criterion(logits, y)  # XFR425
    logits = logits.reshape(-1, 4)
    return wrong + criterion(logits, y.reshape(-1))
