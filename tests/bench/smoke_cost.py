"""What `training_smoke` costs on a tiny model, all default checks.

    python tests/bench/smoke_cost.py [CASE...]       # first call, later ones, slowest checks
    python tests/bench/smoke_cost.py --profile CASE  # where a later call spends its time
    KERAS_BACKEND=jax python tests/bench/smoke_cost.py  # the cases of Keras on JAX, or on torch

Each case runs in a process of its own, after the framework is imported.  The first call holds what
frameworks do once a process: torch imports its compiler with the first optimizer.  On a machine
with other work, go by the CPU seconds.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from pytest_gradferry.smoke import Smoke

CALLS = 5
BAR = 2.0  # seconds a call may take

Arguments = tuple[Any, Any, Any, dict[str, Any]]


def batch() -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(16, 8)).astype("float32")
    return x, generator.integers(0, 3, 16)


def torch_model() -> Any:
    from torch import nn

    return nn.Sequential(
        nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3)
    )


def torch_loss() -> Arguments:
    return torch_model(), *batch(), {"loss": "cross_entropy"}


def torch_step() -> Arguments:
    import torch
    from torch.nn import functional as F

    model = torch_model()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


def keras_model() -> Any:
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((8,)),
            layers.Dense(16, "relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(3),
        ]
    )


def keras_loss() -> Arguments:
    return keras_model(), *batch(), {"loss": "cross_entropy"}


def keras_tape(wrap: Callable[..., Any] = lambda step: step) -> Arguments:
    import keras
    import tensorflow as tf

    model, optimizer = keras_model(), keras.optimizers.Adam(0.01)
    compute = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = compute(y, model(x, training=True))
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    return model, *batch(), {"step": wrap(step)}


def keras_function() -> Arguments:
    import tensorflow as tf

    return keras_tape(tf.function)


def keras_compiled() -> Arguments:
    import keras

    model = keras_model()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model, *batch(), {}


def keras_own_jax() -> Arguments:
    """As Keras' guide writes a loop for JAX."""
    import jax
    import keras

    model, optimizer = keras_model(), keras.optimizers.Adam(0.01)
    compute = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer.build(model.trainable_variables)

    def loss_of(weights: Any, others: Any, x: Any, y: Any) -> Any:
        output, others = model.stateless_call(weights, others, x, training=True)
        return compute(y, output), others

    @jax.jit
    def train(state: Any, x: Any, y: Any) -> Any:
        weights, others, slots = state
        gradients_of = jax.value_and_grad(loss_of, has_aux=True)
        (loss, others), gradients = gradients_of(weights, others, x, y)
        weights, slots = optimizer.stateless_apply(slots, gradients, weights)
        return loss, (weights, others, slots)

    groups = model.trainable_variables, model.non_trainable_variables, optimizer.variables
    state = tuple([variable.value for variable in group] for group in groups)

    def step(x: Any, y: Any) -> Any:
        nonlocal state
        loss, state = train(state, x, y)
        return loss

    return model, *batch(), {"step": step}


def keras_own_torch() -> Arguments:
    import keras
    import torch

    model = keras_model()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    compute = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = compute(y, model(x, training=True))
        loss.backward()
        optimizer.step()
        return loss

    return model, *batch(), {"step": step}


CASES: tuple[Callable[[], Arguments], ...] = {
    "jax": (keras_compiled, keras_loss, keras_own_jax),
    "torch": (keras_compiled, keras_loss, keras_own_torch),
}.get(
    os.environ.get("KERAS_BACKEND", ""),
    (torch_step, torch_loss, keras_tape, keras_function, keras_loss, keras_compiled),
)


def call(case: Callable[[], Arguments]) -> tuple[float, float, dict[str, float]]:
    """Wall and CPU seconds of a call, and the CPU seconds of each of its checks."""
    model, x, y, how = case()
    marks: list[tuple[str, float]] = []
    start, start_cpu = time.perf_counter(), time.process_time()
    report = Smoke(tell=lambda check: marks.append((check, time.process_time()))).report(
        model, x, y, **how
    )
    wall, end = time.perf_counter() - start, time.process_time()
    assert report.passed, report
    ends = [at for _, at in marks[1:]] + [end]
    checks = {check: after - at for (check, at), after in zip(marks, ends, strict=True)}
    return wall, end - start_cpu, checks


def measure(case: Callable[[], Arguments]) -> None:
    case()  # the imports
    first_wall, first_cpu, _ = call(case)
    later = [call(case) for _ in range(CALLS)]
    wall, cpu = (median(found[i] for found in later) for i in (0, 1))
    checks = {name: median(found[2][name] for found in later) for name in later[0][2]}
    slow = sorted(checks, key=lambda name: -checks[name])[:5]
    told = ", ".join(f"{name} {checks[name]:.2f}" for name in slow)
    verdict = "" if cpu <= BAR else "  OVER THE BAR"
    print(
        f"{case.__name__:<15} first {first_wall:5.2f} s (CPU {first_cpu:.2f}), then {wall:5.2f} s "
        f"(CPU {cpu:.2f}: {told}){verdict}",
        flush=True,
    )


def profile(case: Callable[[], Arguments]) -> None:
    call(case)
    arguments = case()
    model, x, y, how = arguments
    with cProfile.Profile() as profiler:
        Smoke().report(model, x, y, **how)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)


def main(words: list[str]) -> None:
    named = {case.__name__: case for case in CASES}
    if words[:1] == ["--profile"]:
        profile(named[words[1]])
    elif words[:1] == ["--here"]:
        measure(named[words[1]])
    else:
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        for name in words or named:
            subprocess.run([sys.executable, __file__, "--here", name], check=True, env=environment)


if __name__ == "__main__":
    main(sys.argv[1:])
