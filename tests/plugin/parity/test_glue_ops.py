"""Mistakes between layers, in functional operations: each is placed, named and proven; no layer is
blamed for them; and the right port of the same passes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
import torch.nn.functional as F
from keras import layers as L
from keras import ops
from torch import nn


class Torch(nn.Module):
    """Two layers with `glue` between them."""

    def __init__(self, first, last, glue):
        super().__init__()
        self.first, self.last, self.glue = first, last, glue

    def forward(self, x):
        return self.last(self.glue(self.first(x)))


class Keras(keras.Model):
    def __init__(self, first, last, glue):
        super().__init__()
        self.first, self.last, self.glue = first, last, glue

    def call(self, x):
        return self.last(self.glue(self.first(x)))


def images(glue_torch, glue_keras, features=6):
    """(N, 3, 4, 6) -> conv -> glue -> dense"""
    theirs = Torch(nn.Conv2d(3, 6, 3, padding=1), nn.Linear(features, 4), glue_torch)
    return theirs, Keras(L.Conv2D(6, 3, padding="same"), L.Dense(4), glue_keras)


def maps(glue_torch, glue_keras, channels=6):
    """(N, 3, 4, 6) -> conv -> glue -> conv"""
    theirs = Torch(nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(channels, 2, 1), glue_torch)
    return theirs, Keras(L.Conv2D(6, 3, padding="same"), L.Conv2D(2, 1), glue_keras)


def tokens(glue_torch, glue_keras, features=6):
    """(N, 6, 6) -> dense -> glue -> dense"""
    theirs = Torch(nn.Linear(6, 6), nn.Linear(features, 4), glue_torch)
    return theirs, Keras(L.Dense(6), L.Dense(4), glue_keras)


def vectors(glue_torch, glue_keras, features=8):
    """(N, 6) -> dense -> glue -> dense"""
    theirs = Torch(nn.Linear(6, 8), nn.Linear(features, 4), glue_torch)
    return theirs, Keras(L.Dense(8), L.Dense(4), glue_keras)


def fed(kind, rng):
    shape = {images: (4, 3, 4, 6), maps: (4, 3, 4, 6), tokens: (4, 6, 6), vectors: (8, 6)}[kind]
    return rng.normal(size=shape)


def attention(scaled=True, axis=-1, heads=2, mask="lower", split="transpose"):
    """Self-attention without weights: (N, T, E) with T == E == 6, in torch and in Keras."""

    def of_torch(x):
        n, t, e = x.shape
        q = x.view(n, t, heads, e // heads).transpose(1, 2)
        scores = q @ torch.tanh(q).transpose(-2, -1) / (e // heads) ** 0.5
        blocked = torch.ones(t, t, dtype=torch.bool).triu(1)
        weights = scores.masked_fill(blocked, -1e9).softmax(-1)
        return (weights @ q).transpose(1, 2).reshape(n, t, e)

    def of_keras(x):
        n, t, e = x.shape
        if split == "reshape":
            q = ops.reshape(x, (n, heads, t, e // heads))
        else:
            q = ops.transpose(ops.reshape(x, (n, t, heads, e // heads)), (0, 2, 1, 3))
        scores = tf.matmul(q, ops.tanh(q), transpose_b=True)
        if scaled:
            scores = scores / (e // heads) ** 0.5
        seen = np.tril(np.ones((t, t), bool))
        if mask != "lower":
            seen = seen.T
        scores = tf.where(seen, scores, tf.constant(-1e9, scores.dtype))
        weights = tf.nn.softmax(scores, axis=axis)
        return ops.reshape(ops.transpose(weights @ q, (0, 2, 1, 3)), (n, t, e))

    return of_torch, of_keras


def halves(x):
    return ops.split(x, 2, axis=-1)


# Layers on either side, the reference's glue, a right one in Keras, a wrong one, what to say.
CASES = {
    "mean axis": (
        tokens,
        lambda x: x.mean(1),
        lambda x: ops.mean(x, 1),
        lambda x: ops.mean(x, 2),
        ["mean(axis=2)", "mean(1)"],
    ),
    "max for mean": (
        images,
        lambda x: F.relu(x).mean((2, 3)),
        lambda x: tf.reduce_mean(tf.nn.relu(x), (1, 2)),
        lambda x: tf.reduce_max(tf.nn.relu(x), (1, 2)),
        ["reduce_max(axis=(1, 2))", "mean((2, 3))", "mean over axis (1, 2) in the port's layout"],
    ),
    "sum for mean of products": (
        tokens,
        lambda x: (x * torch.tanh(x)).mean(1),
        lambda x: ops.mean(x * ops.tanh(x), axis=1),
        lambda x: ops.sum(ops.abs(x) * ops.tanh(x), axis=1),
        ["mean(1)", "sum(axis=1)", "abs"],
    ),
    "first for last token": (
        tokens,
        lambda x: x[:, 0],
        lambda x: x[:, 0],
        lambda x: x[:, -1],
        ["x[:, -1]", "x[:, 0]"],
    ),
    "softmax axis": (
        tokens,
        lambda x: torch.softmax(x, -1),
        lambda x: tf.nn.softmax(x, axis=-1),
        lambda x: tf.nn.softmax(x, axis=1),
        ["softmax(axis=1)", "softmax(-1)"],
    ),
    "softmax over the channels": (
        maps,
        lambda x: F.softmax(x, dim=1),
        lambda x: ops.softmax(x, axis=-1),
        lambda x: ops.softmax(x, axis=1),
        ["softmax(axis=1)", "softmax(dim=1)", "softmax over axis 3 in the port's layout"],
    ),
    "attention without its scale": (
        tokens,
        attention()[0],
        attention()[1],
        attention(scaled=False)[1],
        ["leaves out div(1.73205)"],
    ),
    "attention over the queries": (
        tokens,
        attention()[0],
        attention()[1],
        attention(axis=-2)[1],
        ["softmax(axis=-2)", "softmax(-1)"],
    ),
    "attention to what is to come": (
        tokens,
        attention()[0],
        attention()[1],
        attention(mask="upper")[1],
        ["where", "masked_fill"],
    ),
    "heads by reshape": (
        tokens,
        attention()[0],
        attention()[1],
        attention(split="reshape")[1],
        ["transpose(1, 2)", "reshape("],
    ),
    "concat order": (
        vectors,
        lambda x: torch.cat([torch.sin(x), x], 1),
        lambda x: ops.concatenate([ops.sin(x), x], 1),
        lambda x: ops.concatenate([x, ops.sin(x)], 1),
        ["of first, sin", "of sin, first"],
    ),
    "concat interleaved": (
        vectors,
        lambda x: torch.cat([torch.sin(x), x], 1),
        lambda x: tf.concat([tf.sin(x), x], 1),
        lambda x: tf.reshape(tf.stack([tf.sin(x), x], 2), (-1, 16)),
        ["reshape(shape=(-1, 16))", "cat(1)"],
    ),
    "reshape for permute": (
        tokens,
        lambda x: x.permute(0, 2, 1),
        lambda x: ops.transpose(x, (0, 2, 1)),
        lambda x: ops.reshape(ops.reshape(x, (-1, 3, 2, 6))[:, :, ::-1], (-1, 6, 6)),
        [],
    ),
    "clamp missing": (
        vectors,
        lambda x: x.clamp(-0.25, 0.5),
        lambda x: ops.clip(x, -0.25, 0.5),
        lambda x: x,
        ["leaves out clamp(-0.25, 0.5)"],
    ),
    "clamp bounds": (
        vectors,
        lambda x: x.clamp(-0.25, 0.5),
        lambda x: tf.clip_by_value(x, -0.25, 0.5),
        lambda x: tf.clip_by_value(x, -0.5, 0.5),
        ["clip_by_value", "clamp(-0.25, 0.5)"],
    ),
    "normalize missing": (
        vectors,
        lambda x: F.normalize(x, dim=1),
        lambda x: tf.math.l2_normalize(x, axis=1, epsilon=0.0),
        lambda x: x,
        ["leaves out normalize"],
    ),
    "normalize axis": (
        maps,
        lambda x: F.normalize(x, dim=1),
        lambda x: ops.normalize(x, axis=-1),
        lambda x: ops.normalize(x, axis=1),
        ["normalize(axis=1", "normalize over axis 3 in the port's layout"],
    ),
    "operands of a difference": (
        vectors,
        lambda x: torch.tanh(x) - x,
        lambda x: ops.tanh(x) - x,
        lambda x: x - ops.tanh(x),
        ["sub of first, tanh", "sub of tanh, first"],
    ),
    "gate and value": (
        vectors,
        lambda x: F.glu(x, 1),
        lambda x: halves(x)[0] * ops.sigmoid(halves(x)[1]),
        lambda x: halves(x)[1] * ops.sigmoid(halves(x)[0]),
        ["of the 2 parts of first the port takes the first for the second"],
    ),
    "deviation of a variance": (
        vectors,
        lambda x: torch.exp(0.5 * x),
        lambda x: ops.exp(0.5 * x),
        lambda x: ops.exp(x),
        ["leaves out mul(0.5)"],
    ),
    "silu twice": (
        vectors,
        lambda x: F.silu(x),
        lambda x: ops.silu(x),
        lambda x: ops.silu(ops.silu(x)),
        ["silu", "once more"],
    ),
    "softplus beta": (
        vectors,
        lambda x: F.softplus(x, beta=2.0),
        lambda x: ops.softplus(2.0 * x) / 2.0,
        lambda x: ops.softplus(x),
        ["softplus(beta=2)"],
    ),
    "hard sigmoid of old": (
        vectors,
        lambda x: F.hardsigmoid(x),
        lambda x: ops.hard_sigmoid(x),
        lambda x: tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0),
        ["hardsigmoid"],
    ),
    "elu alpha": (
        vectors,
        lambda x: F.elu(x, 0.5),
        lambda x: ops.elu(x, 0.5),
        lambda x: ops.elu(x),
        ["elu(alpha=0.5)", "elu(alpha=1)"],
    ),
    "nearest for bilinear": (
        maps,
        lambda x: F.interpolate(x, scale_factor=2.0, mode="bilinear"),
        lambda x: ops.image.resize(x, (8, 12), interpolation="bilinear"),
        lambda x: ops.image.resize(x, (8, 12), interpolation="nearest"),
        ["nearest", "bilinear"],
    ),
    "roll missing": (
        maps,
        lambda x: torch.roll(x, (1, 2), (2, 3)),
        lambda x: ops.roll(x, (1, 2), (1, 2)),
        lambda x: x,
        ["leaves out roll((1, 2), (2, 3))"],
    ),
    "max pool missing": (
        maps,
        lambda x: F.avg_pool2d(torch.sin(x), 3, 1, 1, count_include_pad=False),
        lambda x: tf.nn.avg_pool2d(tf.sin(x), 3, 1, "SAME"),
        lambda x: tf.sin(x),
        ["leaves out avg_pool2d"],
    ),
    "pooled before the activation": (
        images,
        lambda x: torch.tanh(x).mean((2, 3)),
        lambda x: ops.mean(ops.tanh(x), (1, 2)),
        lambda x: ops.tanh(ops.mean(x, (1, 2))),
        ["in another order"],
    ),
    "pixel shuffle": (
        lambda a, b: maps(a, b, 3),
        lambda x: F.pixel_shuffle(torch.cat([x, x.flip(1)], 1), 2),
        lambda x: tf.nn.depth_to_space(
            tf.gather(
                tf.concat([x, x[..., ::-1]], -1),
                [c * 4 + k for k in range(4) for c in range(3)],
                axis=-1,
            ),
            2,
        ),
        lambda x: tf.nn.depth_to_space(tf.concat([x, x[..., ::-1]], -1), 2),
        ["depth_to_space", "F.pixel_shuffle"],
    ),
}


def shape_of(kind):
    return maps if kind not in (images, maps, tokens, vectors) else kind


FEATURES = {"concat order": 16, "concat interleaved": 16, "gate and value": 4}


def models(name, wrong):
    kind, theirs, right, other, said = CASES[name]
    more = {"features": FEATURES[name]} if name in FEATURES else {}
    return *kind(theirs, other if wrong else right, **more), said


def both_ways(reference, port, x):
    """The two comparisons, with the input as either takes it."""
    moved = np.moveaxis(x, 1, -1) if x.ndim == 4 else x
    return (reference, port, x), (port, reference, moved)


def placed(report):
    """The one cause, proven, and no layer is to blame."""
    assert report.failed_rung == "forward-eval", report.text()
    (finding,) = report.findings
    assert finding.before > 1e-4
    assert finding.after < 1e-7
    assert not report.unexplained, report.text()
    blamed = "the layer itself" in report.divergence or "called in another" in report.divergence
    assert not blamed, report.divergence
    return finding


@pytest.mark.parametrize("name", CASES)
def test_wrong_glue(parity, rng, name):
    reference, port, said = models(name, wrong=True)
    x = fed(shape_of(CASES[name][0]), rng)
    finding = placed(parity.report(reference, port, x))
    for part in said:
        assert part in f"{finding.cause} {finding.fix}"
    known = (
        "has no activation",
        "in different orders",
        "resizes by",
        "of the 2 parts",
    )  # causes with a name of their own
    assert any(part in finding.cause for part in ("test_glue_ops.py:", *known))


@pytest.mark.parametrize("name", CASES)
def test_wrong_glue_of_a_torch_port(parity, rng, name):
    reference, port, _ = models(name, wrong=True)
    x = fed(shape_of(CASES[name][0]), rng)
    placed(parity.report(*both_ways(reference, port, x)[1]))


@pytest.mark.parametrize("name", CASES)
def test_right_glue(parity, rng, name):
    reference, port, _ = models(name, wrong=False)
    for arguments in both_ways(reference, port, fed(shape_of(CASES[name][0]), rng)):
        assert parity(*arguments).passed
