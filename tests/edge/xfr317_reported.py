"""Shapes in which a dropout that does nothing was reported, each with its fixed twin."""

from torch import nn

# -- as reported in pyro-ppl/pyro#1415: the number of layers written out ------------------------------


class DMM(nn.Module):
    def __init__(self, input_dim=88, rnn_dim=600):
        super().__init__()
        self.rnn = nn.RNN(  # XFR317
            input_size=input_dim,
            hidden_size=rnn_dim,
            nonlinearity="relu",
            batch_first=True,
            bidirectional=False,
            num_layers=1,
            dropout=0.1,
        )


class DMMFixed(nn.Module):
    def __init__(self, input_dim=88, rnn_dim=600):
        super().__init__()
        self.rnn = nn.RNN(input_dim, rnn_dim, nonlinearity="relu", batch_first=True)
        self.drop = nn.Dropout(0.1)


# -- as reported in wjko2/Domain-Agnostic-Sentence-Specificity-Prediction#13: one, for every encoder --


class BLSTMEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.enc_lstm = nn.LSTM(100, 100, 1, bidirectional=True, dropout=0.5)  # XFR317


class BLSTMEncoderFixed(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.enc_lstm = nn.LSTM(100, 100, 3, bidirectional=True, dropout=0.5)


# -- the default of the constructor, as a Keras user writes it ------------------------------------------

gru = nn.GRU(32, 64, batch_first=True, dropout=0.2)  # XFR317
gru_fixed = nn.Sequential(nn.GRU(32, 64, batch_first=True))
