"""XFR104: what torch says of parts that come before its own `__init__`."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR104").page


def test_bad_raises() -> None:
    with pytest.raises(AttributeError, match="cannot assign module before"):
        run(PAGE.bad[0])["Net"]()


def test_good_runs() -> None:
    assert run(PAGE.good[0])["Net"]()(torch.ones(2, 8)).shape == (2, 4)


def test_a_parameter_raises_too_and_a_number_does_not() -> None:
    class Net(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, value: object) -> None:
            self.value = value
            super().__init__()

    assert Net(3).value == 3
    with pytest.raises(AttributeError, match="cannot assign parameter"):
        Net(torch.nn.Parameter(torch.ones(1)))
