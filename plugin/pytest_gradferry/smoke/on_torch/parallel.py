"""DistributedDataParallel over gloo, in processes forked from this one.

A forked process has the user's step with all that it holds, of whatever class; nothing has to be
pickled or imported again.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...frameworks import load
from ..parallel import (
    REPLICAS,
    SECONDS,
    Parallel,
    ParallelError,
    Replica,
    batch_size,
    half,
    replaced,
)

if TYPE_CHECKING:
    from .trainee import TorchTrainee

_UNUSED = "Expected to have finished reduction in the prior iteration"


class TorchParallel(Parallel):
    """See `Parallel`."""

    what = f"DistributedDataParallel on {REPLICAS} processes"
    without_statistics = "with batch norm in evaluation mode they agree; SyncBatchNorm shares them"

    def __init__(self, trainee: TorchTrainee) -> None:
        self._trainee = trainee

    def absent(self) -> str:
        distributed = load("torch.distributed")
        if not hasattr(os, "fork") or sys.platform == "darwin":
            return "needs processes that can be forked: run it on Linux"
        if not distributed.is_available() or not distributed.is_gloo_available():
            return "this torch was built without gloo"
        if distributed.is_initialized():
            return "this process is part of a process group already"
        if self._trainee.torch.cuda.is_initialized():
            return "CUDA is in use, which a forked process cannot share: hide the GPU in this test"
        if type(self._trainee).__name__ != "TorchTrainee":
            return "the training loop is not a step of your own: its library distributes it"
        return ""

    def unused_allowed(self, error: ParallelError) -> str:
        if _UNUSED not in str(error):
            return ""
        return (
            "some weights get no gradient in a step: it takes "
            "DistributedDataParallel(..., find_unused_parameters=True)"
        )

    @contextmanager
    def quiet(self, batch_norm: bool = False) -> Iterator[None]:
        nn = load("torch.nn")
        changes: list[tuple[Any, str, Any]] = []
        for module in self._trainee.model.modules():
            if isinstance(module, nn.modules.dropout._DropoutNd):
                changes.append((module, "p", 0.0))
            elif isinstance(module, (nn.RNNBase, nn.MultiheadAttention)):
                changes.append((module, "dropout", 0.0))
            elif batch_norm and _is_batch_norm(module):
                changes.append((module, "forward", _at_rest(module)))
        undo = replaced([change for change in changes if change[1] != "forward"])
        resting = [module for module, name, _ in changes if name == "forward"]
        for module, name, value in changes:
            if name == "forward":
                setattr(module, name, value)
        try:
            yield
        finally:
            for module in resting:
                del module.forward
            undo()

    def has_batch_norm(self) -> bool:
        return any(_is_batch_norm(module) for module in self._trainee.model.modules())

    def train(self, steps: int, seed: int, unused: bool = False) -> list[Replica]:
        with tempfile.TemporaryDirectory() as folder:
            ranks = range(REPLICAS)
            children = [self._fork(Path(folder), rank, steps, seed, unused) for rank in ranks]
            try:
                _wait(children)
            finally:
                for child in children:
                    _end(child)
            errors = [path.read_text() for path in sorted(Path(folder).glob("*.error"))]
            # one that lost the other says so too: the first cause is what the others do not name
            errors.sort(key=lambda text: "Connection" in text or "gloo" in text)
            if errors:
                raise ParallelError(errors[0])
            return [_read(Path(folder) / f"{rank}.npz") for rank in ranks]

    def _fork(self, folder: Path, rank: int, steps: int, seed: int, unused: bool) -> int:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # of threads, which torch copes with
            child = os.fork()
        if child:
            return child
        try:
            warnings.simplefilter("ignore")
            replica = self._one(folder, rank, steps, seed, unused)
            weights = {f"w{i}": value for i, value in enumerate(replica.after.values())}
            np.savez(
                folder / f"{rank}.tmp.npz",
                names=np.array(list(replica.after)),
                losses=np.array(replica.losses),
                **weights,  # type: ignore[arg-type]
            )
            (folder / f"{rank}.tmp.npz").rename(folder / f"{rank}.npz")
        except BaseException as error:
            text = str(error).strip().splitlines() or [""]
            (folder / f"{rank}.error").write_text(f"{type(error).__name__}: {text[0][:400]}")
        finally:
            os._exit(0)

    def _one(self, folder: Path, rank: int, steps: int, seed: int, unused: bool) -> Replica:
        """One replica, in its own process."""
        trainee, torch = self._trainee, self._trainee.torch
        torch.set_num_threads(1)
        distributed = load("torch.distributed")
        distributed.init_process_group(
            "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=REPLICAS
        )
        wrapped = load("torch.nn.parallel").DistributedDataParallel(
            trainee.model, find_unused_parameters=unused
        )
        _call_through(trainee.model, wrapped)
        size = batch_size(trainee.inputs, trainee.targets)
        trainee.inputs = half(trainee.inputs, rank, size)
        trainee.targets = half(trainee.targets, rank, size)
        losses = []
        for _ in range(steps):
            trainee.reseed_for_step(seed)
            losses.append(trainee.step())
        result = Replica(losses, trainee.values())
        distributed.barrier()
        return result


def _call_through(model: Any, wrapped: Any) -> None:
    """Let calls of the model go through its wrapper, which the user's step does not hold."""
    forward = model.forward
    inside = False

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal inside
        if inside:
            return forward(*args, **kwargs)
        inside = True
        try:
            return wrapped(*args, **kwargs)
        finally:
            inside = False

    model.forward = call


def _is_batch_norm(module: Any) -> bool:
    return isinstance(module, load("torch.nn").modules.batchnorm._BatchNorm)


def _at_rest(module: Any) -> Any:
    functional = load("torch.nn.functional")

    def forward(inputs: Any) -> Any:
        mean, variance = module.running_mean, module.running_var
        if mean is None:
            return inputs
        return functional.batch_norm(
            inputs, mean, variance, module.weight, module.bias, False, 0.0, module.eps
        )

    return forward


def _wait(children: list[int]) -> None:
    """Until all have ended.  Raises ParallelError for one that does not."""
    deadline = time.monotonic() + SECONDS
    left = set(children)
    while left:
        left -= {child for child in left if os.waitpid(child, os.WNOHANG)[0]}
        if left and time.monotonic() > deadline:
            raise ParallelError(f"the processes hang: killed after {SECONDS:g} s")
        time.sleep(0.01)


def _end(child: int) -> None:
    try:
        if os.waitpid(child, os.WNOHANG)[0] == 0:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    except ChildProcessError:  # has ended
        return


def _read(path: Path) -> Replica:
    if not path.exists():
        raise ParallelError("a process ended without a word: it crashed")
    with np.load(path) as found:
        names = [str(name) for name in found["names"]]
        after = {name: found[f"w{i}"] for i, name in enumerate(names)}
        return Replica([float(loss) for loss in found["losses"]], after)
