"""What people get wrong with recurrent layers is named, and the counterfactual shows the drop."""

import keras
import numpy as np
import pytest
import torch
from keras import layers as L
from plugin.parity.recurrent_models import Classifier, keras_classifier
from torch import nn


def cause(report, rung="forward-eval"):
    """The one cause of a report that failed at `rung`, its drop checked."""
    assert not report.passed
    assert report.rung(rung).status == "FAIL", report.text()
    assert len(report.findings) == 1, report.text()
    finding = report.findings[0]
    assert finding.before > 1e-7 > finding.after, report.text()
    assert not report.unexplained
    return finding


@pytest.fixture
def series(rng):
    return rng.normal(size=(3, 4, 3))


@pytest.fixture
def words(rng):
    tokens = rng.integers(1, 9, (3, 5))
    tokens[1, 3:] = tokens[2, 2:] = 0
    return tokens


@pytest.mark.parametrize(
    ("kind", "option", "change"),
    [
        ("LSTM", {"recurrent_activation": "hard_sigmoid"}, "recurrent_activation=sigmoid"),
        ("LSTM", {"activation": "relu"}, "activation=tanh"),
        ("RNN", {"activation": "relu"}, "activation=tanh"),
        ("GRU", {"reset_after": False}, "reset_after=True"),
    ],
)
def test_setting_of_a_keras_port(parity, series, kind, option, change):
    report = parity.report(Classifier(kind), keras_classifier(kind, **option), series)
    assert cause(report).change == change


@pytest.mark.parametrize(
    ("kind", "option", "change"),
    [
        ("LSTM", {"recurrent_activation": "hard_sigmoid"}, "recurrent_activation=hard_sigmoid"),
        ("GRU", {"reset_after": False}, "reset_after=False"),
        ("GRU", {"activation": "softsign"}, "activation=softsign"),
    ],
)
def test_setting_that_a_torch_port_cannot_have(parity, series, kind, option, change):
    report = parity.report(keras_classifier(kind, **option), Classifier(kind), series)
    assert cause(report).change == change


def test_bidirectional_setting(parity, series):
    port = keras_classifier("GRU", bidirectional=True, recurrent_activation="hard_sigmoid")
    report = parity.report(Classifier("GRU", bidirectional=True), port, series)
    assert cause(report).change == "recurrent_activation=sigmoid"


def test_backwards(parity, series):
    report = parity.report(Classifier("LSTM"), keras_classifier("LSTM", go_backwards=True), series)
    finding = cause(report)
    assert finding.change == "go_backwards=False"
    report = parity.report(keras_classifier("LSTM", go_backwards=True), Classifier("LSTM"), series)
    assert "x.flip(1)" in cause(report).fix


class LastStep(Classifier):
    """out[:, -1] holds the backward direction's first state, not its last."""

    def forward(self, x):
        return self.fc(self.rnn(x)[0][:, -1])


def test_last_step_of_both_directions(parity, series):
    reference = keras_classifier("LSTM", bidirectional=True)
    report = parity.report(reference, LastStep("LSTM", bidirectional=True), series)
    finding = cause(report)
    assert "the port takes the last step, the reference the last state of each" in finding.cause
    assert "h_n[-2], h_n[-1]" in finding.fix


def test_last_step_of_both_directions_in_keras(parity, series):
    inputs = L.Input((4, 3))
    x = L.Bidirectional(L.GRU(4, return_sequences=True))(inputs)
    port = keras.Model(inputs, L.Dense(2)(x[:, -1]))
    finding = cause(parity.report(Classifier("GRU", bidirectional=True), port, series))
    assert "return_sequences=False" in finding.fix


def test_sequence_returned_in_place_of_the_last_step(parity, series):
    inputs = L.Input((4, 3))
    port = keras.Model(inputs, L.Dense(2)(L.LSTM(4, return_sequences=True)(inputs)))
    report = parity.report(Classifier("LSTM"), port, series)
    assert report.findings[0].change == "the last step"
    assert "return_sequences=False" in report.findings[0].fix


