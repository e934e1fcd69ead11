"""Operations of a TensorFlow step that combine each sample with all others by mistake.

A tensor of shape (n, 1) and one of (n,) make one of (n, n), without a word.  So do distances
between all pairs, on purpose: those go through operations that act on whole rows, or meet another
tensor of a row a sample and a column a sample, a mask or a product of matrices.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...frameworks import load
from ..record import Broadcast, StepRecord

_COMBINING = {
    "Sub": "a difference",
    "SquaredDifference": "a difference",
    "AddV2": "a sum",
    "Mul": "a product",
    "RealDiv": "a quotient",
    "Maximum": "a maximum",
    "Minimum": "a minimum",
}
_REDUCING = {"Sum", "Mean", "L2Loss"}
_ELEMENTWISE = {*_COMBINING, "Abs", "AddN", "Cast", "ClipByValue", "Exp", "Expm1", "Greater"}
_ELEMENTWISE |= {"GreaterEqual", "Identity", "Less", "LessEqual", "Log", "Log1p", "LogicalAnd"}
_ELEMENTWISE |= {"Neg", "Pow", "Relu", "SelectV2", "Sigmoid", "Softplus", "Sqrt", "Square", "Tanh"}
_ELEMENTWISE |= {"StopGradient"}
_SHAPES = {"OnesLike", "Rank", "Shape", "Size", "ZerosLike"}


class _Pairs:
    """A tensor of all pairs, made by accident as far as is known."""

    def __init__(self, found: Broadcast, tensor: Any) -> None:
        self.found, self.meant = found, False
        self.tensors, self.reduced = {id(tensor): tensor}, dict[int, Any]()


class Crossings:
    """Follows tensors through a step by their identity, and keeps them while it lasts."""

    def __init__(self, record: StepRecord) -> None:
        self._record = record
        self._learned: dict[int, Any] = {}  # tensors that depend on variables
        self._columns: dict[int, Any] = {}  # of shape (n, 1, ...), by an axis put in for that
        self._pairs: list[_Pairs] = []
        self._computing = False  # gradients, whose operations are none of the step's

    @contextmanager
    def watching(self) -> Iterator[None]:
        callbacks = load("tensorflow.python.framework.op_callbacks")
        callbacks.add_op_callback(self._on_operation)
        try:
            yield
        finally:
            callbacks.remove_op_callback(self._on_operation)
            for kept in (self._learned, self._columns, self._pairs):
                kept.clear()

    @contextmanager
    def of(self, target: Any) -> Iterator[None]:
        """Inside, the gradients of this are computed."""
        for pairs in self._pairs:
            if id(target) in pairs.reduced and not pairs.meant:
                self._record.crossings.append(pairs.found)
        before, self._computing = self._computing, True
        try:
            yield
        finally:
            self._computing = before

    def _on_operation(
        self,
        kind: str,
        inputs: Any,
        attributes: Any,
        outputs: Any,
        op_name: Any = None,
        graph: Any = None,
    ) -> None:
        if self._computing or graph is not None:
            return
        learned = [id(tensor) in self._learned for tensor in inputs]
        if kind == "ReadVariableOp" or any(learned):
            self._learned.update((id(output), output) for output in outputs)
        for pairs in self._pairs:
            self._follow(pairs, kind, inputs, outputs)
        if len(outputs) != 1:
            return
        output = outputs[0]
        columns = [id(tensor) in self._columns for tensor in inputs if _is_column(tensor)]
        put_in = kind in ("ExpandDims", "StridedSlice") and _rank(inputs[0]) < _rank(output)
        if _is_column(output) and (put_in or (columns and all(columns))):
            self._columns[id(output)] = output
        if kind in _COMBINING and len(inputs) == 2 and any(learned) and _all_pairs(*inputs):
            column = next(tensor for tensor in inputs if _rank(tensor) == _rank(output))
            # Of two predictions all pairs may be meant: what has its axis put in is.
            if not (all(learned) and id(column) in self._columns):
                shapes = [tuple(tensor.shape) for tensor in (*inputs, output)]
                self._pairs.append(_Pairs(Broadcast(_COMBINING[kind], *shapes), output))

    def _follow(self, pairs: _Pairs, kind: str, inputs: Any, outputs: Any) -> None:
        if any(id(tensor) in pairs.reduced for tensor in inputs):
            pairs.reduced.update((id(output), output) for output in outputs)
        if not any(id(tensor) in pairs.tensors for tensor in inputs) or kind in _SHAPES:
            return
        output = outputs[0]
        size = pairs.found.together[:2]
        others = [t for t in inputs if not any(id(t) in each.tensors for each in self._pairs)]
        if kind in _REDUCING and tuple(output.shape[:2]) != size:
            pairs.reduced[id(output)] = output
        elif kind in _ELEMENTWISE | _REDUCING and not any(
            tuple(tensor.shape[:2]) == size for tensor in others
        ):
            pairs.tensors[id(output)] = output
        else:
            pairs.meant = True


def _rank(tensor: Any) -> int:
    return len(tensor.shape)


def _is_column(tensor: Any) -> bool:
    return _rank(tensor) > 1 and tensor.shape[1] == 1 and tensor.shape[0] > 1


def _all_pairs(a: Any, b: Any) -> bool:
    """Whether one has shape (n, 1, ...), the other (n, ...)."""
    column, row = (a, b) if _rank(a) > _rank(b) else (b, a)
    shape, other = tuple(column.shape), tuple(row.shape)
    return _is_column(column) and other[:1] == shape[:1] and other[1:] == shape[2:]
