"""XFR519: which steps the summary of a bidirectional layer has read."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR519").page


def backward_half_reads_step_0(program: str) -> bool:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = run(program)["net"]
    x = torch.randn(3, 6, 2)
    changed = x.clone()
    changed[:, 0] += 1
    return not torch.equal(net(x)[:, 8:], net(changed)[:, 8:])


def test_bad_has_a_backward_half_that_read_the_last_step_alone() -> None:
    assert not backward_half_reads_step_0(PAGE.bad[0])


def test_good_has_read_the_whole_sequence_both_ways() -> None:
    assert backward_half_reads_step_0(PAGE.good[0])