@pytest.mark.parametrize("mode", ["ave", "mul"])
def test_merge_mode(parity, series, mode):
    class Summed(Classifier):
        def __init__(self):
            super().__init__("RNN", bidirectional=True)
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            ahead, back = self.rnn(x)[0].chunk(2, -1)
            return self.fc(ahead[:, -1] + back[:, 0])

    port = keras.Sequential(
        [L.Input((4, 3)), L.Bidirectional(L.SimpleRNN(4), merge_mode=mode), L.Dense(2)]
    )
    assert 'merge_mode="sum"' in cause(parity.report(Summed(), port, series)).fix


def test_batch_and_time_swapped(parity, series):
    port = Classifier("LSTM", batch_first=False)
    port.forward = lambda x: port.fc(port.rnn(x)[0][:, -1])
    finding = cause(parity.report(keras_classifier("LSTM"), port, series))
    assert finding.change == "batch_first=True"
    reference = Classifier("LSTM", batch_first=False)
    reference.forward = lambda x: reference.fc(reference.rnn(x)[0][:, -1])
    finding = cause(parity.report(reference, keras_classifier("LSTM"), series))
    assert "of the reference takes axis 0" in finding.cause


def test_state_kept_from_batch_to_batch(parity, series, rng):
    port = keras.Sequential([L.Input(batch_shape=(3, 4, 3)), L.LSTM(4, stateful=True), L.Dense(2)])
    port(series)
    kept = port.layers[0].states[0].numpy()
    targets = rng.integers(0, 2, 3)
    report = parity.report(Classifier("LSTM"), port, series, targets, loss="cross_entropy", steps=3)
    assert cause(report, "curve").change == "stateful=False there"
    assert (port.layers[0].states[0].numpy() == kept).all()


