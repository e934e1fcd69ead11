"""What the comparison asks of a model of either framework. Arrays cross the border as NumPy."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from .. import tree
from ..errors import ParityInputError
from ..layout import Array
from ..mapping import Block, Row, follow, row_of

# A framework's loss of a model's whole output, in that framework's tensors.
Objective = Callable[[Any], Any]


@dataclass
class Event:
    """One call of a layer that the table knows. `layer` is None for a functional call.

    `tail`: a cropping of the output that is called next, and belongs to it.
    """

    framework: str
    layer: Any
    name: str
    row: Row
    inputs: Array
    output: Array  # before an activation that the layer applies itself
    detail: dict[str, Any] = field(default_factory=dict)
    tail: Any = None

    @property
    def blocked(self) -> Array | None:
        """Of an attention: (N, heads, T, S) or what broadcasts to it, True where a query may not
        look; None where it may look everywhere."""
        return self.detail.get("blocked")

    @property
    def label(self) -> str:
        return self.name if self.layer is None else f"{self.name} ({type(self.layer).__name__})"


@dataclass
class Trace:
    events: list[Event]
    outputs: Any


@dataclass(frozen=True, eq=False)  # a Keras variable as owner compares by element
class Handle:
    """A weight: the layer that owns it, under which attribute (None: `owner` is the weight), and
    which block of that it is (None: all of it)."""

    owner: Any
    attribute: str | None
    name: str
    block: Block | None = None

    @property
    def variable(self) -> Any:
        """The parameter, buffer or variable itself, whole."""
        return self.owner if self.attribute is None else follow(self.owner, self.attribute)

    def of(self, whole: Array) -> Array:
        """This weight's part of an array that is shaped like the whole variable."""
        return whole if self.block is None else self.block.of(whole)

    def into(self, whole: Array, value: Array) -> Array:
        """`whole` with this weight's part replaced."""
        return value if self.block is None else self.block.into(whole, value)


@dataclass
class Gradients:
    """Of one objective: with respect to every weight, by `Side.key`, and to each float input."""

    value: float
    outputs: Any
    weights: dict[int, Array]
    inputs: list[Array | None]

    def of(self, handle: Handle) -> Array | None:
        """A weight's, None where it is not trained."""
        whole = self.weights.get(id(handle.variable))
        return None if whole is None else handle.of(whole)


