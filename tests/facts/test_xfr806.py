"""XFR806: the orders that a DistributedSampler gives."""

from __future__ import annotations

import pytest
from support import rule, run

pytest.importorskip("torch")
PAGE = rule("XFR806").page


def different_epochs(orders: list[tuple[int, ...]]) -> int:
    assert len(orders) == 3  # one batch of 32 an epoch
    return len(set(orders))


def test_bad_repeats_one_order() -> None:
    assert different_epochs(run(PAGE.bad[0])["orders"]) == 1


def test_good_has_a_new_one_each_epoch() -> None:
    assert different_epochs(run(PAGE.good[0])["orders"]) == 3


def test_shuffle_beside_a_sampler_raises() -> None:
    with pytest.raises(ValueError, match="mutually exclusive"):
        run(PAGE.good[0].replace("sampler=sampler", "sampler=sampler, shuffle=True"))
