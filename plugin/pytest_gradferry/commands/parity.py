"""`gradferry parity A B`: the fixture's comparison without a test file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .batches import add_batch_options, at_least, inputs, targets
from .shared import finish, load, progress, refuse


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
    add_batch_options(parser, " in the reference's layout", required=True)
    parser.add_argument(
        "--loss",
        help="cross_entropy, mse, l1, bce_with_logits, nll, huber or kl_div, with random targets "
        "of the outputs' shape; without one nothing is trained",
    )
    parser.add_argument("--optimizer", default="sgd", help="by name (default: sgd)")
    parser.add_argument("--steps", type=int, default=10, help="of training (default: 10)")
    parser.add_argument(
        "--seed", type=at_least(0), default=0, help="of the random batch (default: 0)"
    )
    parser.add_argument("--report", type=Path, metavar="DIR", help="write a page and JSON there")
    parser.set_defaults(run=parity)


def parity(options: argparse.Namespace) -> int:
    """Runs the command; returns its exit status."""
    from .. import frameworks
    from ..parity import ParityInputError

    try:
        frameworks.get("torch")  # before TensorFlow: the other order has been seen to crash
        reference, port = load(options.reference), load(options.port)
        report = _compare(reference, port, options)
    except (ParityInputError, frameworks.FrameworkError, LookupError) as error:
        return refuse(error)
    return finish(f"{options.reference} against {options.port}", report, options.report)


def _compare(reference: Any, port: Any, options: argparse.Namespace) -> Any:
    from ..parity import Parity
    from ..parity.report import RUNGS

    batch = inputs(options)
    wanted = _targets(reference, batch, options) if options.loss else None
    with progress(RUNGS) as tell:
        return Parity(tell=tell).report(
            reference,
            port,
            batch,
            wanted,
            loss=options.loss,
            optimizer=options.optimizer,
            steps=options.steps,
        )


def _targets(reference: Any, batch: Any, options: argparse.Namespace) -> Any:
    """Random ones that suit the loss and the shape of what the reference returns."""
    from ..parity import ParityInputError, tree
    from ..parity.run import opened, side_of

    side = side_of(reference, "reference")
    with opened(side, batch):
        outputs = tree.leaves(side.forward(batch))
    if len(outputs) != 1:
        raise ParityInputError(
            f"the reference returns {len(outputs)} outputs; --loss takes one: write a test that "
            "gives loss= a pair of functions"
        )
    class_axis = 1 if side.framework == "torch" else -1
    return targets(options.loss, outputs[0].shape, options.seed, class_axis)
