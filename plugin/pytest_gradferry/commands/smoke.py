"""`gradferry smoke MODEL`: the checks of `training_smoke` without a test file."""

from __future__ import annotations

import argparse
import inspect
import shlex
from pathlib import Path
from typing import Any

from .batches import TargetsUnknown, add_batch_options, at_least, inputs, loss_name, targets
from .shared import finish, load, progress, refuse, told

_PARTS = ("model", "inputs", "targets", "step")  # of a tuple that a function returns


def add_smoke(commands: Any) -> None:
    """Adds the `smoke` command to an argparse subparsers object."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "smoke",
        help="check that a model trains as it should",
        description="Train a model of torch or Keras a few steps on one batch, and check what must "
        "hold of a training step. Exit status: 0 no check failed, 1 some did, 2 usage error.",
    )
    parser.add_argument(
        "model",
        help="module:name of a model, of a class or function that makes one, or of a function that "
        "returns (model, inputs, targets, step) or a dict of what training_smoke takes",
    )
    add_batch_options(parser, "", required=False)
    parser.add_argument(
        "--loss",
        help="cross_entropy, mse, l1, bce_with_logits, nll, huber, kl_div, or a name that Keras "
        "knows for a Keras model; with random targets that suit it and the outputs' shape "
        "(default: what the model was compiled with)",
    )
    parser.add_argument(
        "--classes",
        type=at_least(1),
        metavar="N",
        help="the targets are class numbers from 0 to N - 1, one a sample (default: what suits the "
        "loss)",
    )
    parser.add_argument("--optimizer", help="by name (default: adam, or the compiled model's)")
    parser.add_argument("--steps", type=int, help="of training (default: 20)")
    parser.add_argument(
        "--seed", type=at_least(0), help="of weights, batch and training (default: 0)", default=0
    )
    for name, what in (("only", "checks to run"), ("skip", "checks to leave out")):
        parser.add_argument(
            f"--{name}",
            action="extend",
            type=_names,
            metavar="CHECKS",
            help=f"{what}, as finite,learns",
        )
    parser.add_argument("--report", type=Path, metavar="DIR", help="write a page and JSON there")
    parser.add_argument("--list", action=_List, nargs=0, help="list the checks and leave")
    parser.set_defaults(run=smoke)


class _List(argparse.Action):
    """As --help is: printed at once, whatever else is missing."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from ..smoke.checks import checks

        width = max(map(len, checks()))
        for check in checks().values():
            asked = "" if check.default else " (when asked)"
            print(f"{check.id:<{width}}  {check.summary}{asked}")
        parser.exit()


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def smoke(options: argparse.Namespace) -> int:
    """Runs the command; returns its exit status."""
    from .. import frameworks
    from ..smoke import Smoke, SmokeError
    from ..smoke.checks import checks

    try:
        arguments = _arguments(options)
        with progress(tuple(checks())) as tell:
            report = Smoke(tell=tell, replay=rerun(options)).report(**arguments)
    except (SmokeError, frameworks.FrameworkError, LookupError, TargetsUnknown) as error:
        return refuse(error)
    return finish(options.model, report, options.report)


def rerun(options: argparse.Namespace) -> str:
    """The command line that gives the same report again."""
    words = ["gradferry", "smoke", options.model]
    for shape in options.shape or ():
        words += ["--shape", ",".join(map(str, shape))]
    for name in ("tokens", "loss", "classes", "optimizer", "steps", "seed"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name}", str(value)]
    for name in ("only", "skip"):
        if value := getattr(options, name):
            words += [f"--{name}", ",".join(value)]
    return shlex.join(words)


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    """What `Smoke.report` is called with: what the function returned, and the options over it."""
    from ..frameworks import seed_all

    seed_all(options.seed)  # for what the module makes when it is imported
    found = load(options.model)
    arguments = _made(found, options)
    for name in ("loss", "optimizer", "steps", "only", "skip"):
        if (value := getattr(options, name)) is not None:
            arguments[name] = value
    arguments.setdefault("seed", options.seed)
    model = arguments["model"]
    if "inputs" in arguments:
        if options.shape:
            raise LookupError(f"{options.model} brings its inputs: leave --shape out")
    elif not options.shape:
        raise LookupError(
            "--shape is missing: the inputs' shape, batch first, as --shape 8,3,32,32"
        )
    else:
        arguments["inputs"] = inputs(options)
    if arguments.get("targets") is None and arguments.get("step") is None:
        arguments["targets"] = _targets(model, arguments, options)
    return arguments


