"""`tf.distribute.MirroredStrategy` on virtual CPUs, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...frameworks import load
from ..parallel import REPLICAS, SECONDS, Parallel, ParallelError, Replica, replaced
from ..tree import leaves

if TYPE_CHECKING:
    from .trainee import KerasTrainee


class KerasParallel(Parallel):
    """See `Parallel`.  Compiled models only: `fit` is what distributes them."""

    what = f"MirroredStrategy on {REPLICAS} virtual CPUs"
    without_statistics = "with BatchNormalization(synchronized=True) they agree"

    def __init__(self, trainee: KerasTrainee) -> None:
        self._trainee = trainee

    def absent(self) -> str:
        trainee = self._trainee
        if trainee.own_step or not trainee.model.compiled:
            return (
                "a strategy distributes what fit runs: compile the model, with a train_step of "
                "its own where it needs one"
            )
        if len(leaves(trainee.inputs)) != 1 or len(leaves(trainee.targets)) != 1:
            return "done for models of one input and one target only"
        if trainee.weighing:
            return "done without sample_weight and class_weight only"
        for kind in self._own():
            if "<locals>" in kind.__qualname__ or kind.__module__ == "__main__":
                return (
                    f"{kind.__name__} is defined inside a function or a script: define it at the "
                    "top of a module, where another process can import it"
                )
        return ""

    def _own(self) -> list[type[Any]]:
        """The classes of the user's that the saved model names."""
        trainee = self._trainee
        parts = [trainee.model.loss, trainee.model.optimizer]
        kinds = {type(part) for part in parts if not isinstance(part, str)}
        kinds |= set(trainee.structure.own_classes().values())
        return [kind for kind in kinds if kind.__module__.partition(".")[0] not in _NOT_OWN]

    @contextmanager
    def quiet(self, batch_norm: bool = False) -> Iterator[None]:
        layers = load("keras").layers
        changes: list[tuple[Any, str, Any]] = []
        for layer in self._trainee.structure.keras_layers():
            if hasattr(layer, "rate") and "Dropout" in type(layer).__name__:
                changes.append((layer, "rate", 0.0))
            elif batch_norm and isinstance(layer, layers.BatchNormalization):
                changes.append((layer, "synchronized", True))
        undo = replaced(changes)
        try:
            with self._trainee.compiling.eager():  # a traced step has the rates of before
                yield
        finally:
            undo()

    def has_batch_norm(self) -> bool:
        kind = load("keras").layers.BatchNormalization
        return any(isinstance(layer, kind) for layer in self._trainee.structure.keras_layers())

    def train(self, steps: int, seed: int, unused: bool = False) -> list[Replica]:
        trainee = self._trainee
        to_numpy = trainee.framework.to_numpy
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            try:
                trainee.model.save(folder / "model.keras")
            except Exception as error:
                raise ParallelError(f"the model cannot be saved: {error}") from error
            np.savez(
                folder / "batch.npz",
                inputs=to_numpy(leaves(trainee.inputs)[0]),
                targets=to_numpy(leaves(trainee.targets)[0]),
            )
            job = {
                "path": [str(Path(entry or ".").resolve()) for entry in sys.path],
                "classes": [(kind.__module__, kind.__qualname__) for kind in self._own()],
                "replicas": REPLICAS,
                "steps": steps,
                "seed": seed,
            }
            (folder / "job.json").write_text(json.dumps(job))
            _run(folder)
            with np.load(folder / "result.npz") as result:
                names = trainee.names(trainee.model.trainable_variables)
                after = {name: result[f"w{i}"] for i, name in enumerate(names)}
                replica = Replica([float(loss) for loss in result["losses"]], after)
        return [replica] * REPLICAS  # mirrored: one set of weights


_NOT_OWN = ("keras", "tensorflow", "builtins")


def _run(folder: Path) -> None:
    """Raises ParallelError."""
    command = [sys.executable, "-m", f"{__package__}.replicas", str(folder)]
    quiet = {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
    }
    try:
        ended = subprocess.run(
            command, env={**os.environ, **quiet}, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ParallelError(f"the process hangs: killed after {SECONDS:g} s") from None
    error = folder / "error.txt"
    if error.exists():
        raise ParallelError(error.read_text())
    if not (folder / "result.npz").exists():
        last = ended.stderr.decode(errors="replace").strip().splitlines() or [""]
        raise ParallelError(f"the process ended with status {ended.returncode}: {last[-1][:400]}")
