"""Shapes in which heads, steps and channels changed by view were reported, with the fixed twins."""

import torch
from torch import nn

# -- as reported in zhouhaoyi/Informer2020#59: (B, L, H, D) taken for (B, H, L, D) --------------------


class ProbAttention(nn.Module):
    def forward(self, queries, keys, values):
        B, L, H, D = queries.shape
        _, S, _, _ = keys.shape
        queries = queries.view(B, H, L, -1)  # XFR508
        keys = keys.view(B, H, S, -1)
        return torch.matmul(queries, keys.transpose(-2, -1))


class ProbAttentionFixed(nn.Module):
    def forward(self, queries, keys, values):
        B, L, H, D = queries.shape
        _, S, _, _ = keys.shape
        queries = queries.transpose(2, 1)
        keys = keys.transpose(2, 1)
        return torch.matmul(queries, keys.transpose(-2, -1))


# -- as reported in proceduralia/pytorch-conv2_1d#1: frames as batches ---------------------------------


class Conv2_1d(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv2d = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        b, c, t, d1, d2 = x.size()
        x = x.view(b * t, c, d1, d2)  # XFR508
        return self.conv2d(x)


class Conv2_1dFixed(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv2d = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        b, c, t, d1, d2 = x.size()
        x = x.permute(0, 2, 1, 3, 4).reshape(b * t, c, d1, d2)
        return self.conv2d(x)


# -- as reported in zy1996code/nlp_basic_model#1 and timbmg/Sentence-VAE#15: the states of two
# directions, which stand in front of the batch


class Attention(nn.Module):
    def __init__(self, n_in, n_hidden):
        super().__init__()
        self.n_hidden = n_hidden
        self.lstm = nn.LSTM(n_in, n_hidden, bidirectional=True, batch_first=True)
        self.out = nn.Linear(n_hidden * 2, 2)

    def forward(self, x):
        output, (final_state, _) = self.lstm(x)
        hidden = final_state.view(-1, self.n_hidden * 2)  # XFR508
        return self.out(hidden)


class AttentionFixed(nn.Module):
    def __init__(self, n_in, n_hidden):
        super().__init__()
        self.n_hidden = n_hidden
        self.lstm = nn.LSTM(n_in, n_hidden, bidirectional=True, batch_first=True)
        self.out = nn.Linear(n_hidden * 2, 2)

    def forward(self, x):
        output, (final_state, _) = self.lstm(x)
        hidden = final_state.transpose(0, 1).reshape(-1, self.n_hidden * 2)
        return self.out(hidden)


# -- as reported in vitrioil/Speech-Separation#4: (B, C, T, F) as T steps ------------------------------


def steps(spectra):
    batch_size, channels, height, width = spectra.shape
    return spectra.view(batch_size, height, channels * width)  # XFR508


def steps_fixed(spectra):
    batch_size, channels, height, width = spectra.shape
    return spectra.permute(0, 2, 1, 3).reshape(batch_size, height, channels * width)


# -- as advised, and corrected, in HHTseng/video-classification#42 ---------------------------------------


def time_first(x_rnn):
    batch, time, size = x_rnn.size()
    return x_rnn.view(time, batch, size)  # XFR508


def time_first_fixed(x_rnn):
    return x_rnn.transpose(0, 1)


class Encoder(nn.Module):
    def __init__(self, n_in, hidden_size, num_layers):
        super().__init__()
        self.hidden_size, self.num_layers = hidden_size, num_layers
        self.encoder_rnn = nn.GRU(n_in, hidden_size, num_layers=2, batch_first=True)
        self.both = nn.GRU(n_in, hidden_size, bidirectional=True, batch_first=True)
        self.one = nn.LSTM(n_in, hidden_size, batch_first=True)

    def forward(self, x):
        batch_size = x.size(0)
        _, hidden = self.encoder_rnn(x)
        joined = hidden.view(batch_size, -1)  # XFR508
        _, h = self.both(x)
        last = torch.reshape(h, (x.size(0), -1))  # XFR508
        split = h.view(1, 2, batch_size, self.hidden_size)
        _, (single, cell) = self.one(x)
        right = single.view(batch_size, -1), cell.view(-1, self.hidden_size)
        layers = hidden.view(self.num_layers, -1)
        return joined, last, split, right, layers, hidden.view(-1, self.hidden_size)
