"""The table itself, and where arrays go."""

import keras
import numpy as np
import pytest
import torch

from pytest_gradferry.parity import layout
from pytest_gradferry.parity.mapping import (
    ROWS,
    basic,
    convolutions,
    equal,
    find,
    follow,
    norms,
    row_of,
)


def arrays(rank):
    return np.random.default_rng(0).normal(size=(2, 3, 4, 5, 6)[:rank])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.kind)
def test_row_names_layers_that_exist(row):
    for name in row.torch:
        assert row_of("torch", getattr(torch.nn, name)) is not None
    for name in row.keras:
        assert row_of("keras", getattr(keras.layers, name)) is not None


def test_a_type_has_one_row():
    for names in ([n for row in ROWS for n in row.torch], [n for row in ROWS for n in row.keras]):
        assert len(names) == len(set(names))


@pytest.mark.parametrize("rank", [1, 2, 3, 4, 5])
def test_transpositions_undo_each_other(rank):
    for row in (*basic.ROWS, *convolutions.ROWS, *norms.ROWS):  # the rest have one shape each
        for weight in row.weights:
            if not row.torch or (row.kind == "dense" and rank > 2):
                continue
            if weight.keras == "kernel" and rank < 2:
                continue
            array = arrays(rank)
            np.testing.assert_array_equal(weight.to_torch(weight.to_keras(array)), array)


@pytest.mark.parametrize(
    ("dimensions", "axes"), [(1, (2, 1, 0)), (2, (2, 3, 1, 0)), (3, (2, 3, 4, 1, 0))]
)
def test_convolution_kernels(dimensions, axes):
    (row,) = (row for row in ROWS if row.torch == (f"Conv{dimensions}d",))
    kernel = arrays(dimensions + 2)
    np.testing.assert_array_equal(row.weights[0].to_keras(kernel), kernel.transpose(axes))


def test_depthwise_kernels_keep_the_order_of_their_channels():
    kernel = np.random.default_rng(0).normal(size=(6, 1, 4, 5))
    (row,) = (row for row in ROWS if row.keras == ("DepthwiseConv2D",))
    of_keras = row.weights[0].to_keras(kernel).reshape(4, 5, 3, 2)
    np.testing.assert_array_equal(of_keras[:, :, 2, 1], kernel[2 * 2 + 1, 0])
    np.testing.assert_array_equal(row.weights[0].to_torch(of_keras), kernel)


def test_users_subclass_counts_as_its_base():
    class Mine(torch.nn.Linear):
        pass

    class Unrelated(torch.nn.Module):
        pass

    row = row_of("torch", Mine)
    assert row is not None
    assert row.kind == "dense"
    assert row_of("torch", Unrelated) is None


def test_momentum_rounds_off_but_settings_stay_exact():
    assert equal(0.9, 1 - 0.1)
    assert not equal(1e-5, 1.01e-5)
    assert not equal("same", "valid")


def test_only_float_images_and_volumes_move():
    move = layout.mover("torch", "keras")
    assert move(np.zeros((2, 3, 4, 5))).shape == (2, 4, 5, 3)
    assert move(np.zeros((2, 3, 4, 5, 6))).shape == (2, 4, 5, 6, 3)
    assert move(np.zeros((2, 3, 4))).shape == (2, 3, 4)
    assert move(np.zeros((2, 3, 4, 5), dtype=int)).shape == (2, 3, 4, 5)


def test_rearrangement_inverts_any_transpose_or_reshape():
    source = {"a": arrays(3), "b": arrays(2)}

    def moved(x):
        return [x["b"].T, x["a"].transpose(2, 0, 1).reshape(4, 6)]

    found = layout.rearrangement(moved, source)
    for ours, wanted in zip(found.forward([source["a"], source["b"]]), moved(source), strict=True):
        np.testing.assert_array_equal(ours, wanted)
    for ours, wanted in zip(found.backward(moved(source)), source.values(), strict=True):
        np.testing.assert_array_equal(ours, wanted)


def test_what_changes_values_is_no_rearrangement():
    assert layout.rearrangement(lambda x: 2 * x, arrays(2)) is None
    assert layout.rearrangement(lambda x: x[:1], arrays(2)) is None
    assert layout.rearrangement(lambda x: x.nonsense, arrays(2)) is None


def test_places_of_a_weight():
    class Layer:
        class cell:
            bias = np.arange(12.0).reshape(4, 3)

        own = None

    place = find(Layer, "own[0] | cell.bias[1/2]")
    assert place is not None
    assert place.attribute == "cell.bias"
    whole = follow(Layer, place.attribute)
    np.testing.assert_array_equal(place.block.of(whole), whole[2:])
    replaced = place.block.into(whole, np.zeros((2, 3)))
    np.testing.assert_array_equal(replaced[:2], whole[:2])
    assert not replaced[2:].any()
    row = find(Layer, "cell.bias[3]")
    np.testing.assert_array_equal(row.block.of(whole), whole[3])
    assert find(Layer.cell, "bias[1] | nowhere").attribute == "bias"
    assert find(Layer, "own") is None
    assert find(Layer, "nowhere.at.all") is None
