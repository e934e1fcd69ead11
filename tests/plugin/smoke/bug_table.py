"""The table of planted bugs in plugin/BUGS.md, from the suite's own lists.

python tests/plugin/smoke/bug_table.py > plugin/BUGS.md
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[2]

HEAD = """# The bugs that `training_smoke` is tested on

Each is planted in a small model or loop; the suite asserts that the check fails and that its
message has these words. The sound look-alikes, which must pass, stand beside them in
`tests/plugin/smoke`; `python tests/bench/smoke_sound.py` runs those under 50 seeds each, and
`tests/bench/smoke_peers.py` shows sixteen of the bugs to other tools. This page is made by
`python tests/plugin/smoke/bug_table.py`.
"""

PARTS = {
    "torch": ("test_torch_bugs", "planted.torch_loops", "planted.torch_models", "test_loop_order"),
    "Keras on TensorFlow": ("test_keras_bugs", "planted.keras_loops", "planted.keras_tape"),
    "Lightning": ("test_lightning",),
}


def table() -> str:
    blocks = [HEAD]
    for title, modules in PARTS.items():
        rows = [row for module in modules for row in _rows(module)]
        head = f"## {title}\n\n| bug | check | words of the cause | rule |\n|---|---|---|---|\n"
        blocks.append(head + "".join(rows))
    return "\n".join(blocks)


def _rows(module: str) -> list[str]:
    bugs: list[tuple[Any, str, str, str]] = importlib.import_module(f"plugin.smoke.{module}").BUGS
    rows: dict[str, str] = {}
    for bug, check, words, code in bugs:
        name, shown = _spaced(bug.__name__), words.replace("\n", " ").replace("|", "\\|")
        rows.setdefault(name, f"| {name} | `{check}` | {shown} | {code} |\n")
    return list(rows.values())


def _spaced(name: str) -> str:
    """`no_zero_grad` and `NoZeroGrad` as words."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in name)
    return words.replace("_", " ").strip()


if __name__ == "__main__":
    sys.path.insert(0, str(TESTS))
    print(table(), end="")
