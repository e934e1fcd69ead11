"""What the fixtures say of these programs: the right ones pass, the wrong ones are told why."""

from functools import partial

import keras
import pytest
import torch

from . import keras_right, keras_wrong, torch_right, torch_wrong

X, Y = torch_right.make_data(64)


def torch_training(program, step="train_step"):
    torch.manual_seed(0)
    model = program.Classifier()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return {
        "model": model,
        "step": partial(getattr(program, step), model, optimizer),
        "optimizer": optimizer,
    }


def keras_training(program, step="train_step"):
    keras.utils.set_random_seed(0)
    model = program.Classifier()
    model(X)  # makes the weights
    optimizer = keras.optimizers.SGD(0.1)
    return {
        "model": model,
        "step": partial(getattr(program, step), model, optimizer),
        "optimizer": optimizer,
    }


def test_parity_of_the_keras_port(parity):
    parity(torch_right.Classifier, keras_right.Classifier, X, Y, loss="cross_entropy")


def test_parity_of_the_torch_port(parity):
    parity(keras_right.Classifier, torch_right.Classifier, X, Y, loss="cross_entropy")


def test_parity_with_layers_in_a_plain_list(parity):
    with pytest.raises(AssertionError, match=r"reference  hidden\.0"):
        parity(keras_right.Classifier, torch_wrong.Classifier, X, Y, loss="cross_entropy")


def test_right_torch_loop_trains(training_smoke):
    training_smoke(**torch_training(torch_right), inputs=X, targets=Y)


def test_right_keras_loop_trains(training_smoke):
    training_smoke(**keras_training(keras_right), inputs=X, targets=Y)


def test_dunder_call_never_trains_with_dropout(training_smoke):
    with pytest.raises(AssertionError, match="XFR101 dunder-call"):
        training_smoke(**keras_training(keras_wrong), inputs=X, targets=Y)


def test_torch_loop_never_clears_its_gradients(training_smoke):
    with pytest.raises(AssertionError, match="XFR202 missing-zero-grad") as failure:
        training_smoke(**torch_training(torch_wrong), inputs=X, targets=Y)
    assert "XFR106 modules-in-plain-list" in str(failure.value)


def test_torch_loop_clears_its_gradients_too_late(training_smoke):
    with pytest.raises(AssertionError, match="XFR205 zero-grad-after-backward"):
        training_smoke(**torch_training(torch_wrong, "step_clearing_too_late"), inputs=X, targets=Y)


@pytest.mark.parametrize(
    ("step", "error", "message"),
    [
        ("step_without_zip", ValueError, "unpack"),
        ("step_asking_the_tape_twice", RuntimeError, "non-persistent GradientTape"),
    ],
)
def test_loud_mistakes_raise_at_the_first_step(step, error, message):
    with pytest.raises(error, match=message):
        keras_training(keras_wrong, step)["step"](X, Y)


def test_programs_show_what_the_readme_says(capsys):
    torch_right.main()
    assert "parameters the optimizer gets: 1443\n" in capsys.readouterr().out
    torch_wrong.main()
    wrong = capsys.readouterr().out
    assert "parameters the optimizer gets: 99\n" in wrong
    assert "layers that moved: [False, False, True]\n" in wrong
    assert "layers that moved: [False, False, False]\n" in wrong
    keras_right.main()
    right = capsys.readouterr().out
    assert "dropout acts in training: True\nbuilt: True, parameters: 1443\n" in right
    keras_wrong.main()
    wrong = capsys.readouterr().out
    assert "dropout acts in training: False\nbuilt: False\nparameters: ValueError" in wrong
    assert "weights saved and loaded: ValueError" in wrong
