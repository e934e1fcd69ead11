"""Features that meet in a dense layer: flattened maps have their rows permuted, alone or among
others; vectors that the port puts in another order do not."""

import keras
import numpy as np
import pytest
import torch
from keras import layers as L
from keras import ops
from torch import nn


class Torch(nn.Module):
    def __init__(self, merge, features):
        super().__init__()
        self.conv, self.merge, self.out = (
            nn.Conv2d(3, 6, 3, padding=1),
            merge,
            nn.Linear(features, 4),
        )

    def forward(self, x):
        return self.out(self.merge(torch.tanh(self.conv(x))))


class Keras(keras.Model):
    def __init__(self, merge):
        super().__init__()
        self.conv, self.merge, self.out = L.Conv2D(6, 3, padding="same"), merge, L.Dense(4)

    def call(self, x):
        return self.out(self.merge(ops.tanh(self.conv(x))))


def flat(x):
    return ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))


def side_by_side(*parts):
    return ops.concatenate(parts, -1)


def interleaved(*parts):
    return flat(ops.stack(parts, -1))


def of_torch(x):
    return x.mean((2, 3)), x.amax((2, 3))


def of_keras(x):
    return ops.mean(x, (1, 2)), ops.max(x, (1, 2))


# Features, then what torch and what Keras makes of maps (N, 6, 4, 6) and (N, 4, 6, 6).
RIGHT = {
    "a map and a vector": (
        150,
        lambda x: torch.cat([x.flatten(1), of_torch(x)[0]], 1),
        lambda x: side_by_side(flat(x), of_keras(x)[0]),
    ),
    "a vector and two maps": (
        294,
        lambda x: torch.cat([of_torch(x)[1], x.flatten(1), torch.sin(x).flatten(1)], 1),
        lambda x: side_by_side(of_keras(x)[1], flat(x), flat(ops.sin(x))),
    ),
    "two maps of other sizes": (
        168,
        lambda x: torch.cat([x.flatten(1), nn.functional.max_pool2d(x, 2, (2, 3)).flatten(1)], 1),
        lambda x: side_by_side(flat(x), flat(ops.max_pool(x, 2, (2, 3)))),
    ),
    "channels put together before": (
        288,
        lambda x: torch.relu(torch.cat([x, torch.sin(x)], 1).flatten(1)),
        lambda x: ops.relu(flat(side_by_side(x, ops.sin(x)))),
    ),
    "vectors": (
        12,
        lambda x: torch.cat(of_torch(x), 1),
        lambda x: side_by_side(*of_keras(x)),
    ),
    "a map in torch's order": (
        150,
        lambda x: torch.cat([x.flatten(1), of_torch(x)[0]], 1),
        lambda x: side_by_side(flat(ops.transpose(x, (0, 3, 1, 2))), of_keras(x)[0]),
    ),
}

# The same of mistakes, and what is said of the port in Keras and of that in torch.
WRONG = {
    "interleaved": (
        12,
        lambda x: torch.cat(of_torch(x), 1),
        lambda x: interleaved(*of_keras(x)),
        ("the port computes reshape", "the port computes cat(1)"),
    ),
    "groups for halves": (
        6,
        lambda x: of_torch(x)[0],
        lambda x: flat(ops.transpose(ops.reshape(of_keras(x)[0], (-1, 2, 3)), (0, 2, 1))),
        ("the port has reshape", "the port leaves out reshape"),
    ),
    "vectors in the other order": (
        12,
        lambda x: torch.cat(of_torch(x), 1),
        lambda x: side_by_side(*of_keras(x)[::-1]),
        ("the port computes concatenate", "the port computes cat(1)"),
    ),
    "the map behind the vector": (
        150,
        lambda x: torch.cat([x.flatten(1), of_torch(x)[0]], 1),
        lambda x: side_by_side(of_keras(x)[0], flat(x)),
        ("the port computes concatenate", "the port computes cat(1)"),
    ),
}


def reports(parity, rng, features, theirs, ours, **options):
    x = rng.normal(size=(4, 3, 4, 6))
    for to_keras in (True, False):
        models = Torch(theirs, features), Keras(ours)
        if to_keras:
            yield parity.report(*models, x, **options)
        else:
            yield parity.report(*models[::-1], np.moveaxis(x, 1, -1), **options)


@pytest.mark.parametrize("name", RIGHT)
def test_right_port(parity, rng, name):
    for report in reports(parity, rng, *RIGHT[name], tolerance=1e-12):
        assert report.passed, report.text()
        permuted = "permuted" in report.rung("weights").detail
        assert permuted == (name not in ("vectors", "a map in torch's order"))


@pytest.mark.parametrize("name", WRONG)
def test_wrong_port(parity, rng, name):
    *case, said = WRONG[name]
    for report, words in zip(reports(parity, rng, *case), said, strict=True):
        assert report.failed_rung == "forward-eval", report.text()
        (finding,) = report.findings
        assert words in finding.cause
        assert finding.after < 1e-12
