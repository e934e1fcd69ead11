"""XFR908: what `nn.Conv1d` convolves over."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR908").page


def test_bad_raises_unless_length_and_features_are_equal() -> None:
    net = run(PAGE.bad[0])["net"]
    assert tuple(net(torch.zeros(4, 16, dtype=torch.long)).shape) == (4, 8, 14)
    with pytest.raises(RuntimeError, match="16 channels, but got 20"):
        net(torch.zeros(4, 20, dtype=torch.long))


def test_bad_mixes_all_steps() -> None:
    # Along the length a kernel of 3 sees 3 steps; over the features each place sees them all.
    tokens = torch.zeros(1, 16, dtype=torch.long)
    changed = tokens.clone()
    changed[0, -1] = 1
    bad, good = run(PAGE.bad[0])["net"], run(PAGE.good[0])["net"]
    assert not torch.equal(bad(tokens)[..., 0], bad(changed)[..., 0])
    assert torch.equal(good(tokens)[..., 0], good(changed)[..., 0])


def test_good_takes_any_length() -> None:
    net = run(PAGE.good[0])["net"]
    assert tuple(net(torch.zeros(4, 20, dtype=torch.long)).shape) == (4, 8, 18)
