import torch
import torch.nn.functional as F
from torch import nn
from torch.nn import GRU


class LastStep(nn.Module):
    def __init__(self, vocabulary=100):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 16)
        self.lstm = nn.LSTM(16, 32, num_layers=2, dropout=0.2)  # XFR517
        self.right = nn.LSTM(16, 32, 2, True, True)
        self.fc = nn.Linear(32, 2)

    def forward(self, tokens):
        embedded = self.embedding(tokens)
        out, (h, c) = self.lstm(embedded)
        out = F.relu(self.fc(out))
        good, _ = self.right(embedded)
        return out[:, -1, :], good[:, -1]


class ZeroState(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = GRU(8, 32)  # XFR517
        self.right = GRU(8, 32, batch_first=True)

    def forward(self, x):
        h0 = torch.zeros((1, x.size(0), 32)).to(x.device)
        out, h = self.gru(x, h0)
        other, _ = self.right(x, h0)
        return h[-1], other


class NamedState(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.1)
        self.rnn = nn.RNN(8, 32)  # XFR517
        self.fc = nn.Linear(32, 1)

    def init_hidden(self, batch_size):
        return torch.randn(1, batch_size, 32)

    def forward(self, x):
        out, h = self.rnn(self.drop(x), self.init_hidden(x.shape[0]))
        return self.fc(h[-1])


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.qkv = nn.Linear(dim, dim)
        self.attention: nn.MultiheadAttention = nn.MultiheadAttention(dim, heads)  # XFR517
        self.norm = nn.LayerNorm(dim)

    def forward(self, x):
        b, t, c = x.shape
        attended, _ = self.attention(self.qkv(x), x, x)
        return self.norm(attended).reshape(b, t * c)


class Pooled(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(d_model=16, nhead=2)  # XFR517
        self.encoder = nn.TransformerEncoder(layer, num_layers=2)
        self.token = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(16, 2),  # XFR517
            2,
        )
        good = nn.TransformerEncoderLayer(16, 2, batch_first=True)
        self.good = nn.TransformerEncoder(good, 2)

    def forward(self, x):
        return self.encoder(x).mean(dim=1), self.token(x)[:, 0], self.good(x).mean(1)


class WrittenToTheEnd(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.LSTM(4, 8)
        self.second = nn.LSTM(8, 8)  # XFR517

    def forward(self, x):
        out = self.first(x)[0]
        return torch.max(self.second(out)[0], dim=1)


lstm = nn.LSTM(4, 8)  # XFR517
series = torch.randn(32, 10, 4)
batch_size = series.size(0)
result, _ = lstm(series)


# -- right: time first ---------------------------------------------------------------------------


class TimeFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.lstm = nn.LSTM(4, 8)
        self.attention = nn.MultiheadAttention(8, 2)

    def forward(self, text):
        steps, batch_size = text.shape
        h0 = torch.zeros(1, text.size(1), 8)
        out, (h, c) = self.lstm(self.embedding(text), (h0, h0))
        out, _ = self.attention(out, out, out)
        return out[-1], h[-1]


class Permuted(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8)
        self.attention = nn.MultiheadAttention(8, 2)

    def forward(self, x):
        batch_size = x.size(0)
        x = x.permute(1, 0, 2)
        h0 = torch.zeros(1, batch_size, 8)
        out, _ = self.lstm(x, (h0, h0))
        out, _ = self.attention(out, out, out)
        out = out.transpose(0, 1)
        return out[:, -1], out.mean(1)


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8)

    def forward(self, x, lengths):
        batch_size = x.size(0)
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
        out, (h, c) = self.lstm(packed)
        out, _ = nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
        return out[:, -1].view(batch_size, -1)


class OneSentence(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.lstm = nn.LSTM(4, 8)

    def forward(self, sentence):
        embeds = self.embedding(sentence)
        out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
        return out.view(len(sentence), -1)


class Told(nn.Module):
    def __init__(self, batch_first, **options):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, batch_first=batch_first)
        self.gru = nn.GRU(4, 8, **options)

    def forward(self, x):
        out, _ = self.lstm(x)
        more, _ = self.gru(x)
        return out[:, -1], more[:, -1]
