"""The sixteen bugs of the suite shown to `training_smoke` and, side by side, to its peers.

    pip install --no-deps pytest-torch==1.1.1 torchtest==0.5 torcheck==1.0.1  # in a venv
    python tests/bench/smoke_peers.py [--messages]

A peer that is not installed is said to be so.  (--no-deps: torcheck pins a torch below 2.)  The
peers run on torch; the last column is `training_smoke` on the same bug in Keras.  "C" is caught,
"c" caught by training_smoke without the right cause, "-" passed; the row of the sound loop is to be
empty.  `--messages` prints what each says.  The exit status is 1 if training_smoke names the cause
of fewer than 15, in either framework, or fails the sound loop.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from plugin.smoke.sixteen import Bug, Loop, in_torch

from pytest_gradferry.smoke import Smoke

STEPS = 20
BAR = 15


def smoke(loop: Loop) -> str:
    """What training_smoke says, empty if it passes."""
    report = Smoke().report(loop.model, loop.inputs, loop.targets, step=loop.step, steps=STEPS)
    return "" if report.passed else str(report)


# The peers.  Each is given what it asks for: the user's own step where it takes one.


def pytest_torch_run(loop: Loop) -> Any:
    training = importlib.import_module("pytest_torch.training_loop")
    setup = lambda: training.TrainingSetup(loop.model, loop.optimizer)  # noqa: E731
    step = lambda _, batch: loop.step(*batch)  # noqa: E731
    return training.run_training(setup, (loop.inputs, loop.targets), step, steps=STEPS)


def healthy(loop: Loop) -> None:
    pytest_torch_run(loop).assert_healthy()


def healthy_and_falling(loop: Loop) -> None:
    pytest_torch_run(loop).assert_healthy(min_relative_decrease=0.1)


def output_loss(loop: Loop) -> Callable[[Any], Any]:
    return lambda output: loop.loss(output, loop.targets)


def all_gradients(loop: Loop) -> None:
    training = importlib.import_module("pytest_torch.training")
    training.assert_all_params_receive_grad(loop.model, loop.inputs, output_loss(loop))


def overfits(loop: Loop) -> None:
    training = importlib.import_module("pytest_torch.training")
    training.assert_overfits_one_batch(loop.model, loop.inputs, output_loss(loop))


def contract(loop: Loop) -> None:
    loop.model.eval()
    importlib.import_module("pytest_torch.contract").check_inference_contract(
        loop.model, loop.inputs
    )


def torchtest(loop: Loop) -> None:
    suite = importlib.import_module("torchtest").test_suite
    suite(
        loop.model,
        loop.loss,
        loop.optimizer,
        [loop.inputs, loop.targets],
        test_vars_change=True,
        test_nan_vals=True,
        test_inf_vals=True,
        device="cpu",
    )


def torcheck(loop: Loop) -> None:
    registry = importlib.import_module("torcheck.registry").Registry()
    registry.register(loop.optimizer)
    registry.add_module(loop.model, "net", changing=True, check_nan=True, check_inf=True)
    for _ in range(STEPS):
        loop.step(loop.inputs, loop.targets)


PEERS: list[tuple[str, str, Callable[[Loop], None]]] = [
    ("pytest_torch", "pt healthy", healthy),
    ("pytest_torch", "pt + falls", healthy_and_falling),
    ("pytest_torch", "pt grads", all_gradients),
    ("pytest_torch", "pt overfit", overfits),
    ("pytest_torch", "pt contract", contract),
    ("torchtest", "torchtest", torchtest),
    ("torcheck", "torcheck", torcheck),
]


def said(check: Callable[[Loop], None], make: Callable[[], Loop]) -> str:
    """What a peer raises, empty if it passes."""
    torch.manual_seed(0)
    try:
        check(make())
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def ours(make: Callable[[], Loop]) -> str:
    torch.manual_seed(0)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)
    return smoke(make())


def installed(package: str) -> bool:
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True


def main(messages: bool) -> int:
    warnings.simplefilter("ignore")
    keras_side = importlib.import_module("plugin.smoke.sixteen.in_keras")
    there = {package: installed(package) for package in {package for package, _, _ in PEERS}}
    for package in sorted(package for package, found in there.items() if not found):
        print(f"{package} is not installed")
    peers = [(name, check) for package, name, check in PEERS if there[package]]
    columns = [*(name for name, _ in peers), "smoke torch", "smoke keras"]
    print(f"{'bug':38}" + "".join(f"{name:>12}" for name in columns))
    counts = dict.fromkeys(columns, 0)
    rows: dict[str, Bug | None] = {**in_torch.BUGS, "(sound)": None}
    for name in rows:
        cells = {}
        for peer, check in peers:
            make = in_torch.BUGS[name][0] if rows[name] else in_torch.sound
            cells[peer] = said(check, make)
        marks = {peer: "C" if text else "-" for peer, text in cells.items()}
        for column, side in (("smoke torch", in_torch), ("smoke keras", keras_side)):
            make, _, words = side.BUGS[name] if rows[name] else (side.sound, "", "")
            text = cells[column] = ours(make)
            marks[column] = "C" if text and words in text else "c" if text else "-"
        print(f"{name:38}" + "".join(f"{marks[column]:>12}" for column in columns), flush=True)
        for column in columns if messages else ():
            if cells[column]:
                print(f"    {column}: " + cells[column].replace("\n", "\n        "))
        for column in columns:
            counts[column] += marks[column] == "C"
            if name == "(sound)" and marks[column] != "-":
                counts[column] = -1  # an alarm on the sound loop
    print(f"{'of 16':38}" + "".join(f"{counts[column]:>12}" for column in columns))
    return int(min(counts["smoke torch"], counts["smoke keras"]) < BAR)


if __name__ == "__main__":
    sys.exit(main("--messages" in sys.argv[1:]))
