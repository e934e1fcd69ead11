"""XFR610: what Python does inside a traced function."""

from __future__ import annotations

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")

PAGE = rule("XFR610").page


def test_bad_draws_once_and_appends_once() -> None:
    names = run(PAGE.bad[0])
    assert len(set(names["values"])) == 1
    assert len(names["seen"]) == 1


def test_good_draws_and_appends_each_time() -> None:
    names = run(PAGE.good[0])
    assert len(set(names["values"])) == 3
    assert [float(x) for x in names["seen"]] == [1.0, 1.0, 1.0]


def test_a_counter_stops_at_one() -> None:
    class Scaled(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.calls = 0

        @tf.function
        def __call__(self, x: object) -> object:
            self.calls += 1
            return x * self.calls

    scaled = Scaled()
    assert [float(scaled(tf.constant(1.0))) for _ in range(3)] == [1.0, 1.0, 1.0]
    assert scaled.calls == 1
