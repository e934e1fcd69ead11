"""LSTM, GRU and plain RNN: right ports, and what people get wrong."""

import keras
import pytest
from keras import layers as L
from plugin.parity.recurrent_models import Classifier, keras_classifier
from torch import nn

EXACT = 1e-9


VARIANTS = {
    "single": ({}, {}),
    "stacked": ({"num_layers": 2}, {"layers": 2}),
    "bidirectional": ({"bidirectional": True}, {"bidirectional": True}),
    "stacked-bidirectional": (
        {"num_layers": 2, "bidirectional": True},
        {"layers": 2, "bidirectional": True},
    ),
    "no-bias": ({"bias": False}, {"use_bias": False}),
}


@pytest.fixture
def series(rng):
    return rng.normal(size=(3, 4, 3)), rng.integers(0, 2, 3)


def check(parity, series, kind, variant, order):
    theirs, ours = VARIANTS[variant]
    models = Classifier(kind, **theirs), keras_classifier(kind, **ours)
    report = parity(*models[::order], *series, loss="cross_entropy", steps=3, tolerance=EXACT)
    two_biases = kind != "GRU" and variant != "no-bias"
    assert report.rung("curve").status == ("explained" if two_biases else "pass")


@pytest.mark.parametrize(
    ("kind", "variant"),
    [
        *(("LSTM", variant) for variant in VARIANTS),
        *(("GRU", variant) for variant in ("single", "stacked-bidirectional")),
        *(("RNN", variant) for variant in ("single", "bidirectional")),
    ],
)
def test_right_keras_port(parity, series, kind, variant):
    check(parity, series, kind, variant, 1)


@pytest.mark.parametrize(
    ("kind", "variant"),
    [
        ("LSTM", "single"),
        ("LSTM", "stacked-bidirectional"),
        ("GRU", "stacked"),
        ("GRU", "bidirectional"),
        ("GRU", "no-bias"),
        ("RNN", "single"),
    ],
)
def test_right_torch_port(parity, series, kind, variant):
    check(parity, series, kind, variant, -1)


class CellsTorch(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.gru = nn.LSTMCell(3, 4), nn.GRUCell(4, 4)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        h = c = state = x.new_zeros(x.shape[0], 4)
        for step in x.unbind(1):
            h, c = self.lstm(step, (h, c))
            state = self.gru(h, state)
        return self.fc(state)


class CellsKeras(keras.Model):
    def __init__(self):
        super().__init__()
        self.lstm, self.gru = L.LSTMCell(4), L.GRUCell(4)
        self.fc = L.Dense(2)

    def call(self, x):
        h = c = state = keras.ops.zeros((x.shape[0], 4), dtype=x.dtype)
        for step in keras.ops.unstack(x, axis=1):
            _, (h, c) = self.lstm(step, [h, c])
            state, _ = self.gru(h, state)
        return self.fc(state)


def layers_of_cells():
    cells = [L.RNN(L.LSTMCell(4), return_sequences=True), L.RNN(L.GRUCell(4))]
    return keras.Sequential([L.Input((4, 3)), *cells, L.Dense(2)])


@pytest.mark.parametrize("port", [CellsKeras, layers_of_cells])
def test_cells_in_a_loop(parity, series, port):
    options = {"loss": "cross_entropy", "steps": 2, "tolerance": EXACT}
    assert parity(CellsTorch(), port(), *series, **options).rung("curve").status == "explained"


def test_cells_in_torch(parity, series):
    parity(CellsKeras(), CellsTorch(), *series, loss="cross_entropy", steps=2, tolerance=EXACT)


def test_layer_of_stacked_cells(parity, series):
    cells = [L.LSTMCell(4), L.LSTMCell(4)]
    port = keras.Sequential([L.Input((4, 3)), L.RNN(cells), L.Dense(2)])
    parity(Classifier("LSTM", num_layers=2), port, series[0], tolerance=EXACT)


def test_time_first(parity, series):
    x, y = series
    reference = Classifier("GRU", num_layers=2, batch_first=False)
    port = keras_classifier("GRU", layers=2)
    swap = {"port_inputs": lambda x: x.transpose(1, 0, 2), "tolerance": EXACT}
    parity(reference, port, x.transpose(1, 0, 2), y, loss="cross_entropy", steps=2, **swap)


def test_every_output_and_state(parity, series):
    inputs = L.Input((4, 3))
    sequence, h, c = L.LSTM(4, return_sequences=True, return_state=True)(inputs)
    port = keras.Model(inputs, (sequence, (h, c)))
    lstm = nn.LSTM(3, 4, batch_first=True)
    plain = {"port_outputs": lambda o: (o[0], (o[1][0][None], o[1][1][None])), "tolerance": EXACT}
    parity(lstm, port, series[0], **plain)


def test_a_cell_of_the_users_own_is_listed(parity, series):
    class Cell(L.Layer):
        state_size = 4

        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1], 4), name="w")

        def call(self, x, states):
            h = keras.ops.tanh(x @ self.w + states[0])
            return h, [h]

    port = keras.Sequential([L.Input((4, 3)), L.RNN(Cell(), name="mine"), L.Dense(2)])
    report = parity.report(Classifier("RNN", bias=False), port, series[0])
    assert "of no layer known here, port: mine.cell.w (3, 4)" in report.rung("structure").detail
