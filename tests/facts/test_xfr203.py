"""XFR203: how often a tape that is not persistent can be asked."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")

PAGE = rule("XFR203").page
METHODS = ("gradient", "jacobian", "batch_jacobian")
ERROR = r"only be used to\s?compute one set of gradients"


@pytest.mark.parametrize("program", PAGE.bad, ids=["straight", "comprehension"])
def test_bad_raises_at_the_second_gradient(program: str) -> None:
    with pytest.raises(RuntimeError, match=ERROR):
        run(program)


def test_good_gives_every_gradient() -> None:
    names = run(PAGE.good[0])
    assert [float(names[name]) for name in ("dw", "db", "dloss", "dpenalty")] == [3, 1, 3, 4]


def recorded(tape: Any) -> tuple[Any, Any]:
    x = tf.constant([[1.0, 2.0]])
    with tape:
        tape.watch(x)
        y = x * x
    return x, y


@pytest.mark.parametrize(("first", "second"), list(itertools.product(METHODS, METHODS)))
def test_any_two_questions_are_one_too_many(first: str, second: str) -> None:
    tape = tf.GradientTape()
    x, y = recorded(tape)
    getattr(tape, first)(y, x)
    with pytest.raises(RuntimeError, match=ERROR):
        getattr(tape, second)(y, x)


def test_a_tape_entered_again_is_new() -> None:
    tape = tf.GradientTape()
    for _ in range(2):
        x, y = recorded(tape)
        assert tape.gradient(y, x) is not None


def test_a_tape_reset_while_recording_is_new() -> None:
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
        tape.reset()
        y = x * x
    assert float(tape.gradient(y, x)) == 6
