import keras
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

KEEP_PROB = 0.8
KEEP_HALF = 0.5
DROP_HALF = 0.5
keep_prob = 0.1


class Net(nn.Module):
    def __init__(self, keep_prob=0.8, p_keep=0.7, dropout=0.2, cfg=None, keep_dim=2):
        super().__init__()
        self.keep_prob = keep_prob
        self.a = nn.Dropout(keep_prob)  # XFR307
        self.b = nn.Dropout2d(p=cfg.keep_prob)  # XFR307
        self.c = nn.Dropout(p_keep)  # XFR307
        self.d = nn.LSTM(8, 8, 2, dropout=self.keep_prob)  # XFR307
        self.e = nn.Dropout(cfg["keep_prob"])  # XFR307
        self.f = nn.Dropout(KEEP_PROB)  # XFR307
        self.g = nn.Dropout(1 - keep_prob)
        self.h = nn.Dropout(1.0 - KEEP_PROB)
        self.i = nn.Dropout(dropout)
        self.j = nn.Dropout(KEEP_HALF)
        self.k = nn.Dropout(keep_dim)
        self.l = nn.Dropout(0.9)
        self.m = nn.Linear(keep_prob, 8)
        self.n = nn.Dropout(1 - dropout)  # XFR307
        self.o = nn.Dropout(p=1.0 - cfg.drop_rate)  # XFR307
        self.p = nn.Dropout(1 - cfg.share)
        self.q = nn.Dropout(1 - DROP_HALF)

    def forward(self, x):
        x = F.dropout(x, self.keep_prob, self.training)  # XFR307
        x = F.dropout(x, p=self.keep_prob, training=self.training)  # XFR307
        return F.dropout(x, 1 - self.keep_prob, self.training)


def block(x, keep_rate, keep_prob):
    x = keras.layers.Dropout(keep_rate)(x)  # XFR307
    x = keras.layers.SpatialDropout2D(rate=keep_prob)(x)  # XFR307
    x = keras.layers.LSTM(8, recurrent_dropout=keep_prob)(x)  # XFR307
    x = tf.nn.dropout(x, keep_prob)  # XFR307
    x = tf.nn.dropout(x, keep_prob=0.9)  # XFR307
    x = tf.nn.dropout(x, rate=1 - keep_prob)
    return keras.layers.Dropout(1 - keep_rate)(x)


# notebook style: a rate with a wrong name
model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(keep_prob))
KEEP = 0.9
model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Dropout(KEEP))  # XFR307
