"""XFR704: what `torch.load` does with a pickled module."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import ModuleType

import pytest
from support import rule, run

torch = pytest.importorskip("torch", minversion="2.6")
PAGE = rule("XFR704").page


@pytest.fixture(autouse=True)
def in_a_folder_with_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "page", ModuleType("page"))


def run_in_a_module(program: str) -> dict[str, object]:
    """Classes are pickled by the name of their module."""
    module = sys.modules["page"]
    program = program.replace("\n\n\ntorch.save", "\n\n\nimport page\n\npage.Net = Net\ntorch.save")
    return run(program, page=module)


def test_a_whole_module_is_refused_and_a_state_dict_is_not() -> None:
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        run_in_a_module(PAGE.bad[0])
    trusted = PAGE.bad[0].replace('("net.pt")', '("net.pt", weights_only=False)')
    assert run_in_a_module(trusted)["y"].shape == (1, 4)
    assert run(PAGE.good[0])["y"].shape == (1, 4)
