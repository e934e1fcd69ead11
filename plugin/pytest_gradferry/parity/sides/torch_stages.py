"""nn.LSTM, nn.GRU and nn.RNN, run one stacked layer after another.

One such module may be several Keras layers. Each of its layers, in both directions where it has
both, is a `Stage`, which stands for a layer in everything else here: it has weights of its own, it
can be observed, and it can be run alone. Sequences are (N, T, features) whatever `batch_first`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from ..errors import ParityInputError
from ..mapping.recurrent import BIDIRECTIONAL, LAYERS
from ..mapping.row import Row

_KINDS = {"LSTM": "lstm", "GRU": "gru", "RNN_TANH": "rnn", "RNN_RELU": "rnn"}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": F.relu,
    "hard_sigmoid": F.hardsigmoid,
    "linear": lambda x: x,
    "softsign": F.softsign,
    "softplus": F.softplus,
    "elu": F.elu,
    "selu": F.selu,
    "silu": F.silu,
}


class Stage:
    """One stacked layer of a recurrent module.

    Its settings are torch's own; where one is changed, a loop over the steps computes what torch
    cannot.
    """

    activation: str
    recurrent_activation: str | None
    reset_after: bool | None

    def __init__(self, module: Any, index: int, folded: set[int]) -> None:
        self.module, self.index, self._folded = module, index, folded
        self.kind = _KINDS[module.mode]
        self.activation = "relu" if module.mode == "RNN_RELU" else "tanh"
        self.recurrent_activation = None if self.kind == "rnn" else "sigmoid"
        self.reset_after = True if self.kind == "gru" else None
        self._native = self._settings()

    @property
    def row(self) -> Row:
        return (BIDIRECTIONAL if self.module.bidirectional else LAYERS)[self.kind]

    def __getattr__(self, name: str) -> Any:
        """weight_ih, weight_hh, bias_ih, bias_hh, and the same with _reverse."""
        if not name.startswith(("weight_", "bias_")):
            raise AttributeError(name)
        base, reverse = name.removesuffix("_reverse"), name.endswith("_reverse")
        parameter = getattr(self.module, f"{base}_l{self.index}{'_reverse' * reverse}", None)
        return None if id(parameter) in self._folded else parameter

    def train(self, mode: bool) -> None:
        """As a module; a stage has no mode."""

    def __call__(self, x: Any) -> Any:
        """(N, T, in) to (N, T, H), or 2 H in both directions."""
        return self.run(x, self.zeros(x, x.shape[0]))[0]

    def zeros(self, x: Any, rows: int) -> tuple[Any, ...]:
        """The states that torch starts from: (directions, N, H), of an LSTM h and c."""
        directions = 2 if self.module.bidirectional else 1
        zeros = x.new_zeros(directions, rows, self.module.hidden_size)
        return (zeros, zeros) if self.kind == "lstm" else (zeros,)

    def run(self, x: Any, states: Any, batch_sizes: Any = None) -> tuple[Any, tuple[Any, ...]]:
        """The sequence, and the final states."""
        if self._settings() != self._native:
            return self._by_steps(x, states)
        function = getattr(torch, self.module.mode.lower())
        given = states if self.kind == "lstm" else states[0]
        rest = (self._flat(), self.module.bias, 1, 0.0, False, self.module.bidirectional)
        if batch_sizes is None:
            sequence, *final = function(x, given, *rest, True)
        else:
            sequence, *final = function(x, batch_sizes, given, *rest)
        return sequence, tuple(final)

    def _settings(self) -> tuple[Any, ...]:
        return self.activation, self.recurrent_activation, self.reset_after

    def _flat(self) -> list[Any]:
        return [
            parameter
            for reverse in ((False, True) if self.module.bidirectional else (False,))
            for parameter in self._weights(reverse)
            if parameter is not None
        ]

    def _weights(self, reverse: bool) -> list[Any]:
        """W_ih, W_hh, b_ih, b_hh of one direction; also a bias that was folded into the other."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        end = f"_l{self.index}{'_reverse' * reverse}"
        return [getattr(self.module, name + end, None) for name in names]

    def _by_steps(self, x: Any, states: Any) -> tuple[Any, tuple[Any, ...]]:
        sequences, finals = [], []
        for direction in range(states[0].shape[0]):
            carried = [state[direction] for state in states]
            steps = []
            for step in reversed(x.unbind(1)) if direction else x.unbind(1):
                carried = self._step(step, carried, self._weights(bool(direction)))
                steps.append(carried[0])
            sequences.append(torch.stack(steps[::-1] if direction else steps, 1))
            finals.append(carried)
        return torch.cat(sequences, -1), tuple(map(torch.stack, zip(*finals, strict=True)))

    def _step(self, x: Any, states: Any, weights: Any) -> list[Any]:
        w_ih, w_hh, b_ih, b_hh = weights
        h = states[0]
        act = _FUNCTIONS[self.activation]
        given, kept = F.linear(x, w_ih, b_ih), F.linear(h, w_hh, b_hh)
        if self.kind == "rnn":
            return [act(given + kept)]
        gate = _FUNCTIONS[str(self.recurrent_activation)]
        if self.kind == "lstm":
            i, f, g, o = (given + kept).chunk(4, -1)
            c = gate(f) * states[1] + gate(i) * act(g)
            return [gate(o) * act(c), c]
        (ri, zi, ni), (rh, zh, nh) = given.chunk(3, -1), kept.chunk(3, -1)
        r, z = gate(ri + rh), gate(zi + zh)
        if self.reset_after:
            inner = r * nh
        else:
            bias = None if b_hh is None else b_hh.chunk(3)[2]
            inner = F.linear(r * h, w_hh.chunk(3)[2], bias)
        return [(1 - z) * act(ni + inner) + z * h]


