"""The state_dict of one object, in a file."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from ...frameworks import load
from ..files import NotJudged


class StateFile:
    """Of a model, an optimizer, a schedule, a gradient scaler.

    A model's own file is what `save-load` tests: its errors are raised.  For others they say that
    it cannot be judged, and a state that torch.load would have to run is taken from memory.
    """

    def __init__(self, thing: Any, of_model: bool = False) -> None:
        self._thing, self._of_model = thing, of_model
        self._in_memory: Any = None

    def save(self, path: Path) -> None:
        state = self._thing.state_dict()
        load("torch").save(state, path)
        if not self._of_model:
            self._in_memory = copy.deepcopy(state)

    def load(self, path: Path) -> None:
        try:
            state = load("torch").load(path, weights_only=True)
        except Exception:
            if self._of_model:
                raise
            state = self._in_memory
        try:
            self._thing.load_state_dict(state)
        except Exception as error:
            if self._of_model:
                raise
            told = f"the state_dict of {type(self._thing).__name__} does not load: {error}"
            raise NotJudged(told) from error
