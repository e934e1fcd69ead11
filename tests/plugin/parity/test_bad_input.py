"""What cannot be compared is said in one clear message."""

import keras
import numpy as np
import pytest
import torch
from keras import layers as L
from torch import nn

from pytest_gradferry import frameworks
from pytest_gradferry.frameworks import FrameworkError
from pytest_gradferry.parity import ParityInputError


def linear():
    return nn.Sequential(nn.Linear(5, 3))


def dense():
    return keras.Sequential([L.Input((5,)), L.Dense(3)])


X = np.ones((4, 5), np.float32)
Y = np.ones((4, 3), np.float32)


def message(parity, *arguments, **options):
    with pytest.raises(ParityInputError) as caught:
        parity(*arguments, **options)
    return str(caught.value)


def test_two_models_of_one_framework(parity):
    assert "both models are torch models" in message(parity, linear(), linear(), X)
    assert "both models are keras models" in message(parity, dense(), dense(), X)


def test_something_that_is_no_model(parity):
    assert "port: cannot tell the framework" in message(parity, linear(), 3, X)
    assert "no keras.Model" in message(parity, linear(), L.Dense(3), X)


def test_missing_framework(parity, monkeypatch):
    monkeypatch.setattr(frameworks, "_instances", {})
    monkeypatch.setattr(frameworks, "installed_module", lambda name: name != "tensorflow")
    with pytest.raises(FrameworkError, match=r"pip install 'gradferry\[tensorflow\]'"):
        parity(linear(), dense(), X)


def test_factory_that_raises(parity):
    def broken():
        raise RuntimeError("no weights file")

    assert "the factory broken raised RuntimeError: no weights file" in message(
        parity, broken, dense(), X
    )


def test_model_that_raises_shows_no_frame_of_ours(parity):
    class Raises(nn.Module):
        def forward(self, x):
            raise KeyError("no such thing")

    with pytest.raises(ParityInputError) as caught:
        parity(Raises(), dense(), X)
    shown = [entry for entry in caught.traceback if not entry.ishidden(caught)]
    assert len(caught.traceback) > len(shown) == 1


def test_model_that_raises_keeps_the_original(parity):
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(5, 3)

        def forward(self, x):
            raise KeyError("who knows")

    with pytest.raises(ParityInputError, match=r"Broken \(torch\) raised KeyError") as caught:
        parity(Broken(), dense(), X)
    causes = [caught.value.__cause__]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    assert any(isinstance(cause, KeyError) for cause in causes)


def test_shapes_that_do_not_fit(parity):
    text = message(parity, linear(), dense(), np.ones((4, 7), np.float32))
    assert "raised RuntimeError in its forward pass on inputs of shape (4, 7)" in text


def test_rank_three_gets_a_hint(parity):
    reference = nn.Sequential(nn.Conv1d(2, 3, 3))
    port = keras.Sequential([L.Input((16, 2)), L.Conv1D(3, 3)])
    assert "port_inputs=" in message(parity, reference, port, np.ones((4, 2, 16), np.float32))


def test_port_that_raises_in_training_only(parity):
    class Broken(keras.Model):
        def __init__(self):
            super().__init__()
            self.fc = L.Dense(3)

        def call(self, x, training=False):
            if training:
                raise ValueError("only in training")
            return self.fc(x)

    assert "only in training" in message(parity, linear(), Broken(), X)


def test_losses(parity):
    text = message(parity, linear(), dense(), X, Y, loss="crossentropy")
    assert "unknown loss 'crossentropy'; known are cross_entropy" in text
    assert "pair (torch's, keras')" in message(parity, linear(), dense(), X, Y, loss=nn.MSELoss())
    assert "a loss needs targets" in message(parity, linear(), dense(), X, loss="mse")
    assert "targets were given without a loss" in message(parity, linear(), dense(), X, Y)


def test_losses_in_the_wrong_order(parity):
    keras_loss = keras.losses.MeanSquaredError()
    for swapped in [(keras_loss, nn.MSELoss()), (lambda o, t: 0, nn.MSELoss()), ("mse", "mse")]:
        text = message(parity, linear(), dense(), X, Y, loss=swapped)
        assert "must be" in text
        if swapped[0] is keras_loss:
            assert "(MeanSquaredError, MSELoss): the first must be torch's" in text
    x = np.random.default_rng(0).normal(size=(4, 5))
    assert parity(linear(), dense(), x, Y, loss=(nn.MSELoss(), keras_loss)).passed


def test_own_loss_that_raises_says_how_it_is_called(parity):
    def theirs(target, output):
        return target.logits

    text = message(parity, linear(), dense(), X, Y, loss=(theirs, keras.losses.MeanSquaredError()))
    assert "it is called (outputs, targets) on torch's tensors" in text


@pytest.mark.parametrize("to_keras", [True, False])
def test_inputs_in_the_layout_of_the_port_get_a_hint(parity, to_keras):
    conv = nn.Sequential(nn.Conv2d(3, 4, 3))
    convolution = keras.Sequential([L.Input((8, 12, 3)), L.Conv2D(4, 3)])
    last = np.random.default_rng(0).normal(size=(2, 8, 12, 3))
    first = np.moveaxis(last, -1, 1)
    models = (conv, convolution) if to_keras else (convolution, conv)
    wrong, right = (last, first) if to_keras else (first, last)
    text = message(parity, *models, wrong)
    assert "in the reference's layout: torch takes (N, C, H, W)" in text
    assert parity(*models, right).passed


