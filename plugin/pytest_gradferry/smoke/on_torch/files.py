"""Torch models to files and back."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...frameworks import Array, load
from ...wording import listed
from ..files import Checkpoint, Files, RoundTrip
from ..tree import leaves

if TYPE_CHECKING:
    from .trainee import TorchTrainee


class TorchFiles(Files):
    """The state_dict, into a model of the same class that training has not touched."""

    def __init__(self, trainee: TorchTrainee) -> None:
        self._trainee = trainee

    def prepare(self) -> None:
        """Keep the model as it is now: training changes what a state_dict does not carry."""
        try:
            self._fresh = copy.deepcopy(self._trainee.model)
        except Exception:  # tensors that are not leaves cannot be copied
            self._fresh = None

    def round_trips(self, folder: Path) -> Iterator[RoundTrip]:
        path = folder / "model.pt"

        def run() -> list[Array]:
            torch = load("torch")
            torch.save(self._trainee.model.state_dict(), path)
            state = torch.load(path, weights_only=True)
            other = self._trainee.model if self._fresh is None else self._fresh
            other.load_state_dict(state, strict=True)
            self._hand_over_batch_state(other)
            return self._trainee.predict_with(other)[0]

        yield RoundTrip("saving and loading the state_dict", run, self._lost_state)

    def checkpoint(self) -> Checkpoint:
        return self._trainee.checkpoint()

    def _hand_over_batch_state(self, other: Any) -> None:
        """A recurrent state that a model keeps belongs to the batch, and not into a file."""
        torch = load("torch")
        sizes = {int(t.shape[0]) for t in self._trainee.call_tensors() if t.dim()}

        def of_the_batch(value: Any) -> bool:
            tensors = leaves(value)
            return bool(tensors) and all(
                isinstance(t, torch.Tensor) and t.dim() > 1 and sizes & set(t.shape[:2])
                for t in tensors
            )

        for now, then in zip(self._trainee.model.modules(), other.modules(), strict=True):
            for name, value in vars(now).items():
                if of_the_batch(value):
                    vars(then)[name] = value

    def _lost_state(self, error: BaseException | None) -> tuple[str, str, str]:
        """Tensors kept as plain attributes that training has changed."""
        if self._fresh is None:
            return "", "", ""
        tensor = load("torch").Tensor
        lost = [
            f"{prefix}.{name}".lstrip(".")
            for (prefix, now), then in zip(
                self._trainee.model.named_modules(), self._fresh.modules(), strict=True
            )
            for name, value in vars(now).items()
            if isinstance(value, tensor)
            and isinstance(old := vars(then).get(name), tensor)
            and not (old.shape == value.shape and bool((old == value).all()))
        ]
        if lost:
            return (
                f"training changes {listed(lost)}, which the state_dict does not hold",
                "register it with register_buffer, or make it an nn.Parameter",
                "XFR114",
            )
        if self._trainee.structure.hidden_modules:
            _, place, code = next(iter(self._trainee.structure.hidden_modules.values()))
            return (
                f"the state_dict does not hold the weights of the layers in {place}",
                "use nn.ModuleList or nn.ModuleDict",
                code,
            )
        return self._lost_value() or ("", "look for state outside parameters and buffers", "")

    def _lost_value(self) -> tuple[str, str, str] | None:
        """A plain value or a buffer left out with which the outputs are again what they were."""
        ignored = vars(load("torch").nn.Module())
        expected = self._trainee.predict_with(self._trainee.model)[0]

        def given_back(table: dict[str, Any], name: str, value: Any) -> bool:
            old, table[name] = table[name], value
            try:
                found = self._trainee.predict_with(self._fresh)[0]
            finally:
                table[name] = old
            pairs = zip(found, expected, strict=True)
            return all(np.allclose(a, b, rtol=1e-5, equal_nan=True) for a, b in pairs)

        root = type(self._trainee.model).__name__
        parts = zip(self._trainee.model.named_modules(), self._fresh.modules(), strict=True)
        for (prefix, now), then in parts:
            path = f"{root}.{prefix}".rstrip(".")
            for name in now._non_persistent_buffers_set & then._buffers.keys():
                if given_back(then._buffers, name, now._buffers[name]):
                    cause = f"the state_dict does not hold the buffer `{path}.{name}`"
                    return f"{cause}, which training changes", "drop persistent=False", ""
            for name, value in vars(now).items():
                plain = name not in ignored and isinstance(value, (bool, int, float))
                if plain and vars(then).get(name) not in (None, value):
                    was = vars(then)[name]
                    if given_back(vars(then), name, value):
                        return (
                            f"the state_dict does not hold `{path}.{name}` ({value:.6g} when it "
                            f"was saved, {was:.6g} after loading)",
                            "keep it in a buffer, or hand it out in get_extra_state",
                            "",
                        )
        return None
