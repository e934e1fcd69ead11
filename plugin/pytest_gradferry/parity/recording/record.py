"""Run a reference alone and write down all that a port is compared with."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from ... import frameworks
from .. import tree
from ..compare import NOISE, Comparison, largest
from ..errors import ParityInputError
from ..layout import rearrangement
from ..mapping import ROWS, Row, find, follow
from ..run import arrays, opened, side_of
from ..sides.side import Event, Gradients, Handle, Side, Trace
from ..training.folding import fold_biases, one_bias_grus
from .one_sided import OneSidedLosses, OneSidedOptimizers
from .store import Writer

_PLAIN = (bool, int, float, str, type(None))


def record(
    reference: Any,
    inputs: Any,
    targets: Any,
    *,
    loss: Any,
    optimizer: Any,
    steps: int,
    to: Any,
) -> Path:
    """See `pytest_gradferry.parity.record`."""
    side = side_of(reference, "reference")
    inputs, targets = arrays(inputs), arrays(targets)
    comparison = Comparison(
        side,
        side,
        inputs=inputs,
        port_inputs=inputs,
        targets=targets,
        port_targets=targets,
        input_map=rearrangement(lambda value: value, inputs),
        port_outputs=None,
        steps=steps,
        losses=None if loss is None else OneSidedLosses(loss, side.framework),
        optimizers=OneSidedOptimizers(optimizer, side, steps),
    )
    with opened(side, inputs):
        side.population_variance = True
        fold_biases(side)
        recorder = _Recorder(comparison, loss if isinstance(loss, str) else None)
        path = Path(to)
        recorder.writer.save(path, recorder.record())
    return path


class _Recorder:
    def __init__(self, comparison: Comparison, loss: str | None) -> None:
        self.comparison, self.side = comparison, comparison.reference
        self.loss = loss
        self.writer = Writer()
        self.layers: dict[int, dict[str, Any]] = {}  # by identity, in the order of their calls
        self.weights: dict[int, dict[str, Any]] = {}
        self.kept: list[Any] = []  # so that no identity is used twice

    def record(self) -> dict[str, Any]:
        comparison, side = self.comparison, self.side
        traces = self._traces()
        names = [[self._weight(h.variable, h.name), h.name] for h in side.all_weights()]
        gradients = comparison.reference_gradients()
        found: dict[str, Any] = {
            "framework": side.framework,
            "model": type(side.model).__name__,
            "versions": _versions(side),
            "dtype": side.dtype,
            "inputs": self.writer.structure(comparison.inputs, "inputs"),
            "targets": self.writer.structure(comparison.targets, "targets"),
            "traces": traces,
            "loss": self.loss,
            "lossless": comparison.losses is None,
            "optimizer": comparison.optimizers.name,
            "steps": comparison.steps,
            "gradients": self._gradients(gradients, "gradients"),
            "training": None if comparison.losses is None else self._training(gradients),
            "acting": side.acting,
            "strays": [[self._layer_of(key), mode] for key, mode in side.strays.items()],
            "remarks": side.remarks(),
            "hidden": [[*key, names] for key, names in side.hidden_layers().items()],
            "one_bias": one_bias_grus(side),
            "names": names,
        }
        found["float32"] = self._float32() if side.dtype == "float64" else None
        found["layers"] = list(self.layers.values())
        found["weights"] = list(self.weights.values())
        return found

    def _traces(self) -> dict[str, Any]:
        comparison, side = self.comparison, self.side
        try:
            evaluated = side.trace(comparison.inputs)
        except ParityInputError:
            side.use("float32")
            comparison.forget()
            evaluated = side.trace(comparison.inputs)
        traces = {
            "eval": self._trace(evaluated, "eval"),
            "train": self._trace(side.trace(comparison.inputs, training=True), "train"),
        }
        if side.acting:
            side.dropout_in_evaluation = True
            traces["acting"] = self._trace(side.trace(comparison.inputs), "acting")
            side.dropout_in_evaluation = False
        return traces

    def _trace(self, trace: Trace, name: str) -> dict[str, Any]:
        events = [self._event(event, f"{name}.{i}") for i, event in enumerate(trace.events)]
        return {"events": events, "outputs": self.writer.structure(trace.outputs, f"{name}.out")}

    def _event(self, event: Event, name: str) -> dict[str, Any]:
        return {
            "layer": self._layer(event.layer, event.row, event.name),
            "tail": self._layer(event.tail, None, event.name),
            "name": event.name,
            "row": row_key(event.row),
            "inputs": self.writer.put(event.inputs, f"{name}.{event.name}.input"),
            "output": self.writer.put(event.output, f"{name}.{event.name}.output"),
            "detail": {
                key: self.writer.structure(value, f"{name}.{event.name}.{key}")
                for key, value in event.detail.items()
                if _is_kept(value)
            },
        }

    def _layer(self, layer: Any, row: Row | None, name: str) -> int | None:
        if layer is None:
            return None
        if id(layer) not in self.layers:
            self.kept.append(layer)
            alike = [] if row is None else [row, *(r for r in ROWS if r.kind == row.kind)]
            self.layers[id(layer)] = {
                "type": type(layer).__name__,
                "attributes": self._attributes(layer, alike),
                "weights": self._weights_of(layer, name, alike),
            }
        return self._layer_of(id(layer))

    def _layer_of(self, key: int) -> int:
        return list(self.layers).index(key) if key in self.layers else -1

    def _attributes(self, layer: Any, rows: list[Row]) -> dict[str, Any]:
        """Plain values under public names, and whatever the table's settings read."""
        found = {k: v for k, v in vars(layer).items() if not k.startswith("_") and _is_plain(v)}
        for row in rows:
            for setting in row.settings:
                path = setting.attribute(self.side.framework)
                value = follow(layer, path)
                value = getattr(value, "__name__", value)  # an activation
                if value is not None and _is_plain(value):
                    found[path] = value
        return {path: _plain(value) for path, value in found.items()}

    def _weights_of(self, layer: Any, name: str, rows: list[Row]) -> dict[str, int]:
        found = {}
        for row in rows:
            for weight in row.weights:
                path = weight.torch if self.side.framework == "torch" else weight.keras
                if (place := find(layer, path)) is not None:
                    variable = follow(layer, place.attribute)
                    found[place.attribute] = self._weight(variable, f"{name}.{place.attribute}")
        return found

    def _weight(self, variable: Any, name: str) -> int:
        if id(variable) not in self.weights:
            self.kept.append(variable)
            self.weights[id(variable)] = {
                "array": self.writer.put(self.side.array(variable), f"weights.{name}"),
                "trainable": self.side.trainable(Handle(variable, None, name)),
                "name": name,
            }
        return self._index(variable)

    def _index(self, variable: Any) -> int:
        return list(self.weights).index(id(variable))

    def _by_weight(self, arrays: dict[int, Any], name: str) -> dict[str, str]:
        """JSON has no numbers for keys."""
        known = list(self.weights.items())
        return {
            str(i): self.writer.put(arrays[key], f"{name}.{weight['name']}")
            for i, (key, weight) in enumerate(known)
            if key in arrays
        }

    def _gradients(self, found: Gradients, name: str) -> dict[str, Any]:
        outputs = tree.transform(self.side.array, found.outputs)
        return {
            "value": found.value,
            "outputs": self.writer.structure(outputs, f"{name}.outputs"),
            "weights": self._by_weight(found.weights, name),
            "inputs": [
                None if g is None else self.writer.put(g, f"{name}.input") for g in found.inputs
            ],
        }

    def _training(self, gradients: Gradients) -> dict[str, Any]:
        comparison, side = self.comparison, self.side
        if side.dtype == "float64":
            self._silence(gradients)
        comparison.slow_down()
        trained = comparison.trained_anew(side)
        raw = None
        if side.framework == "torch":
            side.population_variance = False
            raw = comparison.trained_anew(side).outputs
            side.population_variance = True
        return {
            "slower": comparison.optimizers.slower,
            "losses": trained.losses,
            "outputs": self.writer.structure(trained.outputs, "trained.eval"),
            "raw": self.writer.structure(raw, "trained.bessel"),
            "updates": self._by_weight(self._updates(gradients), "updates"),
        }

    def _silence(self, gradients: Gradients) -> None:
        """Leave out of training what has no gradient but rounding, as a comparison does."""
        noise = NOISE * largest(gradients.weights.values())
        for key, gradient in gradients.weights.items():
            if gradient.size and float(np.abs(gradient).max()) <= noise:
                self.side.masks[key] = np.zeros(gradient.shape)

    def _updates(self, gradients: Gradients) -> dict[int, Any]:
        side = self.side
        variables = [v for v in self.kept if id(v) in gradients.weights]
        with side.unchanged():
            before = [side.array(v) for v in variables]
            side.step(gradients.weights, self.comparison.optimizers.of(side.framework))
            after = [side.array(v) for v in variables]
        return {id(v): new - old for v, new, old in zip(variables, after, before, strict=True)}

    def _float32(self) -> dict[str, Any]:
        comparison, side = self.comparison, self.side
        side.use("float32")
        comparison.forget()
        outputs = side.forward(comparison.inputs)
        return {
            "outputs": self.writer.structure(outputs, "float32.eval"),
            "gradients": self._gradients(comparison.reference_gradients(), "float32.gradients"),
        }


def row_key(row: Row) -> list[Any]:
    """What tells one row of the table from the others, as JSON keeps it."""
    return [row.kind, list(row.torch), list(row.keras)]


def _is_plain(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return isinstance(value, (*_PLAIN, np.generic))


def _is_kept(value: Any) -> bool:
    """Numbers and words, arrays, and tuples, lists and dicts of these."""
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_kept(v) for k, v in value.items())
    if isinstance(value, (tuple, list)):
        return all(map(_is_kept, value))
    return isinstance(value, (*_PLAIN, np.generic, np.ndarray))


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def _versions(side: Side) -> dict[str, str]:
    found = {"gradferry": metadata.version("gradferry")}
    for framework in frameworks.in_use():
        found[framework.name] = str(frameworks.load(framework.name).__version__)
    if side.framework == "keras":
        found |= {
            "keras": str(frameworks.load("keras").__version__),
            "backend": frameworks.keras_backend(),
        }
    return found
