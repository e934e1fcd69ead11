"""Shapes in which a mask of the other sense was reported, each with its fixed twin."""

import torch
from torch import nn

# -- as asked in pytorch/pytorch#27968: a mask made of lengths ----------------------------------------


def seq_len_to_mask(lengths, max_len):
    return torch.arange(max_len)[None, :] < lengths[:, None]


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(20, 5, batch_first=True)

    def forward(self, x, ids):
        mask = ids != 0
        out, _ = self.attention(x, x, x, key_padding_mask=mask)  # XFR520
        return out


class EncoderFixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(20, 5, batch_first=True)

    def forward(self, x, ids):
        mask = ids == 0
        out, _ = self.attention(x, x, x, key_padding_mask=mask)
        return out


def attend(i, lengths):
    m = nn.MultiheadAttention(embed_dim=20, num_heads=5, dropout=0.1)
    q = k = v = i.transpose(0, 1)
    key_padding_mask = seq_len_to_mask(lengths, max_len=5)
    return m(q, k, v, key_padding_mask=key_padding_mask)  # XFR520


def attend_fixed(i, lengths):
    m = nn.MultiheadAttention(embed_dim=20, num_heads=5, dropout=0.1)
    q = k = v = i.transpose(0, 1)
    key_padding_mask = ~seq_len_to_mask(lengths, max_len=5)
    return m(q, k, v, key_padding_mask=key_padding_mask)
