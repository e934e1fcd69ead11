"""Outputs that come in another order than the reference's."""

import keras
import pytest
import torch
from keras import layers as L
from torch import nn

from pytest_gradferry.parity.errors import ParityInputError


class Heads(nn.Module):
    """A head for each of `sizes`, returned in the order of `returned`, by name if they have any."""

    def __init__(self, sizes, returned, names=()):
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(4, size) for size in sizes)
        self.returned, self.names = returned, names

    def forward(self, x):
        outputs = [head(x) for head in self.heads]
        found = [outputs[i] for i in self.returned]
        return dict(zip(self.names, found, strict=True)) if self.names else tuple(found)


class KerasHeads(keras.Model):
    def __init__(self, sizes, returned, names=()):
        super().__init__()
        self.heads = [L.Dense(size) for size in sizes]
        self.returned, self.names = returned, names

    def call(self, x):
        outputs = [head(x) for head in self.heads]
        found = [outputs[i] for i in self.returned]
        return dict(zip(self.names, found, strict=True)) if self.names else tuple(found)


SIZES = {"other shapes": (3, 5, 2), "one shape": (3, 3, 3)}
DIRECTIONS = {"to keras": (Heads, KerasHeads), "to torch": (KerasHeads, Heads)}


def torch_loss(outputs, targets):
    return sum(((o - t) ** 2).mean() for o, t in zip(outputs, targets, strict=True))


def keras_loss(targets, outputs):
    return sum(
        keras.ops.mean(keras.ops.square(o - t)) for o, t in zip(outputs, targets, strict=True)
    )


def targets_of(sizes, rng):
    return [rng.normal(size=(6, size)) for size in sizes]


@pytest.fixture(params=DIRECTIONS)
def direction(request):
    return DIRECTIONS[request.param]


@pytest.mark.parametrize("sizes", SIZES.values(), ids=list(SIZES))
def test_named_with_a_loss_of_all_outputs(parity, rng, sizes, direction):
    reference, port = direction
    y = targets_of(sizes, rng)
    report = parity.report(
        reference(sizes, (0, 1, 2)),
        port(sizes, (1, 2, 0)),
        rng.normal(size=(6, 4)),
        y,
        loss=(torch_loss, keras_loss),
        steps=2,
    )
    assert report.failed_rung == "forward-eval"
    (finding,) = report.findings
    assert finding.cause == "the port's outputs are the reference's in another order: 1, 2, 0"
    assert finding.change == "its outputs 2, 0, 1"
    assert finding.after < 1e-12
    assert not report.unexplained


def test_named_beside_another_mistake(parity, rng):
    x = L.Input((4,))
    y = L.LayerNormalization(epsilon=1e-2)(x)
    port = keras.Model(x, [L.Dense(5)(y), L.Dense(3)(y)])
    reference = nn.Sequential(nn.LayerNorm(4), Heads((3, 5), (0, 1)))
    report = parity.report(reference, port, rng.normal(size=(6, 4)))
    causes = [finding.cause for finding in report.findings]
    assert len(causes) == 2, report.text()
    assert causes[0].startswith("epsilon of layer_normalization")
    assert causes[1] == "the port's outputs are the reference's in another order: 1, 0"


def test_values_under_each_others_names(parity, rng, direction):
    reference, port = direction
    report = parity.report(
        reference((3, 3), (0, 1), ("mean", "scale")),
        port((3, 3), (1, 0), ("mean", "scale")),
        rng.normal(size=(6, 4)),
    )
    assert report.findings[0].cause.endswith("in another order: scale, mean")


def test_an_order_that_the_user_gives_is_right(parity, rng):
    report = parity.report(
        Heads((3, 5, 2), (0, 1, 2)),
        KerasHeads((3, 5, 2), (1, 2, 0)),
        rng.normal(size=(6, 4)),
        port_outputs=lambda outputs: (outputs[2], outputs[0], outputs[1]),
    )
    assert report.passed, report.text()


def test_nothing_is_said_of_outputs_that_differ_in_themselves(parity, rng):
    class Halved(KerasHeads):
        def call(self, x):
            a, b, c = super().call(x)
            return a, b / 2, c

    report = parity.report(
        Heads((3, 3, 3), (0, 1, 2)), Halved((3, 3, 3), (0, 1, 2)), rng.normal(size=(6, 4))
    )
    assert report.failed_rung == "forward-eval"
    assert "another order" not in report.text()


def test_a_loss_that_fails_for_another_reason_is_bad_input(parity, rng):
    with pytest.raises(ParityInputError, match="the loss raised"):
        parity.report(
            Heads((3, 5), (0, 1)),
            KerasHeads((3, 5), (0, 1)),
            rng.normal(size=(6, 4)),
            targets_of((3, 5), rng),
            loss=(torch_loss, lambda targets, outputs: keras.ops.mean(outputs[0] - targets[1])),
        )


def test_the_ports_own_order_is_given_back(parity, rng):
    port = KerasHeads((3, 5), (1, 0))
    x = rng.normal(size=(6, 4)).astype("float32")
    parity.report(Heads((3, 5), (0, 1)), port, x)
    assert [o.shape[1] for o in port(x)] == [5, 3]
    assert torch.get_default_dtype() == torch.float32
