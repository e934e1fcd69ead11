"""What the fixtures say of these programs: the right ones pass, the wrong ones are told why."""

from functools import partial

import keras
import pytest
import torch

from . import keras_right, keras_wrong, torch_right, torch_still_wrong, torch_wrong

X, Y = torch_right.make_data(64)


def torch_training(program):
    torch.manual_seed(0)
    model = program.Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return {
        "model": model,
        "step": partial(program.train_step, model, optimizer),
        "optimizer": optimizer,
    }


def keras_training(train_step):
    keras.utils.set_random_seed(0)
    model = keras_right.Net()
    model(X)  # makes the weights
    optimizer = keras.optimizers.SGD(0.1)
    return {"model": model, "step": partial(train_step, model, optimizer), "optimizer": optimizer}


def compiled(program):
    keras.utils.set_random_seed(0)
    model = program.Net()
    model.compile(keras.optimizers.SGD(0.1), loss=program.loss_fn)
    return model


def test_parity_of_the_keras_port(parity):
    parity(torch_right.Net, keras_right.Net, X, Y, loss="cross_entropy")


def test_parity_of_the_torch_port(parity):
    parity(keras_right.Net, torch_right.Net, X, Y, loss="cross_entropy")


def test_parity_with_another_epsilon(parity):
    with pytest.raises(AssertionError, match=r"epsilon of norm is 0\.001"):
        parity(torch_right.Net, keras_wrong.Net, X, Y, loss="cross_entropy")


def test_parity_with_torchs_momentum(parity):
    """The training curve cannot tell: it never reads the moving statistics."""
    with pytest.raises(AssertionError, match=r"momentum of norm is 0\.1"):
        parity(torch_right.Net, partial(keras_wrong.Net, epsilon=1e-5), X, Y, loss="cross_entropy")


def test_right_torch_loop_trains(training_smoke):
    training_smoke(**torch_training(torch_right), inputs=X, targets=Y)


def test_right_keras_loop_trains(training_smoke):
    training_smoke(**keras_training(keras_right.train_step), inputs=X, targets=Y)


def test_right_keras_model_fits(training_smoke):
    training_smoke(compiled(keras_right), X, Y)


def test_keras_loop_forgets_training_true(training_smoke):
    with pytest.raises(AssertionError, match="XFR303 missing-training-true"):
        training_smoke(**keras_training(keras_wrong.train_step), inputs=X, targets=Y)


def test_fit_never_switches_to_training(training_smoke):
    with pytest.raises(AssertionError, match="XFR305 call-without-training"):
        training_smoke(compiled(keras_wrong), X, Y)


def test_dropout_as_a_function_never_rests(training_smoke):
    with pytest.raises(AssertionError, match="XFR310 functional-dropout-always-on"):
        training_smoke(torch_still_wrong.FunctionalNet(), X, Y, loss="cross_entropy")


def test_validation_leaves_the_model_in_evaluation_mode(training_smoke):
    """A step that validates after training: the next one trains without dropout."""
    training = torch_training(torch_still_wrong)
    model, train_step = training["model"], training["step"]

    def step(x, y):
        loss = train_step(x, y)
        model.eval()
        return loss

    with pytest.raises(AssertionError, match="XFR302 missing-train-after-eval"):
        training_smoke(model, X, Y, step=step, optimizer=training["optimizer"])


def test_programs_show_what_the_readme_says(capsys):
    torch_right.main()
    right = capsys.readouterr().out
    assert "epochs with dropout on: 30 of 30" in right
    assert "the same question twice, the same answer: True" in right
    assert "one point's answer depends on its batch: False" in right
    torch_wrong.main()
    assert "the same question twice, the same answer: False" in capsys.readouterr().out
    torch_still_wrong.main()
    wrong = capsys.readouterr().out
    assert "epochs with dropout on: 1 of 30" in wrong
    assert "F.dropout rests after eval(): False" in wrong
    keras_right.main()
    assert "largest moving mean of the batch norm 0.00" not in capsys.readouterr().out
    keras_wrong.main()
    wrong = capsys.readouterr().out
    assert wrong.count("largest moving mean of the batch norm 0.00") == 2
