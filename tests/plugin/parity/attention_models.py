"""Self-attention of (N, T, E) in both frameworks."""

import keras
import torch
from keras import layers as L
from torch import nn

E, HEADS, T = 6, 2, 4


class AttentionTorch(nn.Module):
    """Self-attention over (N, T, E), masked by key or by position."""

    def __init__(self, causal=False, **options):
        super().__init__()
        self.attn = nn.MultiheadAttention(E, HEADS, **{"batch_first": True} | options)
        self.fc = nn.Linear(E, 3)
        self.causal = causal

    def forward(self, x, padding=None):
        first = self.attn.batch_first
        x = x if first else x.transpose(0, 1)
        mask = torch.ones(T, T, dtype=torch.bool).triu(1) if self.causal else None
        x, _ = self.attn(x, x, x, key_padding_mask=padding, attn_mask=mask)
        return self.fc((x if first else x.transpose(0, 1)).mean(1))


class AttentionKeras(keras.Model):
    """`valid` is True where there is a token, as Keras has it."""

    def __init__(self, causal=False, heads=HEADS, key_dim=E // HEADS, invert=False, **options):
        super().__init__()
        self.attn = L.MultiHeadAttention(heads, key_dim, **options)
        self.fc = L.Dense(3)
        self.causal, self.invert = causal, invert

    def call(self, x, padding=None):
        mask = None
        if padding is not None:
            mask = (padding if self.invert else keras.ops.logical_not(padding))[:, None, :]
        x = self.attn(x, x, attention_mask=mask, use_causal_mask=self.causal)
        return self.fc(keras.ops.mean(x, axis=1))