def _made(found: Any, options: argparse.Namespace) -> dict[str, Any]:
    """The model that is named or made, with what a function returned beside it."""
    from .. import frameworks
    from ..smoke import Smoke

    if callable(found) and not frameworks.is_model(found):
        frameworks.seed_all(options.seed)
        try:
            found = found()
        except Exception as error:  # the user's own code ran
            raise LookupError(f"{options.model} raised when called: {told(error)}") from error
    if isinstance(found, tuple):
        if not 2 <= len(found) <= len(_PARTS):
            raise LookupError(
                f"{options.model} returned a tuple of {len(found)}: return (model, inputs), "
                "(model, inputs, targets) or (model, inputs, targets, step)"
            )
        return dict(zip(_PARTS, found, strict=False))
    if isinstance(found, dict):
        known = [name for name in inspect.signature(Smoke.__call__).parameters if name != "self"]
        strange = [str(name) for name in found if name not in known]
        if strange or "model" not in found:
            wrong = f"the key {strange[0]!r}" if strange else "no key 'model'"
            raise LookupError(
                f"{options.model} returned a dict with {wrong}: its keys may be {', '.join(known)}"
            )
        return dict(found)
    return {"model": found}


def _targets(model: Any, arguments: dict[str, Any], options: argparse.Namespace) -> Any:
    """Random ones that suit the loss and the shape of what the model returns."""
    import numpy as np

    from ..frameworks import of
    from ..smoke.tree import leaves

    first = leaves(arguments["inputs"])[0]
    if options.classes is not None:
        generator = np.random.default_rng(options.seed + 1)
        return generator.integers(0, options.classes, len(first))
    loss = arguments.get("loss")
    if loss is None and not getattr(model, "compiled", False):
        return None  # a model that brings its own training step; `run` says what else is missing
    name = loss_name(model.loss if loss is None else loss)
    outputs = _outputs(model, arguments["inputs"])
    if len(outputs) != 1:
        raise TargetsUnknown(
            f"the model returns {len(outputs)} outputs: name a function that returns (model, "
            "inputs, targets)"
        )
    class_axis = 1 if of(model).name == "torch" else -1
    return targets(name, outputs[0].shape, options.seed, class_axis)


def _outputs(model: Any, batch: Any) -> list[Any]:
    """The arrays that the model returns for the batch, in evaluation."""
    from ..frameworks import of
    from ..smoke.errors import SmokeError
    from ..smoke.tree import leaves, shapes

    framework = of(model)
    try:
        found = _call_torch(model, batch) if framework.name == "torch" else _call(model, batch)
    except SmokeError:
        raise
    except Exception as error:  # the user's own code ran
        kind = type(model).__name__
        raise LookupError(
            f"{kind} raised when called on inputs {shapes(batch)}: {told(error)}"
        ) from error
    return [framework.to_numpy(leaf) for leaf in leaves(found) if framework.is_tensor(leaf)]


def _call_torch(model: Any, batch: Any) -> Any:
    import torch

    from ..smoke.on_torch.loop import as_tensors, call_model
    from ..smoke.on_torch.state import save_modes

    restore = save_modes(list(model.modules()))
    try:
        with torch.no_grad():
            return call_model(model.eval(), as_tensors(batch, model))
    finally:
        restore()


def _call(model: Any, batch: Any) -> Any:
    from ..frameworks import of
    from ..smoke.tree import map_arrays

    mode = {"training": False} if hasattr(model, "compiled") else {}  # a tf.Module has no modes
    return model(map_arrays(of(model).tensor, batch), **mode)
