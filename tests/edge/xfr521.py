import keras
from torch import nn


class TorchBlock(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.cross = nn.MultiheadAttention(embed_dim=dim, num_heads=heads, batch_first=True)


class KerasBlock(keras.layers.Layer):
    def __init__(self, dim, heads, **kwargs):
        super().__init__(**kwargs)
        self.attention = keras.layers.MultiHeadAttention(heads, dim)  # XFR521
        self.cross = keras.layers.MultiHeadAttention(num_heads=heads, key_dim=dim)  # XFR521


def make_torch():
    return nn.MultiheadAttention(64, 8)


def make_keras():
    return keras.layers.MultiHeadAttention(num_heads=8, key_dim=64)  # XFR521


WIDTH = 32
pt_self = nn.MultiheadAttention(WIDTH, 4)
tf_self = keras.layers.MultiHeadAttention(4, WIDTH)  # XFR521
attention_pt = nn.MultiheadAttention(num_heads=2, embed_dim=16)
attention_tf = keras.layers.MultiHeadAttention(key_dim=16, num_heads=2)  # XFR521
t_mixed = nn.MultiheadAttention(32, 4)
k_mixed = keras.layers.MultiHeadAttention(4, WIDTH, value_dim=8)  # XFR521

# -- right -----------------------------------------------------------------------------------------

pt_right = nn.MultiheadAttention(64, 8)
tf_right = keras.layers.MultiHeadAttention(8, 8)
pt_single = nn.MultiheadAttention(64, 1)
tf_single = keras.layers.MultiHeadAttention(1, 64)
alone = keras.layers.MultiHeadAttention(8, 64)


class TorchRight(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)


class KerasRight(keras.layers.Layer):
    def __init__(self, dim, heads, **kwargs):
        super().__init__(**kwargs)
        self.attention = keras.layers.MultiHeadAttention(heads, dim // heads)
