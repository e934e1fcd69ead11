"""XFR309: `train()` on Keras' torch backend. The backend is chosen at import: a process each."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support import rule

pytest.importorskip("keras")
pytest.importorskip("torch")

PAGE = rule("XFR309").page
PRINT = "\nprint(type(model).__mro__, float((outputs == 0).float().mean()), sep='\\n')\n"


def zeros(program: str) -> float:
    ran = subprocess.run(
        [sys.executable, "-c", program + PRINT], capture_output=True, text=True, check=True
    )
    bases, share = ran.stdout.strip().splitlines()
    assert "torch.nn.modules.module.Module" in bases
    return float(share)


def test_bad_drops_nothing() -> None:
    assert zeros(PAGE.bad[0]) == 0


def test_good_drops_half() -> None:
    assert zeros(PAGE.good[0]) == pytest.approx(0.5, abs=0.1)
