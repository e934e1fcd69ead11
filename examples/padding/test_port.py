"""What the fixtures say of these programs: the right ones pass, the wrong ones are told why."""

import numpy as np
import pytest

from . import keras_right, keras_wrong, torch_right, torch_wrong

X = np.random.default_rng(0).normal(size=(8, 1, 16, 16)).astype("float32")
Y = np.arange(8) % 3


def channels_last(images):
    return images.transpose(0, 2, 3, 1)


def with_torch_weights(build, load):
    """A Keras model with the weights of a PyTorch one, and that one."""
    reference, port = torch_right.EvenlyPadded(), build()
    port(channels_last(X))  # makes the weights
    load(port, {name: tensor.numpy() for name, tensor in reference.state_dict().items()})
    return reference, port


def test_parity_of_the_keras_port(parity):
    parity(torch_right.EvenlyPadded, keras_right.EvenlyPadded, X, Y, loss="cross_entropy")


def test_parity_of_the_torch_port(parity):
    images = channels_last(X)
    parity(keras_right.SamePadded, torch_right.SamePadded, images, Y, loss="cross_entropy")


def test_parity_of_same_for_even_padding(parity):
    with pytest.raises(AssertionError, match="conv1 pads 0 before, 1 after, the reference 1"):
        parity(torch_right.EvenlyPadded, keras_wrong.EvenlyPadded, X, Y, loss="cross_entropy")


def test_parity_of_even_padding_for_same(parity):
    with pytest.raises(AssertionError, match="conv1 pads 1 before, 1 after, the reference 0"):
        parity(
            keras_right.SamePadded,
            torch_wrong.SamePadded,
            channels_last(X),
            Y,
            loss="cross_entropy",
        )


def test_parity_of_weights_copied_in_keras_order(parity):
    reference, port = with_torch_weights(keras_right.EvenlyPadded, keras_right.load_from_torch)
    parity(reference, port, X, Y, loss="cross_entropy", weights="own")


def test_parity_of_weights_copied_by_transposing(parity):
    reference, port = with_torch_weights(keras_right.EvenlyPadded, keras_wrong.load_from_torch)
    with pytest.raises(AssertionError, match="rows in torch's flatten order"):
        parity(reference, port, X, Y, loss="cross_entropy", weights="own")


def test_strided_same_is_no_torch_convolution():
    with pytest.raises(ValueError, match="not supported for strided convolutions"):
        torch_wrong.same_by_name()


def test_programs_show_what_the_readme_says(capsys):
    torch_right.main()
    assert "4 x 4, padding=1: [[4, 6], [6, 9]]" in capsys.readouterr().out
    keras_right.main()
    right = capsys.readouterr().out
    assert "padded as PyTorch's padding=1: [[4, 6], [6, 9]]" in right
    assert "for channel 0, pixel 1 meets channel 0, pixel 1" in right
    torch_wrong.main()
    assert "pixels seen: [[4, 6], [6, 9]]" in capsys.readouterr().out
    keras_wrong.main()
    wrong = capsys.readouterr().out
    assert "pixels seen: [[9, 6], [6, 4]]" in wrong
    assert "for channel 0, pixel 1 meets channel 1, pixel 0" in wrong
