"""The measurements: one number for each rung, from the reference and the port as they stand now.

The reference is run once for each kind of measurement; the port anew each time, so that a fix
applied to it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from . import tree
from .errors import ParityInputError
from .layout import Array, Rearrangement, mover, override, rearrangement
from .measures import Measure as Measure
from .measures import largest as largest
from .measures import relative as relative
from .pairing.couples import Couple, aligned
from .pairing.layers import Pairing, WeightPair
from .sides.side import Gradients, Side, Trace
from .training.losses import Losses, Projection
from .training.optimizers import Optimizers
from .training.steppers import Stepper

T = TypeVar("T")

# A gradient below this share of the largest one is rounding noise (a bias before batch norm).
NOISE = 1e-12
# A loss that has grown by this much is on its way to infinity.
_EXPLODED = 3.0
# Errors of smaller gradients and updates are measured against this share of the largest one.
_FLOOR = 1e-3


def _kept(store: dict[str, Any], name: str, compute: Callable[[], T]) -> T:
    if name not in store:
        store[name] = compute()
    found: T = store[name]
    return found


@dataclass
class Trained:
    losses: list[float]
    outputs: Any


@dataclass
class Comparison:
    """Two opened sides, what they are fed, and how their parts correspond."""

    reference: Side
    port: Side
    inputs: Any
    port_inputs: Any
    targets: Any
    port_targets: Any
    input_map: Rearrangement | None
    port_outputs: Any
    steps: int
    losses: Losses | None
    optimizers: Optimizers
    pairing: Pairing = field(default_factory=lambda: Pairing([], []))
    used: dict[str, Stepper] = field(default_factory=dict)  # the last optimizers, by framework
    recorded = False  # the reference answers from a file
    tell: Callable[[str], None] = lambda _: None  # what is being done now, for whoever waits
    steady = False  # nothing is being tried on the port: what it gave before, it would give again
    _cache: dict[str, Any] = field(default_factory=dict)
    _of_port: dict[str, Any] = field(default_factory=dict)

    @property
    def untrainable(self) -> str:
        """Why there is nothing to train; empty where there is."""
        return "" if self.trained_weights() else "there are no weights to train"

    # -- what is compared -----------------------------------------------------------------------

    def forget(self) -> None:
        """Run both anew: weights, precision or what is subtracted have changed."""
        self._cache.clear()
        self.port_changed()

    def retrain(self) -> None:
        """The optimizers have changed."""
        for name in ("updates", "trained"):
            self._cache.pop(name, None)
        self.port_changed()

    def port_changed(self) -> None:
        """A fix was applied to the port, or taken back."""
        self._of_port.clear()

    def drop(self, *names: str) -> None:
        """Arrays that are not needed any more, unless something fails."""
        for name in names:
            self._cache.pop(name, None)
            self._of_port.pop(name, None)

    @contextmanager
    def unsteady(self) -> Iterator[None]:
        """Fixes are tried on the port inside."""
        before, self.steady = self.steady, False
        self.port_changed()
        try:
            yield
        finally:
            self.steady = before
            self.port_changed()

    def _once(self, name: str, compute: Callable[[], T]) -> T:
        return _kept(self._cache, name, compute)

    def _port_once(self, name: str, compute: Callable[[], T]) -> T:
        return _kept(self._of_port, name, compute) if self.steady else compute()

    def in_reference_layout(self, outputs: Any) -> Any:
        default = mover(self.port.framework, self.reference.framework)
        return override(self.port_outputs, outputs, default)

    def outputs(self, theirs: Any, ours: Any) -> Measure:
        theirs, ours = tree.leaves(theirs), tree.leaves(self.in_reference_layout(ours))
        if len(theirs) != len(ours):
            return Measure(
                float("inf"), detail=f"{len(ours)} outputs, the reference returns {len(theirs)}"
            )
        worst = Measure(0.0)
        for i, (a, b) in enumerate(zip(theirs, ours, strict=True)):
            b = np.asarray(b)
            error = relative(b, a)
            if error > worst.error:
                detail = "" if a.shape == b.shape else f"shape {b.shape}, reference {a.shape}"
                worst = Measure(error, f"output {i}" if len(theirs) > 1 else "", detail)
        return worst

    def reference_outputs(self) -> Any:
        return self._once("eval", lambda: self.reference.forward(self.inputs))

    def traces(self, training: bool = False) -> tuple[Trace, Trace]:
        """Every layer's input and output, of the reference and of the port as it is now."""
        name = f"trace{training}"
        traces = (
            self._once(name, lambda: self.reference.trace(self.inputs, training)),
            self._port_once(name, lambda: self.port.trace(self.port_inputs, training)),
        )
        if not training:
            self._once("eval", lambda: traces[0].outputs)
            self._port_once("eval", lambda: traces[1].outputs)
        return traces

    def couples(self, traces: tuple[Trace, Trace]) -> list[Couple]:
        return aligned(*traces, self.pairing.layers)

    # -- the rungs ------------------------------------------------------------------------------

    def measure(self, rung: str) -> Measure:
        measures: dict[str, Callable[[], Measure]] = {
            "forward-eval": self.forward_eval,
            "forward-train": self.forward_train,
            "loss": self.loss,
            "gradients": self.gradients,
            "one-step": self.one_step,
            "curve": self.curve,
            "eval-after": self.eval_after,
        }
        return measures[rung]()

    def forward_eval(self) -> Measure:
        ours = self._port_once("eval", lambda: self.port.forward(self.port_inputs))
        return self.outputs(self.reference_outputs(), ours)

    def forward_train(self) -> Measure:
        theirs = self._once("train", lambda: self.reference.forward(self.inputs, training=True))
        return self.outputs(theirs, self.port.forward(self.port_inputs, training=True))

    def objective(self) -> Losses | Projection:
        """The loss or, without one, a projection with the same numbers on both sides."""
        return self.losses if self.losses is not None else self._once("projection", self._project)

    def _project(self) -> Projection:
        ours = self.port.forward(self.port_inputs)
        moves = rearrangement(self.in_reference_layout, ours)
        if moves is None:
            raise ParityInputError(
                "port_outputs does more than move values about, so gradients cannot be compared "
                "through it without a loss: give loss="
            )
        generator = np.random.default_rng(0)
        factors = [
            generator.standard_normal(leaf.shape) / leaf.size
            for leaf in tree.leaves(self.reference_outputs())
        ]
        return Projection(
            {self.reference.framework: factors, self.port.framework: moves.backward(factors)}
        )

    def _gradients(self, side: Side) -> Gradients:
        inputs, targets = (
            (self.inputs, self.targets)
            if side is self.reference
            else (self.port_inputs, self.port_targets)
        )
        return side.gradients(inputs, self.objective().objective(side, targets))

    def reference_gradients(self) -> Gradients:
        return self._once("gradients", lambda: self._gradients(self.reference))

    def port_gradients(self) -> Gradients:
        return self._port_once("port gradients", lambda: self._gradients(self.port))

    def loss_values(self) -> tuple[float, float]:
        return self.reference_gradients().value, self.port_gradients().value

    def loss(self) -> Measure:
        theirs, ours = self.loss_values()
        error = relative(np.array(ours), np.array(theirs))
        return Measure(error, detail=f"{ours:.10g}, reference {theirs:.10g}")

    def trained_weights(self) -> list[WeightPair]:
        return [w for w in self.pairing.weights if not w.statistic]

    def gradients(self) -> Measure:
        theirs, ours = self.reference_gradients(), self.port_gradients()
        floor = _FLOOR * largest(theirs.weights.values())
        worst = Measure(0.0)

        def consider(name: str, a: Array | None, b: Array | None, floor: float) -> None:
            if a is None and b is None:
                return
            a = np.zeros_like(b) if a is None else a
            b = np.zeros_like(a) if b is None else b
            assert a is not None
            assert b is not None
            error = relative(b, a, floor)
            if error > worst.error:
                worst.error, worst.worst = error, name

        for pair in self.trained_weights():
            a, b = theirs.of(pair.reference), ours.of(pair.port)
            consider(pair.name, a, None if b is None else pair.to_reference(b), floor)
        for i, (a, b) in enumerate(self._input_gradients(theirs, ours)):
            consider(f"input {i}", a, b, floor)
        worst.detail = f"{len(self.trained_weights())} weights"
        return worst

    def _input_gradients(
        self, theirs: Gradients, ours: Gradients
    ) -> list[tuple[Array | None, Array | None]]:
        """Pairs in the reference's layout; none where the port is fed other numbers."""
        floats = [np.asarray(a).dtype.kind == "f" for a in tree.leaves(self.inputs)]
        if self.input_map is None or not all(floats) or len(theirs.inputs) != len(floats):
            return []
        if any(g is None for g in (*theirs.inputs, *ours.inputs)) or not ours.inputs:
            return list(zip(theirs.inputs, ours.inputs, strict=False))
        moved = self.input_map.backward([g for g in ours.inputs if g is not None])
        return list(zip(theirs.inputs, moved, strict=True))

    def own_noise(self, side: Side, exact: Gradients) -> tuple[float, float]:
        """How far `side`, as it stands, is from `exact`, its own in float64: outputs, gradients."""
        now = self.reference_gradients() if side is self.reference else self._gradients(side)
        arrays = (tree.leaves(tree.transform(side.array, g.outputs)) for g in (now, exact))
        forward = max((relative(a, b) for a, b in zip(*arrays, strict=True)), default=0.0)
        floor = _FLOOR * largest(exact.weights.values())
        backward = max(
            (relative(g, exact.weights[key], floor) for key, g in now.weights.items()), default=0.0
        )
        return forward, backward

    def float32_noise(self) -> tuple[float, float] | None:
        """The same of whichever side can do float64, where the comparison itself cannot."""
        for side in (self.reference, self.port):
            side.use("float64")
            try:
                exact = self._gradients(side)
            except Exception:  # this is the one that cannot
                continue
            finally:
                side.use("float32")
            return self.own_noise(side, exact)
        return None

    def silence_noise(self) -> list[str]:
        """Leave out of training what has no gradient but rounding; the names of those weights.

        An adaptive optimizer would make steps of full size out of that noise.
        """
        theirs, ours = self.reference_gradients(), self.port_gradients()
        noise = NOISE * largest(theirs.weights.values())
        silenced = []
        for pair in self.trained_weights():
            a, b = theirs.of(pair.reference), ours.of(pair.port)
            if a is None or b is None or not a.size:
                continue
            if max(np.abs(a).max(), np.abs(b).max()) <= noise:
                self.reference.mask(pair.reference, 0.0)
                self.port.mask(pair.port, 0.0)
                silenced.append(pair.name)
        return silenced

    def _optimizer(self, side: Side) -> Any:
        self.used[side.framework] = made = self.optimizers.of(side.framework)
        return made

    def _updates(self, side: Side, gradients: dict[int, Array]) -> list[Array]:
        """How far one step with these gradients moves each weight."""
        handles = [
            w.reference if side is self.reference else w.port for w in self.trained_weights()
        ]
        with side.unchanged():
            before = [side.get(h) for h in handles]
            side.step(gradients, self._optimizer(side))
            return [side.get(h) - old for h, old in zip(handles, before, strict=True)]

    def one_step(self) -> Measure:
        """Both optimizers on the reference's gradients: what differs is the optimizer's doing."""
        given = self.reference_gradients()
        theirs = self._once("updates", lambda: self._updates(self.reference, given.weights))
        to_port: dict[int, Array] = {}
        for w in self.trained_weights():
            if (gradient := given.of(w.reference)) is not None:
                key = self.port.key(w.port)
                whole = to_port.get(key, np.zeros(tuple(w.port.variable.shape)))
                to_port[key] = w.port.into(whole, w.to_port(gradient))
        ours = self._updates(self.port, to_port)
        share = _FLOOR * largest(theirs)
        worst = Measure(0.0)
        for w, a, b in zip(self.trained_weights(), theirs, ours, strict=True):
            weight = np.abs(self.reference.get(w.reference))
            # An update is the difference of two weights, and no more exact than they are.
            exactness = 1e-6 if self.reference.dtype == "float64" else 1e-2
            floor = max(share, exactness * float(weight.max(initial=0.0)))
            error = relative(w.to_reference(b), a, floor)
            if error > worst.error:
                worst = Measure(error, w.name, self.optimizers.kinds())
        return worst

    def _train(self, side: Side) -> Trained:
        mine = side is self.reference
        inputs = self.inputs if mine else self.port_inputs
        targets = self.targets if mine else self.port_targets
        assert self.losses is not None
        with side.unchanged():
            objective = self.losses.objective(side, targets)
            losses = side.train(inputs, objective, self._optimizer(side), self.steps)
            return Trained(losses, side.forward(inputs))

    def _trained(self) -> tuple[Trained, Trained]:
        ours = _kept(self._of_port, "trained", lambda: self._train(self.port))
        return self._once("trained", lambda: self._train(self.reference)), ours

    def trained_anew(self, side: Side) -> Trained:
        """`side` trained as it stands now, which is not kept."""
        return self._train(side)

    def losses_of(self, side: Side) -> list[float]:
        theirs, ours = self._trained()
        return theirs.losses if side is self.reference else ours.losses

    def slow_down(self) -> None:
        """Take a rate with which the reference learns: where it explodes, rounding does too."""
        while self.optimizers.named and self.optimizers.slower > 1e-5:
            losses = np.abs(self._once("trained", lambda: self._train(self.reference)).losses)
            if np.isfinite(losses).all() and losses.max() <= _EXPLODED * losses[0]:
                return
            self.optimizers.slower /= 16
            self.forget()

    def curve(self) -> Measure:
        theirs, ours = self._trained()
        a, b = np.array(theirs.losses), np.array(ours.losses)
        error = relative(b, a)
        step = int(np.argmax(np.abs(a - b))) + 1
        return Measure(error, f"step {step}" if error else "", f"{self.steps} steps")

    def curves(self) -> tuple[list[float], list[float]]:
        """The losses before each step, of the reference and of the port."""
        theirs, ours = self._trained()
        return theirs.losses, ours.losses

    def eval_after(self) -> Measure:
        theirs, ours = self._trained()
        return self.outputs(theirs.outputs, ours.outputs)

    def with_bessel_factor(self) -> Measure:
        """`eval_after` with torch's running variance as torch makes it."""
        theirs, ours = self._trained()
        torch_is_reference = self.reference.framework == "torch"
        side = self.reference if torch_is_reference else self.port
        side.population_variance = False
        try:
            raw = self._train(side)
        finally:
            side.population_variance = True
        if torch_is_reference:
            return self.outputs(raw.outputs, ours.outputs)
        return self.outputs(theirs.outputs, raw.outputs)