class Side(ABC):
    """One model, converted for the run; `opened` gives it back as it was."""

    framework: str

    def __init__(self, model: Any) -> None:
        self.model = model
        self.dtype = "float64"
        self.recording: list[Event] | None = None
        self.before: dict[int, Callable[[Any], Any]] = {}
        self.after: dict[int, Callable[[Any], Any]] = {}
        self.behind: dict[int, Callable[[Any], Any]] = {}
        self.masks: dict[int, Array] = {}  # factors on the gradients of weights, by key
        # Weights whose gradients are added up: each with what takes it to a common layout and back.
        self.ties: list[list[tuple[Handle, Callable[..., Array], Callable[..., Array]]]] = []
        self.folded: set[int] = set()  # torch's biases that were added to another, by id
        self.folded_values: dict[int, Array] = {}  # and what they were, by the id of that other
        self.second_biases: list[Any] = []  # those of them that torch would train
        self.sparse_gradients = False  # as of the last `gradients`
        self.population_variance = False  # batch norm keeps the biased variance, as Keras' does
        self.training = False  # the mode of the call that is running
        self.acting: list[str] = []  # dropouts that were told to act in evaluation
        self.dropout_in_evaluation = False  # let those act
        self.strays: dict[int, bool] = {}  # layers called in another mode than the model, and which
        self.recalled: set[int] = set()  # layers put back into the model's mode
        self.by_batch: set[int] = set()  # batch norms made to train in evaluation too
        # What attentions may not look at instead of what they are told, by id: see `Event.blocked`.
        self.forced_masks: dict[int, Array] = {}
        # What recurrent layers start from instead: (N, H) for each direction, of an LSTM h and c.
        self.forced_states: dict[int, list[Array]] = {}
        # Which tokens of a batch count, (N, T), where a layer can skip the rest; False: all do.
        self.padding: Array | bool | None = None
        self.carried: set[str] = set()  # attributes in which calls leave tensors for the next one
        self.carries_nothing = False  # each call starts from what the first one found
        self.tapped: dict[int, list[Any]] = {}  # here go whole sequences of recurrent layers

    # -- the run --------------------------------------------------------------------------------

    @abstractmethod
    def opened(self, inputs: Any) -> AbstractContextManager[None]:
        """In float64 inside; afterwards weights, dtype, mode and buffers are as they were."""

    @abstractmethod
    def use(self, dtype: str) -> None:
        """Move weights, buffers and computation to `dtype`; the values are kept, rounded."""

    @abstractmethod
    def snapshot(self) -> list[tuple[Any, Any]]:
        """All state that a forward pass or a step may change."""

    @abstractmethod
    def restore(self, snapshot: list[tuple[Any, Any]]) -> None: ...

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        before = self.snapshot()
        try:
            yield
        finally:
            self.restore(before)

    # -- forward, backward, training ------------------------------------------------------------

    @abstractmethod
    def tensor(self, array: Array) -> Any:
        """A tensor of this run's dtype if `array` is of floats, of its own otherwise."""

    @abstractmethod
    def array(self, tensor: Any) -> Array: ...

    @abstractmethod
    def call(self, inputs: Any, training: bool) -> Any:
        """The model on tensors; dropout is off either way."""

    def outputs(self, inputs: Any, training: bool) -> Any:
        """The same, and what the model raises comes as one clear ParityInputError."""
        try:
            outputs = self.call(inputs, training)
        except Exception as error:
            raise raised_in_forward(self, inputs, error) from error
        after = self.after.get(id(self.model))
        return after(outputs) if after else outputs

    @abstractmethod
    def gradients(self, inputs: Any, objective: Objective) -> Gradients:
        """In training mode, dropout off; state is left as it was."""

    @abstractmethod
    def train(self, inputs: Any, objective: Objective, optimizer: Any, steps: int) -> list[float]:
        """Losses before each of `steps` steps."""

    @abstractmethod
    def step(self, gradients: dict[int, Array], optimizer: Any) -> None:
        """One step of the optimizer with these gradients, by `key`."""

    def forward(self, inputs: Any, training: bool = False) -> Any:
        """Outputs as arrays; state is left as it was."""
        with self.unchanged():
            tensors = tree.transform(self.tensor, inputs)
            return tree.transform(self.array, self.outputs(tensors, training))

    def trace(self, inputs: Any, training: bool = False) -> Trace:
        events: list[Event] = []
        self.recording = events
        try:
            outputs = self.forward(inputs, training)
        finally:
            self.recording = None
        return Trace(_cropped(events), outputs)

    # -- a few operations on tensors ------------------------------------------------------------

    @abstractmethod
    def take(self, tensor: Any, index: Array, axis: int = -1) -> Any:
        """Those positions of an axis, in that order; of the features, if no axis is given."""

    @abstractmethod
    def reshape(self, tensor: Any, like: Any) -> Any: ...

    @abstractmethod
    def pad(self, tensor: Any, amounts: list[tuple[int, int]], value: float) -> Any:
        """(before, after) for each axis."""

    # -- layers and weights ---------------------------------------------------------------------

    @abstractmethod
    def run_layer(self, layer: Any, inputs: Array, training: bool) -> Array:
        """One layer alone, before an activation of its own; state is left as it was."""

    @abstractmethod
    def all_weights(self) -> list[Handle]:
        """Every parameter, buffer and variable of the model, each once."""

    def hidden_layers(self) -> dict[tuple[str, str], list[str]]:
        """Layers that the framework does not find in the model, by where they are kept and the rule
        against it."""
        return {}

    def remarks(self) -> list[str]:
        """What is to be said of the model, whatever the comparison finds."""
        return []

    def key(self, handle: Handle) -> int:
        """The same for two handles of one variable."""
        return id(handle.variable)

    def get(self, handle: Handle) -> Array:
        return handle.of(self.array(handle.variable))

    def set(self, handle: Handle, value: Array) -> None:
        self.assign(handle.variable, handle.into(self.array(handle.variable), value))

    @abstractmethod
    def assign(self, variable: Any, value: Array) -> None:
        """A value for a whole parameter, buffer or variable, in place."""

    def mask(self, handle: Handle, factors: Any) -> None:
        """Multiply the weight's gradient by `factors`, which broadcast, from now on."""
        whole = self.masks.get(self.key(handle), np.ones(tuple(handle.variable.shape)))
        part = handle.of(whole) * factors
        self.masks[self.key(handle)] = handle.into(whole, part)

    @abstractmethod
    def trainable(self, handle: Handle) -> bool: ...

    def tie(self, gradients: dict[int, Array]) -> None:
        """Give the weights of each tie the sum of their gradients, in place."""
        for group in self.ties:
            members = [(h, there, back) for h, there, back in group if self.key(h) in gradients]
            total = sum(there(h.of(gradients[self.key(h)])) for h, there, _ in members)
            for handle, _, back in members:
                key = self.key(handle)
                gradients[key] = handle.into(gradients[key], back(total))

    def tied(self, gradients: dict[int, Any]) -> dict[int, Any]:
        """The same of a step's tensors, by key."""
        if not self.ties:
            return gradients
        arrays = {key: self.array(g) for key, g in gradients.items() if g is not None}
        self.tie(arrays)
        return gradients | {key: self.tensor(array) for key, array in arrays.items()}

    def acts(self, name: str, rate: Any) -> bool:
        """Whether a dropout told to act shall: never in training, where masks cannot agree."""
        if self.training or not rate:
            return False
        if name not in self.acting:
            self.acting.append(name)
        return self.dropout_in_evaluation

    def kind(self, layer: Any) -> str:
        """Of its row; empty for what the table does not know."""
        row = self.row(layer)
        return "" if row is None else row.kind

    def row(self, layer: Any) -> Row | None:
        kind: type = type(layer)
        return row_of(self.framework, kind)

    @contextmanager
    def intercepted(
        self,
        layer: Any,
        before: Callable[[Any], Any] | None = None,
        after: Callable[[Any], Any] | None = None,
        behind: Callable[[Any], Any] | None = None,
    ) -> Iterator[None]:
        """Pass the layer's input through `before`, its output through `after`, in tensors; and
        through `behind` what it hands on, which is not taken for its output."""
        saved = self.before.copy(), self.after.copy(), self.behind.copy()
        given = ((self.before, before), (self.after, after), (self.behind, behind))
        for functions, function in given:
            if function is not None:
                functions[id(layer)] = _then(functions.get(id(layer)), function)
        try:
            yield
        finally:
            self.before, self.after, self.behind = saved

    def __str__(self) -> str:
        return f"{type(self.model).__name__} ({self.framework})"


