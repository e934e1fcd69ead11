"""Every sound training of the suite under many seeds: no check of `training_smoke` may fail.

    python tests/bench/smoke_sound.py [SEEDS] [WORD...]

SEEDS (50) seeds each: they vary the weights, the data and the random draws of the run.  WORD
narrows to the cases whose module or name has it.  What fails is printed with its report; the exit
status is 1 then.
"""

from __future__ import annotations

import importlib
import inspect
import random
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from pytest_gradferry.smoke import Smoke  # noqa: E402

Case = Callable[[], tuple[Any, Any, Any, dict[str, Any]]]


def cases(words: list[str]) -> Iterator[tuple[str, Case]]:
    """The `SOUND` lists of the suite's modules, with the module's name in front."""
    for path in sorted((TESTS / "plugin/smoke").rglob("*.py")):
        if not re.search(r"^SOUND\b", path.read_text(), re.MULTILINE):
            continue
        dotted = ".".join(path.relative_to(TESTS).with_suffix("").parts)
        names = re.findall(r"^(?:def|class) (\w+)", path.read_text(), re.MULTILINE)
        if words and not any(word in f"{dotted}.{name}" for word in words for name in names):
            continue
        module = importlib.import_module(dotted)
        for entry in module.SOUND if isinstance(module.SOUND, list) else ():
            case = entry[0] if isinstance(entry, tuple) else entry
            name = f"{dotted.rpartition('.')[2]}.{case.__name__}"
            if not words or any(word in name for word in words):
                yield name, case if inspect.isfunction(case) else partial(made, module, case)


def made(module: Any, kind: type[Any]) -> tuple[Any, Any, Any, dict[str, Any]]:
    """A case from a class: a LightningModule, or a bench with a model and a step."""
    thing = kind()
    how = {"step": thing.step} if hasattr(thing, "model") else {}
    return (getattr(thing, "model", thing), *module.batch(), how)


def seed_all(number: int) -> None:
    random.seed(number)
    np.random.seed(number)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(number)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(number)


def alarm(case: Case, seed: int) -> tuple[str, list[str]]:
    """The report of a false alarm, empty if there is none; and the checks that were skipped."""
    seed_all(seed)
    model, inputs, targets, how = case()
    how = dict(how)
    try:
        report = Smoke().report(model, inputs, targets, seed=seed, **how)
    except Exception as error:
        return f"{type(error).__name__}: {error}", []
    skips = [check for check, outcome in report.outcomes.items() if outcome.status == "skipped"]
    return ("" if report.passed else str(report)), skips


def main(seeds: int, words: list[str]) -> int:
    warnings.simplefilter("ignore")
    runs = alarms = 0
    for name, case in cases(words):
        started, failed, skipped = time.perf_counter(), [], set()
        for seed in range(seeds):
            found, skips = alarm(case, seed)
            skipped.update(skips)
            if found:
                failed.append(seed)
                if len(failed) == 1:
                    print(f"FALSE ALARM {name}, seed {seed}\n{found}\n", flush=True)
        runs, alarms = runs + seeds, alarms + len(failed)
        each = (time.perf_counter() - started) / seeds
        verdict = f"{len(failed)} of {seeds} seeds alarmed: {failed}" if failed else "passed"
        note = f", skipping {', '.join(sorted(skipped))}" if skipped else ""
        print(f"{name:60} {each:5.2f} s  {verdict}{note}", flush=True)
        if "keras" in sys.modules:
            sys.modules["keras"].backend.clear_session()
    print(f"{runs} runs, {alarms} false alarms")
    return bool(alarms)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    count = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 50
    sys.exit(main(count, arguments))
