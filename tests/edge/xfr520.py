import keras
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

PAD = 0


class Encoder(nn.Module):
    def __init__(self, pad_idx):
        super().__init__()
        self.pad_idx = pad_idx
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        layer = nn.TransformerEncoderLayer(8, 2, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.transformer = nn.Transformer(8, 2, batch_first=True)

    def forward(self, x, tokens, lengths):
        mask = tokens != self.pad_idx
        a, _ = self.attention(x, x, x, key_padding_mask=mask)  # XFR520
        b = self.encoder(x, src_key_padding_mask=(tokens != 0))  # XFR520
        valid = torch.arange(x.size(1), device=x.device)[None, :] < lengths[:, None]
        c = self.encoder(x, src_key_padding_mask=valid)  # XFR520
        causal = torch.tril(torch.ones(5, 5, dtype=torch.bool))
        d = self.encoder(x, mask=causal)  # XFR520
        e = self.transformer(x, x, tgt_mask=torch.tril(torch.ones(5, 5)) == 1)  # XFR520
        f = self.attention(x, x, x, key_padding_mask=tokens.ne(PAD).to(x.device))  # XFR520
        later = lengths[:, None] > torch.arange(x.size(1))
        g = self.attention(x, x, x, key_padding_mask=later)  # XFR520
        h = self.attention(x, x, x, key_padding_mask=torch.logical_not(tokens.eq(PAD)))  # XFR520
        return a, b, c, d, e, f, g, h

    def right(self, x, tokens, lengths, mask):
        pads = tokens == self.pad_idx
        self.attention(x, x, x, key_padding_mask=pads)
        self.attention(x, x, x, key_padding_mask=~(tokens != self.pad_idx))
        self.attention(x, x, x, key_padding_mask=mask)
        self.attention(x, x, x, key_padding_mask=mask == 0)
        self.attention(x, x, x, key_padding_mask=tokens != 7)
        self.attention(x, x, x, key_padding_mask=mask != 1)
        self.attention(x, x, x, key_padding_mask=mask != 0)
        future = torch.triu(torch.ones(5, 5), diagonal=1).bool()
        self.attention(x, x, x, attn_mask=future)
        self.attention(x, x, x, attn_mask=torch.tril(torch.ones(5, 5)).bool().logical_not())
        self.attention(x, x, x, attn_mask=torch.tril(torch.ones(5, 5)) == 0)
        self.encoder(x, mask=nn.Transformer.generate_square_subsequent_mask(5))
        self.encoder(x, src_key_padding_mask=torch.arange(5)[None, :] >= lengths[:, None])
        self.attention(x, x, x, key_padding_mask=lengths[:, None] <= torch.arange(5))
        self.attention(x, x, x, key_padding_mask=lengths > 3)
        self.attention(x, x, x, key_padding_mask=lengths < 3)
        self.attention(x, x, x, key_padding_mask=tokens.eq(self.pad_idx)[..., :])
        self.attention(x, x, x, key_padding_mask=(tokens != 0)[0])
        self.attention(x, x, x, attn_mask=torch.tril(torch.ones(5, 5), diagonal=1).bool())
        self.attention(x, x, x, attn_mask=torch.tril(mask).bool())
        self.attention(x, x, x, attn_mask=torch.tril(torch.ones(5, 5)))
        bias = torch.zeros(5, 5).masked_fill(future, float("-inf"))
        return self.encoder(x, mask=bias)


def functional(q, k, v, tokens, pad_id):
    future = torch.triu(torch.ones(5, 5, dtype=torch.bool), diagonal=1)
    a = F.scaled_dot_product_attention(q, k, v, attn_mask=future)  # XFR520
    pads = (tokens == pad_id)[:, None, None, :]
    b = F.scaled_dot_product_attention(q, k, v, pads)  # XFR520
    past = torch.tril(torch.ones(5, 5, dtype=torch.bool))
    c = F.scaled_dot_product_attention(q, k, v, attn_mask=past)
    return a, b, c, F.scaled_dot_product_attention(q, k, v, attn_mask=~pads)


class Block(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.attention = keras.layers.MultiHeadAttention(2, 4)

    def call(self, x, tokens, lengths):
        pads = tf.equal(tokens, PAD)
        a = self.attention(x, x, attention_mask=pads[:, tf.newaxis, :])  # XFR520
        b = self.attention(x, x, attention_mask=(tokens == 0)[:, None, :])  # XFR520
        lower = tf.linalg.band_part(tf.ones((5, 5)), -1, 0)
        c = self.attention(x, x, attention_mask=1 - lower)  # XFR520
        cast = tf.cast(tf.equal(tokens, PAD), tf.bool)
        d = self.attention(x, x, attention_mask=cast)  # XFR520
        return a, b, c, d

    def right(self, x, tokens, lengths):
        self.attention(x, x, attention_mask=tf.not_equal(tokens, PAD)[:, None, :])
        self.attention(x, x, attention_mask=tf.linalg.band_part(tf.ones((5, 5)), -1, 0))
        self.attention(x, x, attention_mask=tf.sequence_mask(lengths)[:, None, :])
        return self.attention(x, x, use_causal_mask=True)
