"""A text classifier: embedding, two bidirectional LSTM layers, the last states of both directions;
in Keras a Sequential model."""

import keras
import torch
from keras import layers as L
from torch import nn

LOSS = "cross_entropy"
SMALL = {"vocabulary": 20, "embedding": 6, "hidden": 5, "classes": 3}
SMALL_BATCH = {"vocabulary": 20, "length": 7, "classes": 3}


class LSTMClassifier(nn.Module):
    def __init__(self, vocabulary, embedding, hidden, classes):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.lstm = nn.LSTM(
            embedding, hidden, num_layers=2, bidirectional=True, batch_first=True, dropout=0.3
        )
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(2 * hidden, classes)

    def forward(self, tokens):
        _, (states, _) = self.lstm(self.embedding(tokens))
        return self.fc(self.dropout(torch.cat([states[-2], states[-1]], dim=1)))


def torch_model(vocabulary=20000, embedding=128, hidden=128, classes=2):
    return LSTMClassifier(vocabulary, embedding, hidden, classes)


def keras_model(vocabulary=20000, embedding=128, hidden=128, classes=2):
    return keras.Sequential(
        [
            L.Input((None,), dtype="int32"),
            L.Embedding(vocabulary, embedding),
            L.Bidirectional(L.LSTM(hidden, return_sequences=True)),
            L.Dropout(0.3),
            L.Bidirectional(L.LSTM(hidden)),
            L.Dropout(0.5),
            L.Dense(classes),
        ]
    )


def batch(rng, vocabulary=20000, length=200, classes=2, n=4):
    return rng.integers(0, vocabulary, (n, length)), rng.integers(0, classes, n)
