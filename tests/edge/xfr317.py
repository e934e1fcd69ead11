import keras
import torch
from torch import nn
from torch.nn import GRU

DROPOUT = 0.3
LAYERS = 1


class Tagger(nn.Module):
    def __init__(self, n_class, n_hidden, num_layers=1, dropout=0.5):
        super().__init__()
        self.depth = 1
        self.a = nn.RNN(input_size=n_class, hidden_size=n_hidden, dropout=0.5)  # XFR317
        self.b = nn.LSTM(n_class, n_hidden, 1, True, True, 0.2)  # XFR317
        self.c = GRU(n_class, n_hidden, num_layers=1, dropout=DROPOUT)  # XFR317
        self.d = nn.LSTM(n_class, n_hidden, LAYERS, dropout=0.1, bidirectional=True)  # XFR317
        self.e = nn.LSTM(n_class, n_hidden, self.depth, dropout=0.1)  # XFR317
        self.right = nn.ModuleList(
            [
                nn.LSTM(n_class, n_hidden, 2, dropout=0.5),
                nn.LSTM(n_class, n_hidden, num_layers, dropout=0.5),
                nn.LSTM(n_class, n_hidden, num_layers, dropout=dropout),
                nn.LSTM(n_class, n_hidden, dropout=dropout),
                nn.LSTM(n_class, n_hidden, dropout=0 if num_layers == 1 else dropout),
                nn.LSTM(n_class, n_hidden, dropout=0.0),
                nn.LSTM(n_class, n_hidden),
            ]
        )


def build(options):
    return nn.GRU(8, 16, dropout=0.5, **options)


# notebook style
lstm = torch.nn.LSTM(8, 16, dropout=0.5)  # XFR317
lstm = torch.nn.LSTM(8, 16, num_layers=3, dropout=0.5)
lstm = keras.layers.LSTM(16, dropout=0.5)
