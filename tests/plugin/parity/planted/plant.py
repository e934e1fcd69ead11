"""A single mistake planted into one of the reference models, by changing its source."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from plugin.parity import reference_models
from plugin.parity.reference_models import Pair, keras_layout, pair_of

HOME = reference_models.__name__


@dataclass(frozen=True)
class Plant:
    """`old` becomes `new` everywhere in the module of `model`, and the `port` framework's model is
    taken from there, the reference's from the untouched module.

    `cause`: a pattern that the report names the mistake by. `more`: further replacements. `both`:
    replacements that make another right pair of the two first.
    `loss`, `optimizer`: functions that make the pair given to `parity`, where the mistake (or what
    shows it) is there. `small`, `sizes`: of the models and the batch, over the module's own.
    `inputs`: what the batch's inputs become first.
    """

    name: str
    model: str
    old: str
    new: str
    cause: str
    port: str = "keras"
    more: tuple[tuple[str, str], ...] = ()
    both: tuple[tuple[str, str], ...] = ()
    loss: Callable[[], Any] | None = None
    optimizer: Callable[[], Any] | None = None
    small: dict[str, Any] = field(default_factory=dict)
    sizes: dict[str, Any] = field(default_factory=dict)
    inputs: Callable[[Any], Any] | None = None


@cache
def _source(model: str) -> tuple[str, str]:
    path = str(import_module(f"{HOME}.{model}").__file__)
    return path, Path(path).read_text()


def _changed(plant: Plant, replacements: tuple[tuple[str, str], ...]) -> ModuleType:
    path, text = _source(plant.model)
    for old, new in replacements:
        if old not in text:
            raise ValueError(f"{plant.name}: {old!r} does not stand in {path}")
        text = text.replace(old, new)
    module = ModuleType(plant.model)
    exec(compile(text, path, "exec"), module.__dict__)
    return module


def modules(plant: Plant) -> tuple[ModuleType, ModuleType]:
    """The model's module as it is right, and with the mistake in it.

    Raises ValueError where a replacement finds nothing to replace.
    """
    mistake = ((plant.old, plant.new), *plant.more) if plant.old else plant.more
    return _changed(plant, plant.both), _changed(plant, plant.both + mistake)


def _pair(plant: Plant, module: ModuleType) -> Pair:
    module.SMALL = module.SMALL | plant.small
    module.SMALL_BATCH = module.SMALL_BATCH | plant.sizes
    return pair_of(module)


def report_of(parity: Any, plant: Plant, rng: np.random.Generator) -> Any:
    """The comparison of the right reference with the wrong port."""
    right, wrong = (_pair(plant, module) for module in modules(plant))
    x, y = right.batch(rng)
    x = plant.inputs(x) if plant.inputs else x
    models = (right.torch(), wrong.keras())
    if plant.port == "torch":
        models, x, y = (right.keras(), wrong.torch()), keras_layout(x), keras_layout(y)
    loss = right.loss
    if isinstance(loss, tuple):  # each framework's own, the port's with the mistake
        loss = (
            (right.loss[0], wrong.loss[1])
            if plant.port == "keras"
            else (wrong.loss[0], right.loss[1])
        )
    return parity.report(
        *models,
        x,
        y,
        loss=plant.loss() if plant.loss else loss,
        optimizer=plant.optimizer() if plant.optimizer else "sgd",
        steps=4,
    )


def named(plant: Plant, report: Any) -> int | None:
    """Which of the report's causes is the planted one, counted from 0; None where none is.

    What keeps layers from pairing cannot be tried: there the error itself has to show it, as the
    settings have to where none of them could be tried.
    """
    texts = [f"{f.cause}; {f.change}; {f.fix}; {f.rule}" for f in report.findings]
    if report.failed_rung == "structure" or (report.failed_rung == "settings" and not texts):
        texts = ["\n".join([*texts, report.rung(report.failed_rung).detail])]
    return next((i for i, text in enumerate(texts) if re.search(plant.cause, text, re.S)), None)