def _cropped(events: list[Event]) -> list[Event]:
    """A transposed convolution with a cropping layer behind it puts out what that leaves: where
    one framework crops in the layer itself, the other may need two."""
    for event, after in pairwise(events):
        kinds = event.row.kind.startswith("transposedconv") and after.row.kind == "crop"
        if kinds and np.array_equal(event.output, after.inputs):
            event.output, event.tail = after.output, after.layer
    return events


def _then(first: Callable[[Any], Any] | None, second: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return second if first is None else lambda tensor: second(first(tensor))


_OF_SHAPES = ("channel", "shape", "incompatible", "dimension", "size")


def raised_in_forward(side: Side, inputs: Any, error: Exception) -> ParityInputError:
    shapes = tree.transform(lambda array: tuple(array.shape), inputs)
    hint = ""
    ranks = {len(leaf.shape) for leaf in tree.leaves(inputs)}
    if ranks & {4, 5} and any(word in str(error).lower() for word in _OF_SHAPES):
        hint = (
            "; inputs are given in the reference's layout: torch takes (N, C, H, W), "
            "Keras (N, H, W, C)"
        )
    elif 3 in ranks:
        hint = (
            "; rank 3 is passed unchanged: for (N, C, L) against (N, L, C) give "
            "port_inputs=lambda x: x.transpose(0, 2, 1)"
        )
    return ParityInputError(
        f"{side} raised {type(error).__name__} in its forward pass on inputs of shape {shapes}: "
        f"{first_line(error)}{hint}"
    )


def first_line(error: Exception) -> str:
    """The framework's own message, without the lines that Keras puts around it."""
    lines = [re.sub(r"\x1b\[\d*m", "", line).strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.startswith("Exception encountered")]
    return said[0] if said else ""
