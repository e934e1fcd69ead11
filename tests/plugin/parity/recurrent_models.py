"""A recurrent classifier of (N, 4, 3) in both frameworks."""

import keras
import torch
from keras import layers as L
from torch import nn


class Classifier(nn.Module):
    """The last state of the last layer, of both directions where it has both."""

    def __init__(self, kind, **options):
        super().__init__()
        options = {"batch_first": True} | options
        self.rnn = getattr(nn, kind)(3, 4, **options)
        self.fc = nn.Linear(8 if options.get("bidirectional") else 4, 2)

    def forward(self, x):
        _, state = self.rnn(x)
        h = state[0] if isinstance(state, tuple) else state
        return self.fc(torch.cat([h[-2], h[-1]], -1) if self.rnn.bidirectional else h[-1])


def keras_rnn(kind, **options):
    return getattr(L, "SimpleRNN" if kind == "RNN" else kind)(4, **options)


def keras_classifier(kind, layers=1, bidirectional=False, **options):
    model = [L.Input((4, 3))]
    for i in range(layers):
        layer = keras_rnn(kind, return_sequences=i < layers - 1, **options)
        model.append(L.Bidirectional(layer) if bidirectional else layer)
    return keras.Sequential([*model, L.Dense(2)])
