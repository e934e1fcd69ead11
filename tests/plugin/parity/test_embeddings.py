"""Embeddings: a matrix shared with the output layer, the padding's row."""

import keras
import pytest
import torch
from keras import layers as L
from torch import nn

OPTIONS = {"loss": "cross_entropy", "steps": 3, "tolerance": 1e-9}


class WordsTorch(nn.Module):
    def __init__(self, tied=True, bias=False, padding=None):
        super().__init__()
        self.embed = nn.Embedding(9, 5, padding_idx=padding)
        self.hidden = nn.Linear(5, 5)
        self.out = nn.Linear(5, 9, bias=bias)
        if tied:
            self.out.weight = self.embed.weight

    def forward(self, tokens):
        return self.out(torch.tanh(self.hidden(self.embed(tokens))).mean(1))


class WordsKeras(keras.Model):
    def __init__(self, tied=True, bias=False):
        super().__init__()
        self.embed = L.Embedding(9, 5)
        self.hidden = L.Dense(5, activation="tanh")
        self.out = None if tied else L.Dense(9, use_bias=bias)
        self.bias = self.add_weight(shape=(9,), name="bias") if tied and bias else 0.0

    def call(self, tokens):
        x = keras.ops.mean(self.hidden(self.embed(tokens)), axis=1)
        if self.out is not None:
            return self.out(x)
        return x @ keras.ops.transpose(self.embed.embeddings) + self.bias


@pytest.fixture
def words(rng):
    tokens = rng.integers(0, 9, (3, 4))
    tokens[0, 0] = tokens[1, 2] = 0
    return tokens, rng.integers(0, 9, 3)


@pytest.mark.parametrize("bias", [False, True])
def test_tied_to_the_output(parity, words, bias):
    parity(WordsTorch(bias=bias), WordsKeras(bias=bias), *words, **OPTIONS)


def test_tied_in_torch(parity, words):
    parity(WordsKeras(), WordsTorch(), *words, **OPTIONS)


def test_padding_row_that_is_tied_still_gets_the_outputs_gradient(parity, words):
    for models in ((WordsTorch(padding=0), WordsKeras()), (WordsKeras(), WordsTorch(padding=0))):
        report = parity(*models, *words, **OPTIONS)
        assert report.rung("gradients").status == "explained"


def test_tied_in_the_reference_alone(parity, words):
    report = parity.report(WordsTorch(), WordsKeras(tied=False), *words, **OPTIONS)
    assert report.failed_rung == "gradients"
    (finding,) = report.findings
    assert finding.cause.startswith("embed.embeddings, out.kernel are one weight in the reference")
    assert finding.before > 0.1
    assert finding.after < 1e-9


@pytest.mark.parametrize("to_keras", [True, False])
def test_output_made_with_the_embedding_where_the_other_has_a_layer(parity, words, to_keras):
    """Only one of the models has the output layer: its calls, not the weights, do not pair."""
    for models, own in (
        ((WordsTorch(tied=False), WordsKeras()), "the port uses embed's matrix, the reference has"),
        ((WordsTorch(), WordsKeras(tied=False)), None),
        ((WordsKeras(tied=False), WordsTorch()), "are one weight in the port, and several"),
        ((WordsKeras(), WordsTorch(tied=False)), "out of the port has a matrix of its own"),
    ):
        if isinstance(models[1], WordsKeras) != to_keras or own is None:
            continue
        report = parity.report(*models, *words, **OPTIONS)
        (finding,) = report.findings or pytest.fail(report.text())
        assert own in finding.cause
        assert finding.before > 1e-2
        assert finding.after < 1e-9


def test_tied_parameters_are_tied_again(parity, words):
    port = WordsTorch()
    parity.report(WordsKeras(tied=False), port, *words, **OPTIONS)
    assert port.out.weight is port.embed.weight
