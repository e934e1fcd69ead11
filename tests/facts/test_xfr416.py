"""XFR416: how far two optimizers with one weight decay come apart."""

from __future__ import annotations

import inspect

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
keras = pytest.importorskip("keras")

PAGE = rule("XFR416").page


def test_adam_comes_apart_and_adamw_does_not() -> None:
    torch.set_num_threads(1)
    assert run(PAGE.bad[0])["apart"] == pytest.approx(0.0596, abs=0.001)
    assert run(PAGE.good[0])["apart"] < 1e-4


def test_the_defaults() -> None:
    ours = inspect.signature(torch.optim.AdamW).parameters["weight_decay"].default
    theirs = inspect.signature(keras.optimizers.AdamW).parameters["weight_decay"].default
    assert (ours, theirs) == (0.01, 0.004)
    names = run(PAGE.bad[1])
    assert names["one"].defaults["weight_decay"] != names["other"].weight_decay
    names = run(PAGE.good[1])
    assert names["one"].defaults["weight_decay"] == names["other"].weight_decay


def keras_weight(optimizer: object) -> float:
    weight = keras.Variable([1.0])
    for _ in range(50):
        optimizer.apply([keras.ops.convert_to_tensor([0.05])], [weight])  # type: ignore[attr-defined]
    return float(weight[0])


def torch_weight(cls: type, **options: float) -> float:
    weight = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    optimizer = cls([weight], **options)
    for _ in range(50):
        optimizer.zero_grad()
        (0.05 * weight).sum().backward()
        optimizer.step()
    return float(weight.detach())


def test_sgd_differs_with_momentum_only() -> None:
    options = {"lr": 0.01, "weight_decay": 0.1}
    plain = keras_weight(keras.optimizers.SGD(0.01, weight_decay=0.1))
    assert torch_weight(torch.optim.SGD, **options) == pytest.approx(plain, abs=1e-4)
    heavy = keras_weight(keras.optimizers.SGD(0.01, momentum=0.9, weight_decay=0.1))
    assert torch_weight(torch.optim.SGD, momentum=0.9, **options) < heavy - 0.2