def refuse(module: nn.Module, name: str) -> None:
    """Raises ParityInputError for a module that no Keras layer can be."""
    if isinstance(module, nn.LSTM) and module.proj_size > 0:
        raise ParityInputError(
            f"{name} has proj_size={module.proj_size}: no Keras layer projects the hidden state; "
            "write the projection as a Linear and a Dense of its own to compare it"
        )


# Runs a stage on a sequence, observed: (stage, its name, input, run, details) -> what it hands on.
Observe = Callable[..., Any]


@contextmanager
def staged(module: Any, name: str, side: Any, observe: Observe) -> Iterator[list[Stage]]:
    """The module computes through its stages, each of which passes `observe`; of `side` come the
    biases that were folded and the states to start from instead."""
    kind = type(type(module).__name__, (Stage,), {})  # reports call it what the user does
    stages = [kind(module, i, side.folded) for i in range(module.num_layers)]
    names = [f"{name}.l{i}" for i in range(len(stages))] if len(stages) > 1 else [name]

    def forward(inputs: Any, hx: Any = None) -> Any:
        if isinstance(inputs, PackedSequence):
            return packed(inputs, hx)
        if inputs.dim() not in (2, 3):
            raise ValueError(f"expected input of 2 or 3 axes, got {inputs.dim()}")
        module.check_input(inputs, None)
        single = inputs.dim() == 2
        x = inputs[None] if single else inputs if module.batch_first else inputs.transpose(0, 1)
        if hx is not None:
            hx = tuple(h[:, None] if single else h for h in _as_tuple(hx))
        x, final = run(x, hx, None)
        if single:
            x, final = x[0], tuple(h[:, 0] for h in final)
        elif not module.batch_first:
            x = x.transpose(0, 1)
        return x, final if module.mode == "LSTM" else final[0]

    def packed(inputs: PackedSequence, hx: Any) -> Any:
        data, sizes, order, back = inputs
        if hx is not None and order is not None:
            hx = tuple(h.index_select(1, order) for h in _as_tuple(hx))
        data, final = run(data, hx, (sizes, order, back))
        if back is not None:
            final = tuple(h.index_select(1, back) for h in final)
        sequence = PackedSequence(data, sizes, order, back)
        return sequence, final if module.mode == "LSTM" else final[0]

    def run(x: Any, hx: Any, packing: Any) -> tuple[Any, tuple[Any, ...]]:
        finals = []
        directions = 2 if module.bidirectional else 1
        for i, stage in enumerate(stages):
            if i and module.dropout:
                x = F.dropout(x, module.dropout, module.training)
            rows = x.shape[0] if packing is None else int(packing[0][0])
            states = stage.zeros(x, rows)
            if hx is not None:
                states = tuple(h[i * directions : (i + 1) * directions] for h in _as_tuple(hx))
            before = [side.array(h[d]) for d in range(directions) for h in states]
            if (forced := side.forced_states.get(id(stage))) is not None:
                count = len(states)
                states = tuple(
                    torch.stack([side.tensor(h) for h in forced[j::count]]) for j in range(count)
                )

            def compute(x: Any, stage: Stage = stage, states: Any = states) -> Any:
                sequence, final = stage.run(x, states, None if packing is None else packing[0])
                finals.append(final)
                return sequence

            if packing is None:
                x = observe(stage, names[i], x, compute, states=before)
            else:
                seen = partial(observe, states=before)
                x = _padded_observed(seen, stage, names[i], x, compute, packing)
        return x, tuple(map(torch.cat, zip(*finals, strict=True)))

    module.forward = forward
    try:
        yield stages
    finally:
        del module.__dict__["forward"]


def _as_tuple(states: Any) -> tuple[Any, ...]:
    return tuple(states) if isinstance(states, (tuple, list)) else (states,)


def _padded_observed(
    observe: Observe, stage: Stage, name: str, data: Any, compute: Any, packing: Any
) -> Any:
    """What is observed of a packed sequence is the padded one."""
    result: list[Any] = []

    def padded(data: Any) -> Any:
        return pad_packed_sequence(PackedSequence(data, *packing), batch_first=True)[0]

    def run(_: Any) -> Any:
        result.append(compute(data))
        return padded(result[0])

    observe(stage, name, padded(data), run)
    return result[0]
