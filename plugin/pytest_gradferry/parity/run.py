"""One comparison: tell the models' frameworks, open both sides, feed them, climb the ladder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from .. import frameworks
from . import tree
from .causes.outputs import permuted
from .compare import Comparison
from .errors import ParityInputError
from .ladder import Ladder
from .layout import Rearrangement, mover, override, rearrangement
from .report import ParityReport
from .sides import keras_backends
from .sides.side import Side, Trace, raised_in_forward
from .training.folding import fold_biases
from .training.losses import Losses
from .training.optimizers import Optimizers


def compare(
    reference: Any,
    port: Any,
    inputs: Any,
    targets: Any,
    *,
    loss: Any,
    optimizer: Any,
    steps: int,
    port_inputs: Any,
    port_outputs: Any,
    mapping: Mapping[str, str] | None,
    weights: str,
    tolerance: float,
    tell: Callable[[str], None],
) -> ParityReport:
    """See `Parity.__call__`."""
    sides = side_of(reference, "reference"), side_of(port, "port")
    if sides[0].framework == sides[1].framework:
        raise ParityInputError(
            f"both models are {sides[0].framework} models; parity compares a torch module with a "
            "Keras model"
        )
    inputs, targets = arrays(inputs), arrays(targets)
    to_port = mover(sides[0].framework, sides[1].framework)
    given = port_inputs if callable(port_inputs) else arrays(port_inputs, callables=True)
    comparison = Comparison(
        *sides,
        inputs=inputs,
        port_inputs=arrays(override(given, inputs, to_port)),
        targets=targets,
        port_targets=tree.transform(to_port, targets),
        input_map=input_map(given, inputs, to_port),
        port_outputs=port_outputs,
        steps=steps,
        losses=None if loss is None else Losses(loss),
        optimizers=Optimizers(optimizer, sides[1].framework, _parameters(sides), steps),
        tell=tell,
    )
    report = ParityReport(str(sides[0]), str(sides[1]))
    with ExitStack() as stack:
        for side, its_inputs in zip(sides, (inputs, comparison.port_inputs), strict=True):
            stack.enter_context(opened(side, its_inputs))
            side.population_variance = True
        fold_biases(*sides)
        traces = first_traces(comparison, report)
        Ladder(comparison, report, dict(mapping or {}), weights, tolerance).climb(traces)
    return report


def _parameters(sides: tuple[Side, Side]) -> Callable[[], list[Any]]:
    torch_side = next(side for side in sides if side.framework == "torch")
    return lambda: list(torch_side.model.parameters())


def side_of(model: Any, role: str) -> Side:
    """The side for a model or a factory.

    Raises ParityInputError where it is neither, or a model that parity does not know.
    """
    model = _built(model, role)
    try:
        framework = frameworks.of(model)
    except frameworks.FrameworkError as error:
        raise ParityInputError(f"{role}: {error}") from error
    if framework.name == "torch" and framework.is_model(model):
        from .sides.torch_side import TorchSide

        return TorchSide(model)
    keras = frameworks.loaded("keras")
    if keras is None or not isinstance(model, keras.Model):
        raise ParityInputError(
            f"{role}: a {type(model).__name__} is no torch.nn.Module and no keras.Model"
        )
    from .sides.keras_side import KerasSide

    return KerasSide(model)


def _built(model: Any, role: str) -> Any:
    if frameworks.is_model(model) or not callable(model):
        return model
    try:
        with _double_precision():
            return model()
    except Exception as error:
        name = getattr(model, "__name__", type(model).__name__)
        raise ParityInputError(
            f"{role}: the factory {name} raised {type(error).__name__}: {error}"
        ) from error


@contextmanager
def _double_precision() -> Iterator[None]:
    """What the frameworks in use build inside is float64."""
    torch, keras = frameworks.loaded("torch"), frameworks.loaded("keras")
    with ExitStack() as stack:
        if torch is not None:
            stack.callback(torch.set_default_dtype, torch.get_default_dtype())
            torch.set_default_dtype(torch.float64)
        if keras is not None:
            stack.callback(keras.config.set_floatx, keras.config.floatx())
            stack.callback(keras.config.set_dtype_policy, keras.config.dtype_policy())
            keras.config.set_floatx("float64")
            keras.config.set_dtype_policy("float64")
            stack.enter_context(keras_backends.current().opened())
        yield


def arrays(structure: Any, callables: bool = False) -> Any:
    """Tensors of either framework, and what NumPy takes, as arrays."""

    def as_array(value: Any) -> Any:
        if callables and callable(value) and not hasattr(value, "shape"):
            return value
        try:
            return frameworks.of(value).to_numpy(value)
        except frameworks.FrameworkError:
            array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise ParityInputError(
                f"inputs and targets must be arrays of numbers, not {type(value).__name__}"
            )
        return array

    return tree.transform(as_array, structure)


def input_map(given: Any, inputs: Any, default: Any) -> Rearrangement | None:
    """How the port's inputs are the reference's moved about, None where they are other numbers."""
    found = rearrangement(lambda value: override(given, value, default), inputs)
    if found is not None or given is None or callable(given):
        return found
    # Arrays of the user's own: maybe what the default would have made of the reference's.
    usual = rearrangement(lambda value: override(None, value, default), inputs)
    theirs = tree.leaves(override(given, inputs, default))
    ours = tree.leaves(tree.transform(default, inputs))
    same = len(theirs) == len(ours) and all(map(np.array_equal, theirs, ours))
    return usual if same else None


@contextmanager
def opened(side: Side, inputs: Any) -> Iterator[None]:
    """`Side.opened`, with what the model raises while it is built told apart."""
    opened = side.opened(inputs)
    try:
        opened.__enter__()
    except Exception as error:
        raise raised_in_forward(side, inputs, error) from error
    with ExitStack() as stack:
        stack.push(opened.__exit__)
        yield


def first_traces(comparison: Comparison, report: ParityReport) -> tuple[Trace, Trace]:
    """Models and loss run once; in float32 where one of them cannot do float64."""
    try:
        return _traces(comparison)
    except ParityInputError as error:
        for side in (comparison.reference, comparison.port):
            side.use("float32")
        comparison.forget()
        try:
            traces = _traces(comparison)
        except ParityInputError as second:
            raise second from second.__cause__
        report.dtype = "float32"
        reason = str(error).split(": ", 1)[-1]
        report.notes.append(f"compared in float32: in float64, {reason}")
        return traces


def _traces(comparison: Comparison) -> tuple[Trace, Trace]:
    reference, port = comparison.reference, comparison.port
    traces = reference.trace(comparison.inputs), port.trace(comparison.port_inputs)
    place_targets(comparison, traces)
    if comparison.losses is not None and not comparison.recorded:
        for side, trace, targets in (
            (reference, traces[0], comparison.targets),
            (port, traces[1], comparison.port_targets),
        ):
            outputs = tree.transform(side.tensor, trace.outputs)
            try:
                comparison.losses.objective(side, targets)(outputs)
            except ParityInputError:
                # Of outputs in another order, that is for the outputs' own comparison to say.
                ours = comparison.in_reference_layout(trace.outputs)
                if side is reference or not permuted(traces[0].outputs, ours):
                    raise
    return traces


def place_targets(comparison: Comparison, traces: tuple[Trace, Trace]) -> None:
    """Targets shaped like the reference's output go where the port's output goes."""
    outputs = tree.leaves(traces[0].outputs)
    targets = tree.leaves(comparison.targets)
    if len(outputs) != 1 or len(targets) != 1 or targets[0].shape != outputs[0].shape:
        return
    moves = rearrangement(comparison.in_reference_layout, traces[1].outputs)
    if moves is not None and moves.positions[0].shape == targets[0].shape:
        comparison.port_targets = moves.backward(targets)[0]
