"""The reference of a record: a side that answers from the file, and computes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..compare import Trained
from ..errors import ParityInputError
from ..layout import Array
from ..mapping import ROWS, Row
from ..sides.side import Event, Gradients, Handle, Objective, Side, Trace
from .record import row_key
from .store import Reader


class NotRecorded(Exception):
    """The reference would have to be run for that."""


@dataclass(eq=False)
class RecordedWeight:
    value: Array
    trainable: bool
    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape


class RecordedLayer:
    """Attributes of a layer, and of what it holds, under their own names."""


class RecordedModel:
    """Named, in messages, as the model was."""


class RecordedSide(Side):
    def __init__(self, reader: Reader) -> None:
        self.reader, self.record = reader, reader.record
        super().__init__(type(self.record["model"], (RecordedModel,), {})())
        self.framework = self.record["framework"]
        self.dtype = self.record["dtype"]
        self.inputs = reader.structure(self.record["inputs"])
        self.targets = reader.structure(self.record["targets"])
        self.acting = list(self.record["acting"])
        self.padded = False  # an embedding's padding row is masked, and was not when it was trained
        self._rows = {str(row_key(row)): row for row in ROWS}
        self._weights = [
            RecordedWeight(reader.arrays[w["array"]], w["trainable"], w["name"])
            for w in self.record["weights"]
        ]
        self._layers = [self._layer(layer) for layer in self.record["layers"]]
        self._traces = {k: self._trace(trace) for k, trace in self.record["traces"].items()}
        self.strays = {
            id(self._layers[index]): mode for index, mode in self.record["strays"] if index >= 0
        }

    def __str__(self) -> str:
        return f"{type(self.model).__name__} ({self.framework}, recorded)"

    # -- from the file --------------------------------------------------------------------------

    def _layer(self, recorded: dict[str, Any]) -> RecordedLayer:
        layer = type(recorded["type"], (RecordedLayer,), {})()
        if self.framework == "keras":
            _put(layer, "dtype_policy", self.dtype)
        for path, value in recorded["attributes"].items():
            _put(layer, path, tuple(value) if isinstance(value, list) else value)
        for path, index in recorded["weights"].items():
            _put(layer, path, self._weights[index])
        return layer  # type: ignore[no-any-return]

    def _trace(self, recorded: dict[str, Any]) -> Trace:
        events = [
            Event(
                self.framework,
                self._layer_at(event["layer"]),
                event["name"],
                self._row(event["row"]),
                self.reader.arrays[event["inputs"]],
                self.reader.arrays[event["output"]],
                {k: self.reader.structure(v) for k, v in event["detail"].items()},
                self._layer_at(event["tail"]),
            )
            for event in recorded["events"]
        ]
        return Trace(events, self.reader.structure(recorded["outputs"]))

    def _layer_at(self, index: int | None) -> RecordedLayer | None:
        return None if index is None else self._layers[index]

    def _row(self, key: list[Any]) -> Row:
        row = self._rows.get(str(key))
        if row is None:
            version = self.record["versions"]["gradferry"]
            raise ParityInputError(
                f"{self.reader.path} was recorded by gradferry {version}, whose table of layers "
                f"has another {key[0]}; record the reference again with parity.record(...)"
            )
        return row

    def _by_weight(self, names: dict[str, str]) -> dict[int, Array]:
        """By the identity of the weight."""
        return {id(self._weights[int(i)]): self.reader.arrays[n] for i, n in names.items()}

    def recorded_gradients(self) -> Gradients:
        """Of the recorded loss; in float32 those that were taken in float32."""
        found = self._of_this_dtype("gradients") or self.record["gradients"]
        weights = self._by_weight(found["weights"])
        return Gradients(
            found["value"],
            self.reader.structure(found["outputs"]),
            {key: value * self.masks.get(key, 1.0) for key, value in weights.items()},
            [None if name is None else self.reader.arrays[name] for name in found["inputs"]],
        )

    def _of_this_dtype(self, name: str) -> Any:
        narrow = self.record["float32"]
        if self.dtype == "float64" and self.record["dtype"] == "float32":
            raise ParityInputError(f"{self} could not be run in float64")
        return narrow[name] if narrow is not None and self.dtype == "float32" else None

    def trained(self) -> Trained:
        training = self.record["training"]
        raw = None if self.population_variance else training["raw"]
        return Trained(training["losses"], self.reader.structure(raw or training["outputs"]))

    def updates(self) -> dict[int, Array]:
        return self._by_weight(self.record["training"]["updates"])

    def mask(self, handle: Handle, factors: Any) -> None:
        self.padded = self.padded or np.ndim(factors) > 0
        super().mask(handle, factors)

    # -- as a side ------------------------------------------------------------------------------

    @contextmanager
    def opened(self, inputs: Any) -> Iterator[None]:
        yield

    def use(self, dtype: str) -> None:
        self.dtype = dtype

    def snapshot(self) -> list[tuple[Any, Any]]:
        return []

    def restore(self, snapshot: list[tuple[Any, Any]]) -> None:
        """Nothing here changes."""

    def tensor(self, array: Array) -> Any:
        return np.asarray(array)

    def array(self, tensor: Any) -> Array:
        return tensor.value if isinstance(tensor, RecordedWeight) else np.asarray(tensor)

    def forward(self, inputs: Any, training: bool = False) -> Any:
        outputs = None if training else self._of_this_dtype("outputs")
        if outputs is not None:
            return self.reader.structure(outputs)
        return self.trace(inputs, training).outputs

    def trace(self, inputs: Any, training: bool = False) -> Trace:
        if training:
            return self._traces["train"]
        return self._traces["acting" if self.dropout_in_evaluation else "eval"]

    def run_layer(self, layer: Any, inputs: Array, training: bool) -> Array:
        for event in self.trace(self.inputs, training).events:
            if event.tail is layer and event.output is inputs:
                return inputs  # what was recorded is the output of both
            if event.layer is layer and event.inputs is inputs:
                return event.output
        raise NotRecorded

    def call(self, inputs: Any, training: bool) -> Any:
        raise NotRecorded

    def gradients(self, inputs: Any, objective: Objective) -> Gradients:
        return self.recorded_gradients()

    def train(self, inputs: Any, objective: Objective, optimizer: Any, steps: int) -> list[float]:
        raise NotRecorded

    def step(self, gradients: dict[int, Array], optimizer: Any) -> None:
        raise NotRecorded

    def take(self, tensor: Any, index: Array, axis: int = -1) -> Any:
        raise NotRecorded

    def reshape(self, tensor: Any, like: Any) -> Any:
        raise NotRecorded

    def pad(self, tensor: Any, amounts: list[tuple[int, int]], value: float) -> Any:
        raise NotRecorded

    def all_weights(self) -> list[Handle]:
        return [Handle(self._weights[i], None, name) for i, name in self.record["names"]]

    def assign(self, variable: Any, value: Array) -> None:
        raise NotRecorded

    def trainable(self, handle: Handle) -> bool:
        return bool(handle.variable.trainable)

    def hidden_layers(self) -> dict[tuple[str, str], list[str]]:
        return {(place, rule): names for place, rule, names in self.record["hidden"]}

    def remarks(self) -> list[str]:
        return list(self.record["remarks"])


def _put(owner: Any, path: str, value: Any) -> None:
    """Set an attribute, dotted or not."""
    *parents, name = path.split(".")
    for parent in parents:
        if not isinstance(getattr(owner, parent, None), RecordedLayer):
            setattr(owner, parent, RecordedLayer())
        owner = getattr(owner, parent)
    setattr(owner, name, value)
