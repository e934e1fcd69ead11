"""XFR905: what reaches a constant that is no buffer."""

from __future__ import annotations

from typing import Any

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR905").page


def net(program: str) -> Any:
    torch.set_num_threads(1)
    return run(program)["net"]


def test_bad_stays_where_it_was() -> None:
    module = net(PAGE.bad[0])
    assert module.double().mean.dtype is torch.float32
    assert list(module.state_dict()) == []
    module.to("meta")
    with pytest.raises(RuntimeError, match="device"):
        module(torch.ones(2, 3, device="meta")[None])


def test_good_goes_along() -> None:
    module = net(PAGE.good[0])
    assert module.double().mean.dtype is torch.float64
    assert list(module.state_dict()) == ["mean"]
    assert module.to("meta").mean.device.type == "meta"
