"""What the fixtures say of these programs: the right ones pass, the wrong ones are told why."""

import re
from functools import partial

import keras
import pytest
import torch

from . import keras_right, keras_wrong, torch_right, torch_wrong

X, Y = torch_right.make_data(64)


def torch_training(program):
    torch.manual_seed(0)
    model = program.Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return {
        "model": model,
        "step": partial(program.train_step, model, optimizer),
        "optimizer": optimizer,
    }


def keras_training(build, train_step):
    keras.utils.set_random_seed(0)
    model = build()
    model(X)  # makes the weights
    optimizer = keras.optimizers.SGD(0.5)
    return {"model": model, "step": partial(train_step, model, optimizer), "optimizer": optimizer}


def test_parity_of_the_keras_port(parity):
    losses = torch_right.loss_fn, keras_right.loss_fn
    parity(torch_right.Net, keras_right.Net, X, Y, loss=losses)


def test_parity_of_the_torch_port(parity):
    losses = torch_right.loss_fn, keras_right.loss_fn
    parity(keras_right.Net, torch_right.Net, X, Y, loss=losses)


def test_parity_with_a_softmax_before_cross_entropy(parity):
    losses = torch_wrong.loss_fn, keras_right.loss_fn
    with pytest.raises(AssertionError, match="XFR401 softmax-before-cross-entropy"):
        parity(keras_right.Net, torch_wrong.Net, X, Y, loss=losses)


def test_parity_without_from_logits(parity):
    losses = torch_right.loss_fn, keras_wrong.loss_of_probabilities
    with pytest.raises(AssertionError, match="XFR402 missing-from-logits"):
        parity(torch_right.Net, keras_wrong.Net, X, Y, loss=losses)


def test_parity_with_from_logits_on_probabilities(parity):
    losses = torch_right.loss_fn, keras_wrong.loss_of_logits
    with pytest.raises(AssertionError, match="the port has softmax, the reference no activation"):
        parity(torch_right.Net, keras_wrong.NetWithSoftmax, X, Y, loss=losses)


def test_right_torch_loop_trains(training_smoke):
    training_smoke(**torch_training(torch_right), inputs=X, targets=Y)


def test_right_keras_loop_trains(training_smoke):
    training = keras_training(keras_right.Net, keras_right.train_step)
    training_smoke(**training, inputs=X, targets=Y)


def test_cross_entropy_of_a_softmax(training_smoke):
    with pytest.raises(AssertionError, match="XFR401 softmax-before-cross-entropy"):
        training_smoke(**torch_training(torch_wrong), inputs=X, targets=Y)


def test_logits_taken_for_probabilities(training_smoke):
    training = keras_training(keras_wrong.Net, keras_wrong.train_step)
    with pytest.raises(AssertionError, match="XFR402 missing-from-logits"):
        training_smoke(**training, inputs=X, targets=Y)


def test_probabilities_taken_for_logits(training_smoke):
    training = keras_training(keras_wrong.NetWithSoftmax, keras_wrong.train_step_repaired_twice)
    with pytest.raises(AssertionError, match="XFR403 from-logits-on-probabilities"):
        training_smoke(**training, inputs=X, targets=Y)


def test_programs_show_what_the_readme_says(capsys):
    torch_right.main()
    keras_right.main()
    right = [float(a) for a in re.findall(r"accuracy ([\d.]+)", capsys.readouterr().out)]
    torch_wrong.main()
    keras_wrong.main()
    wrong = [float(a) for a in re.findall(r"accuracy ([\d.]+)", capsys.readouterr().out)]
    assert len(right) == 2
    assert len(wrong) == 3
    assert min(right) > 0.9
    assert max(wrong) < 0.7
