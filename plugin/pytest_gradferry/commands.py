"""`gradferry parity A B`: the fixture's comparison without a test file."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from . import frameworks

DIFFERENT, USAGE_ERROR = 1, 2
_CLASSES = ("cross_entropy", "nll")


def add_parity(commands: Any) -> None:
    """Adds the `parity` command to an argparse subparsers object."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "parity",
        help="prove a port equal to its reference",
        description="Compare a torch module with a Keras model on a random batch, rung by rung: "
        "layers, weights, outputs, gradients, training. Exit status: 0 equal, 1 different, "
        "2 usage error.",
    )
    parser.add_argument(
        "reference", help="module:name of a model or of a class or function that makes one"
    )
    parser.add_argument("port", help="the same, of the port")
    parser.add_argument(
        "--shape",
        action="append",
        required=True,
        type=_shape,
        help="of the inputs in the reference's layout, batch first, as 8,3,32,32; once for each "
        "input",
    )
    parser.add_argument(
        "--tokens",
        type=int,
        metavar="N",
        help="the inputs are whole numbers from 0 to N - 1 (default: normally distributed floats)",
    )
    parser.add_argument(
        "--loss",
        help="cross_entropy, mse, l1, bce_with_logits, nll, huber or kl_div, with random targets "
        "of the outputs' shape; without one nothing is trained",
    )
    parser.add_argument("--optimizer", default="sgd", help="by name (default: sgd)")
    parser.add_argument("--steps", type=int, default=10, help="of training (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="of the random batch (default: 0)")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write a page and JSON there")
    parser.set_defaults(run=parity)


def _shape(text: str) -> tuple[int, ...]:
    try:
        shape = tuple(int(part) for part in text.split(","))
    except ValueError:
        shape = ()
    if not shape or min(shape) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no shape: give whole numbers as 8,3,32,32")
    return shape


def parity(options: argparse.Namespace) -> int:
    """Runs the command; returns its exit status."""
    from .parity import ParityInputError, ParityReport

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no start-up notices among the rungs
    try:
        frameworks.get("torch")  # before TensorFlow: the other order has been seen to crash
        reference, port = load(options.reference), load(options.port)
        report = _compare(reference, port, options)
    except (ParityInputError, frameworks.FrameworkError, LookupError) as error:
        print(f"gradferry: {error.args[0]}", file=sys.stderr)
        return USAGE_ERROR
    assert isinstance(report, ParityReport)
    print(report.text())
    if options.report:
        from .session_report import write

        name = f"{options.reference} against {options.port}"
        print(f"report: {write(options.report, [{'test': name, **report.to_dict()}])}")
    return 0 if report.passed else DIFFERENT


def load(path: str) -> Any:
    """What `module:name` names; modules of the current folder are found, as by `python -m`.

    Raises LookupError, with what was wrong, for anything that does not import.
    """
    module, _, name = path.partition(":")
    if not module or not name:
        raise LookupError(f"{path!r} names no model: give module:name, as my_package.net:Net")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # the module's own code ran
        raise LookupError(f"{path} cannot be had: {type(error).__name__}: {error}") from error
    return found


def _compare(reference: Any, port: Any, options: argparse.Namespace) -> Any:
    from .parity import Parity
    from .parity.report import RUNGS

    inputs = _inputs(options)
    targets = None
    if options.loss:
        targets = _targets(reference, inputs, options)
    with _progress(RUNGS) as tell:
        return Parity(tell=tell).report(
            reference,
            port,
            inputs,
            targets,
            loss=options.loss,
            optimizer=options.optimizer,
            steps=options.steps,
        )


def _inputs(options: argparse.Namespace) -> Any:
    generator = np.random.default_rng(options.seed)

    def batch(shape: tuple[int, ...]) -> Any:
        if options.tokens:
            return generator.integers(0, options.tokens, shape)
        return generator.standard_normal(shape).astype(np.float32)

    arrays = tuple(batch(shape) for shape in options.shape)
    return arrays[0] if len(arrays) == 1 else arrays


def _targets(reference: Any, inputs: Any, options: argparse.Namespace) -> Any:
    """Random ones that suit the loss and the shape of what the reference returns."""
    from .parity import ParityInputError, tree
    from .parity.run import opened, side_of

    side = side_of(reference, "reference")
    with opened(side, inputs):
        outputs = tree.leaves(side.forward(inputs))
    if len(outputs) != 1:
        raise ParityInputError(
            f"the reference returns {len(outputs)} outputs; --loss takes one: write a test that "
            "gives loss= a pair of functions"
        )
    shape = outputs[0].shape
    generator = np.random.default_rng(options.seed + 1)
    if options.loss in _CLASSES:
        axis = 1 if side.framework == "torch" else len(shape) - 1
        return generator.integers(0, shape[axis], shape[:axis] + shape[axis + 1 :])
    if options.loss == "bce_with_logits":
        return generator.integers(0, 2, shape).astype(np.float32)
    targets = generator.standard_normal(shape).astype(np.float32)
    if options.loss == "kl_div":
        shares = np.exp(targets)
        return shares / shares.sum(-1, keepdims=True)
    return targets


@contextmanager
def _progress(rungs: tuple[str, ...]) -> Iterator[Callable[[str], None]]:
    """A bar on the terminal's error stream, gone when all is done; nothing where that is a file."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("building", total=len(rungs))

        def tell(what: str) -> None:
            rung = what.partition(":")[0]
            done = rungs.index(rung) if rung in rungs else None
            bar.update(task, description=what, completed=done)

        yield tell
