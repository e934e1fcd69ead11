"""What `parity` makes of wrong and of right ports of real architectures.

    python tests/bench/planted_ports.py wrong [WORD...]    # single mistakes: is each named?
    python tests/bench/planted_ports.py right [SEEDS]      # right ports: worst error of each rung
    python tests/bench/planted_ports.py cost               # time, and memory of a ResNet-50

WORD narrows to the mistakes whose name or model has it.
"""

from __future__ import annotations

import importlib
import resource
import sys
import time
from pathlib import Path

import torch  # isort: split

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from plugin.parity.planted import PLANTS, named, report_of
from plugin.parity.reference_models import NAMES, keras_layout, pair, resnet50, small_cnn

from pytest_gradferry.parity import Parity


def seed(number: int) -> np.random.Generator:
    torch.manual_seed(number)
    keras.utils.set_random_seed(number)
    return np.random.default_rng(number)


def wrong(words: list[str]) -> None:
    """A line for each mistake: where it failed, whether it was named, and the first cause."""
    failed = right = first = total = 0
    for plant in PLANTS:
        if words and not any(word in f"{plant.name} {plant.model}" for word in words):
            continue
        total += 1
        start = time.perf_counter()
        try:
            report = report_of(Parity(), plant, seed(0))
        except Exception as error:
            print(f"ERROR  {plant.model:26} {plant.name:42} {type(error).__name__}: {error}")
            continue
        at = named(plant, report)
        failed += not report.passed
        right += at is not None
        first += at == 0
        said = report.findings[0].cause if report.findings else report.unexplained.splitlines()[:1]
        verdict = (
            "passed"
            if report.passed
            else "wrong"
            if at is None
            else "right"
            if at == 0
            else f"#{at + 1}"
        )
        print(
            f"{verdict:6} {plant.model:26} {plant.name:42} {report.failed_rung or '-':13} "
            f"{time.perf_counter() - start:4.1f} s  {said}",
            flush=True,
        )
        keras.backend.clear_session()
    print(f"{total} planted, {failed} fail, {right} named ({first} as the first cause)")


def right(seeds: int) -> None:
    """Either way round, with other weights and data each time."""
    alarms = 0
    for name in NAMES:
        models = pair(name)
        worst: dict[str, float] = {}
        for number in range(seeds):
            rng = seed(number)
            x, y = models.batch(rng)
            reference, port = models.torch, models.keras
            if number % 2:
                reference, port, x, y = port, reference, keras_layout(x), keras_layout(y)
            options = {"loss": models.loss, "tolerance": models.tolerance, "steps": 3}
            report = Parity().report(reference(), port(), x, y, **options)
            if not report.passed:
                alarms += 1
                print(report.text())
            for rung in report.rungs:
                if rung.error is not None:
                    worst[rung.name] = max(worst.get(rung.name, 0.0), rung.error)
            keras.backend.clear_session()
        errors = "  ".join(f"{rung} {error:.0e}" for rung, error in worst.items())
        print(f"{name:26} {seeds} seeds  {errors}", flush=True)
    print(f"{alarms} false alarms")


def cost() -> None:
    importlib.import_module("torch._dynamo")  # as torch's first optimizer does
    rng = seed(0)
    x, y = small_cnn.batch(rng, n=16)
    for run in ("first", "second"):
        start = time.perf_counter(), time.process_time()
        Parity()(
            small_cnn.torch_model(), small_cnn.keras_model(), x, y, loss="cross_entropy", steps=10
        )
        wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
        print(f"small CNN, 10 steps, {run} run: {wall:.1f} s ({cpu:.1f} s CPU)", flush=True)
    x, y = resnet50.batch(rng, size=64)
    start = time.perf_counter(), time.process_time()
    Parity()(resnet50.torch_model(), resnet50.keras_model(), x, y, loss="cross_entropy", steps=5)
    wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"ResNet-50, 64 x 64, batch 4, 5 steps: {wall:.1f} s ({cpu:.1f} s CPU), {memory:.2f} GiB")


def main(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    match arguments:
        case ["wrong", *words]:
            wrong(words)
        case ["right"]:
            right(20)
        case ["right", seeds]:
            right(int(seeds))
        case ["cost"]:
            cost()
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