class Decoder(nn.Module):
    """An encoder's last state is where the decoder starts."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.LSTM(3, 4, batch_first=True)
        self.decoder = nn.LSTM(3, 4, batch_first=True)

    def forward(self, x):
        return self.decoder(x, self.encoder(x)[1])[0]


def decoder_keras(start):
    inputs = L.Input((4, 3))
    _, h, c = L.LSTM(4, return_state=True, name="encoder")(inputs)
    decoder = L.LSTM(4, return_sequences=True, name="decoder")
    return keras.Model(inputs, decoder(inputs, initial_state=start(h, c)))


def zeros(h, c):
    return [keras.ops.zeros_like(h), keras.ops.zeros_like(c)]


def test_states_passed_on(parity, series):
    parity(Decoder(), decoder_keras(lambda h, c: [h, c]), series, tolerance=1e-9)
    parity(decoder_keras(lambda h, c: [h, c]), Decoder(), series, tolerance=1e-9)


@pytest.mark.parametrize(
    ("start", "told"),
    [(zeros, "starts from zeros"), (lambda h, c: [c, h], "in each other's place")],
)
def test_states_not_passed_on(parity, series, start, told):
    assert told in cause(parity.report(Decoder(), decoder_keras(start), series)).cause


class Words(nn.Module):
    def __init__(self, packed):
        super().__init__()
        self.embed, self.packed = nn.Embedding(9, 3), packed
        self.rnn = nn.LSTM(3, 4, batch_first=True)
        self.fc = nn.Linear(4, 2)

    def forward(self, tokens):
        x = self.embed(tokens)
        if self.packed:
            lengths = (tokens != 0).sum(1)
            pack = nn.utils.rnn.pack_padded_sequence
            x = pack(x, lengths, batch_first=True, enforce_sorted=False)
        return self.fc(self.rnn(x)[1][0][-1])


def words_keras(masked):
    return keras.Sequential(
        [L.Input((5,), dtype="int64"), L.Embedding(9, 3, mask_zero=masked), L.LSTM(4), L.Dense(2)]
    )


def test_packed_sequences_are_masked_ones(parity, words, rng):
    targets = rng.integers(0, 2, 3)
    options = {"loss": "cross_entropy", "steps": 2, "tolerance": 1e-9}
    parity(Words(packed=True), words_keras(masked=True), words, targets, **options)
    parity(words_keras(masked=True), Words(packed=True), words, targets, **options)


def test_mask_on_one_side(parity, words):
    finding = cause(parity.report(Words(packed=False), words_keras(masked=True), words))
    assert "of the port masks the padding" in finding.cause
    finding = cause(parity.report(words_keras(masked=True), Words(packed=False), words))
    assert "pack_padded_sequence" in finding.fix
    finding = cause(parity.report(Words(packed=True), words_keras(masked=False), words))
    assert finding.change == "mask_zero=True"


def test_dropout_of_a_cell_is_off_and_compared(parity, series):
    reference = Classifier("LSTM", num_layers=2, dropout=0.25)
    inputs = L.Input((4, 3))
    x = L.LSTM(4, dropout=0.5)(L.LSTM(4, return_sequences=True)(inputs))
    report = parity.report(reference, keras.Model(inputs, L.Dense(2)(x)), series)
    assert "rate 0.5, reference 0.25" in report.rung("settings").detail


def test_projection_is_refused(parity, series):
    model = nn.LSTM(3, 4, proj_size=2)
    with pytest.raises(ValueError, match="proj_size=2: no Keras layer"):
        parity(model, keras_classifier("LSTM"), series)


def test_module_is_given_back(parity, series):
    reference = Classifier("LSTM", num_layers=2)
    before = {name: p.detach().clone() for name, p in reference.named_parameters()}
    parity(reference, keras_classifier("LSTM", layers=2), series, tolerance=1e-9)
    assert "forward" not in vars(reference.rnn)
    for name, parameter in reference.named_parameters():
        torch.testing.assert_close(parameter.detach(), before[name], rtol=0, atol=0)
        assert parameter.requires_grad


def torch_weights(module):
    """(kernel, recurrent kernel, biases) in Keras' shapes, the gates in torch's order."""
    arrays = {name: p.detach().numpy() for name, p in module.named_parameters()}
    kernels = [arrays["weight_ih_l0"].T, arrays["weight_hh_l0"].T]
    return kernels, (arrays["bias_ih_l0"], arrays["bias_hh_l0"])


def test_gates_in_torchs_order(parity, series):
    reference, port = Classifier("GRU"), keras_classifier("GRU")
    kernels, biases = torch_weights(reference.rnn)
    port.layers[0].set_weights([*kernels, np.stack(biases)])
    port.layers[1].set_weights([p.detach().numpy().T for p in reference.fc.parameters()])
    finding = cause(parity.report(reference, port, series, weights="own"), "weights")
    assert "the gates stand in another order" in finding.cause
    assert "r, z, n in torch and z, r, h in Keras" in finding.fix


def test_one_bias_of_two(parity, series):
    reference, port = Classifier("LSTM"), keras_classifier("LSTM")
    kernels, biases = torch_weights(reference.rnn)
    port.layers[0].set_weights([*kernels, biases[0]])
    port.layers[1].set_weights([p.detach().numpy().T for p in reference.fc.parameters()])
    finding = cause(parity.report(reference, port, series, weights="own"), "weights")
    assert "one of torch's two biases left out" in finding.cause
    port.layers[0].set_weights([*kernels, sum(biases)])
    parity(reference, port, series, weights="own", tolerance=1e-6)


class Carrying(Classifier):
    """Goes on from the last batch's state, as a language model is often trained."""

    def __init__(self):
        super().__init__("GRU")
        self.state = None

    def forward(self, x):
        sequence, state = self.rnn(x, self.state)
        self.state = state.detach()
        return self.fc(sequence[:, -1])


@pytest.mark.parametrize("order", [1, -1])
def test_state_that_a_torch_module_keeps(parity, series, rng, order):
    carrying = Carrying()
    carrying(torch.from_numpy(series).float())
    carrying.state = kept = carrying.state * 0
    models = (keras_classifier("GRU"), carrying)[::order]
    targets = rng.integers(0, 2, 3)
    report = parity.report(*models, series, targets, loss="cross_entropy", steps=3)
    assert cause(report, "curve").cause.startswith("state of the")
    assert carrying.state is kept
