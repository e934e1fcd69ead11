"""The sixteen bugs that tests/bench/smoke_peers.py shows to every tool, in torch and in Keras.

A tiny MLP and a loop of 20 steps; each module has `BUGS`, from a name to (what makes the `Loop`,
the check that must fail, words its finding must have), and `sound`, the loop without a bug.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Loop:
    """A training loop in parts: some tools watch the user's step, others run one of their own."""

    model: Any
    optimizer: Any
    step: Callable[[Any, Any], Any]
    loss: Callable[[Any, Any], Any]
    inputs: Any
    targets: Any


Bug = tuple[Callable[[], Loop], str, str]
