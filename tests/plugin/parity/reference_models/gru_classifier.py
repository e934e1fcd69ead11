"""A text classifier: embedding, a stack of GRUs, the mean of its outputs; in Keras a subclassed
model."""

import keras
import torch.nn.functional as F
from keras import layers as L
from torch import nn

LOSS = "cross_entropy"
SMALL = {"vocabulary": 20, "embedding": 6, "hidden": 5, "classes": 3}
SMALL_BATCH = {"vocabulary": 20, "length": 7, "classes": 3}


class GRUClassifier(nn.Module):
    def __init__(self, vocabulary, embedding, hidden, classes):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.gru = nn.GRU(embedding, hidden, num_layers=2, batch_first=True)
        self.hidden = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, classes)

    def forward(self, tokens):
        states, _ = self.gru(self.embedding(tokens))
        return self.out(F.relu(self.hidden(states.mean(dim=1))))


def torch_model(vocabulary=20000, embedding=128, hidden=128, classes=2):
    return GRUClassifier(vocabulary, embedding, hidden, classes)


class KerasGRUClassifier(keras.Model):
    def __init__(self, vocabulary, embedding, hidden, classes):
        super().__init__()
        self.embedding = L.Embedding(vocabulary, embedding)
        self.grus = [L.GRU(hidden, return_sequences=True) for _ in range(2)]
        self.pool = L.GlobalAveragePooling1D()
        self.hidden = L.Dense(hidden, activation="relu")
        self.out = L.Dense(classes)

    def call(self, tokens):
        x = self.embedding(tokens)
        for gru in self.grus:
            x = gru(x)
        return self.out(self.hidden(self.pool(x)))


def keras_model(vocabulary=20000, embedding=128, hidden=128, classes=2):
    return KerasGRUClassifier(vocabulary, embedding, hidden, classes)


def batch(rng, vocabulary=20000, length=200, classes=2, n=4):
    return rng.integers(0, vocabulary, (n, length)), rng.integers(0, classes, n)