def test_an_error_of_another_kind_gets_no_hint_about_layouts(parity):
    class Broken(nn.Module):
        def forward(self, x):
            raise RuntimeError("no licence")

    text = message(parity, Broken(), dense(), np.ones((2, 3, 8, 8)))
    assert text.endswith("no licence")


def test_a_refusal_shows_none_of_our_frames(parity):
    with pytest.raises(ParityInputError) as caught:
        parity(linear(), linear(), X)
    assert [entry.path.name for entry in caught.traceback.filter(caught)] == ["test_bad_input.py"]


def test_targets_that_would_broadcast(parity):
    text = message(parity, linear(), dense(), X, Y[:, :1], loss="mse")
    assert "targets of shape (4, 1) for outputs of shape (4, 3)" in text


def test_targets_of_another_batch(parity):
    text = message(parity, linear(), dense(), X, np.zeros(2, np.int64), loss="cross_entropy")
    assert "the loss raised ValueError" in text
    assert "targets of shape (2,)" in text


def test_optimizers(parity):
    options = {"loss": "mse"}
    text = message(parity, linear(), dense(), X, Y, optimizer="sdg", **options)
    assert "unknown optimizer 'sdg'; known are sgd" in text
    text = message(parity, linear(), dense(), X, Y, optimizer=torch.optim.SGD, **options)
    assert "lambda params" in text
    text = message(
        parity, linear(), dense(), X, Y, optimizer=(lambda p: None, torch.optim.SGD), **options
    )
    assert "keras' an optimizer" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"steps": 0}, "steps must be"),
        ({"weights": "both"}, "weights must be"),
        ({"tolerance": 0}, "tolerance must be"),
        ({"mapping": {"nine": "dense"}}, "no layers or weights of"),
        ({"mapping": {"0": "nine"}}, "the port has"),
    ],
)
def test_options(parity, options, said):
    assert said in message(parity, linear(), dense(), X, **options)


def test_unbuilt_keras_model_is_built_from_the_inputs(parity):
    port = keras.Sequential([L.Dense(3)])
    parity(linear(), port, X)
    assert port.weights[0].dtype == "float32"


def test_lazy_torch_module_is_built_from_the_inputs(parity):
    parity(nn.Sequential(nn.LazyLinear(3)), dense(), X)


def test_layers_that_look_alike_in_another_order(parity):
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.out = nn.Linear(5, 4), nn.Linear(5, 4), nn.Linear(4, 5)

        def forward(self, x):
            return self.out(self.a(x)) + self.out(torch.relu(self.b(x)))

    inputs = L.Input((5,))
    a, b, out = L.Dense(4, name="first"), L.Dense(4, name="second"), L.Dense(5, name="last")
    right = b(inputs)
    left = a(inputs)
    port = keras.Model(inputs, out(left) + out(L.ReLU()(right)))
    x = np.random.default_rng(0).normal(size=(4, 5))
    mapping = {"a": "first", "b": "second", "out": "last"}
    assert parity(Branches(), port, x, mapping=mapping).passed


def test_left_over_weights_list_both_sides(parity):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(5, 3)
            self.scale, self.shift = nn.Parameter(torch.ones(3)), nn.Parameter(torch.zeros(3))

        def forward(self, x):
            return self.fc(x) * self.scale + self.shift

    class ScaledKeras(keras.Model):
        def __init__(self):
            super().__init__()
            self.fc = L.Dense(3)
            self.gain = self.add_weight(shape=(3,), initializer="ones", name="gain")
            self.offset = self.add_weight(shape=(3,), initializer="zeros", name="offset")

        def call(self, x):
            return self.fc(x) * self.gain + self.offset

    report = parity.report(Scaled(), ScaledKeras(), X)
    assert report.failed_rung == "structure"
    for name in ("scale (3,)", "shift (3,)", "gain (3,)", "offset (3,)"):
        assert name in report.text()
    x = np.random.default_rng(0).normal(size=(4, 5))
    reference = Scaled()
    nn.init.normal_(reference.scale)
    assert parity(reference, ScaledKeras(), x, mapping={"scale": "gain", "shift": "offset"}).passed


def test_model_with_float32_constants_is_compared_in_float32(parity):
    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(5, 3)

        def forward(self, x):
            return self.fc(x) @ torch.eye(3, dtype=torch.float32)

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4, 5)), rng.normal(size=(4, 3))
    report = parity(Constant(), dense(), x, y, loss="mse")
    assert report.dtype == "float32"
    assert "compared in float32" in report.notes[0]
    assert report.rung("forward-eval").bound < 1e-5

    def squared():
        return keras.Sequential([L.Input((5,)), L.Dense(3, activation="tanh")])

    assert not parity.report(Constant(), squared(), x, y, loss="mse").passed
