"""XFR313: what a context manager does that nobody enters."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR313").page


@pytest.mark.parametrize(
    ("program", "keeps"), [(PAGE.bad[0], True), *((program, False) for program in PAGE.good)]
)
def test_output_requires_its_gradient(program: str, keeps: bool) -> None:
    torch.set_num_threads(1)
    assert run(program)["out"].requires_grad is keeps


def test_class_is_no_context() -> None:
    with pytest.raises((TypeError, AttributeError), match=r"context manager|__enter__"):
        run(PAGE.bad[1])


@pytest.mark.parametrize("decorator", [torch.no_grad, torch.inference_mode])
def test_decorators_need_no_parentheses(decorator: object) -> None:
    weight = torch.ones(1, requires_grad=True)
    assert not decorator(lambda: weight * 2)().requires_grad  # type: ignore[operator]


def test_autocast_alone_changes_no_dtype() -> None:
    torch.autocast("cpu", dtype=torch.bfloat16)
    assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.float32


def test_device_and_strategy_alone() -> None:
    tf = pytest.importorskip("tensorflow")
    strategy = tf.distribute.OneDeviceStrategy("/CPU:0")
    strategy.scope()
    assert not isinstance(tf.distribute.get_strategy(), type(strategy))
