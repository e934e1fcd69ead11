"""The events of a training loop, and what a rule may ask of one; `follow.py` finds them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from enum import Enum

from ..source.walk import LOOPS, File
from .things import Thing

_LOOKS = re.compile(
    r"save|log|plot|print|eval|valid|^test|write|vis|checkpoint|lr|learning_rate|accura|metric"
    r"|adjust|generate|sample|predict|infer|display|show|summar|count|^get_|state|record|penalty"
    r"|(?<!train_)(?<!update_)loss(?!_backward)|criterion|append|callback",
    re.IGNORECASE,
)
# What is updated after a step without touching a gradient: `ema.update(model)`, `meter.add(net)`.
_KEEPERS = re.compile(
    r"(?:^|[._])(?:\w*ema|averag\w+|logger|writer|meters?|monitor|pbar|progress\w*|callbacks?"
    r"|history|wandb|recorder|tracker)$",
    re.IGNORECASE,
)


class Kind(Enum):
    """What happens; in brackets the object that the event's `thing` is."""

    FORWARD = "forward"  # a model is called [model]
    BACKWARD = "backward"  # gradients are added up in the leaves [loss]
    WRITE = "write"  # gradients are written by hand [owner of `.grad`]
    ZERO = "zero"  # gradients are cleared [optimizer, model or owner of `.grad`]
    CLIP = "clip"  # gradients are clipped [whose parameters]
    UNSCALE = "unscale"  # a scaler divides the gradients [optimizer]
    STEP = "step"  # an optimizer moves the weights [optimizer]
    UPDATE = "update"  # a scaler adapts its scale [scaler]
    SCHEDULE = "schedule"  # a scheduler changes the learning rate [scheduler]
    TRAIN = "train"  # training mode is set [model]
    EVAL = "eval"  # evaluation mode is set [model]
    CREATE = "create"  # a new optimizer or model gets a name [that name]
    LEAVE = "leave"  # break, return or raise
    OPAQUE = "opaque"  # a call that cannot be seen gets hold of `involved`


@dataclass(frozen=True, eq=False)
class Event:
    """One thing that happens. `at` is where it shows in the flow's own file: the node itself, or
    the call that leads to it in a helper of another file."""

    order: int  # its position in the flow
    kind: Kind
    node: ast.AST
    file: File
    at: ast.AST
    thing: Thing | None
    loops: tuple[ast.AST, ...]  # loops and comprehensions around it in the flow, outermost first
    branches: tuple[tuple[ast.AST, str], ...]  # arms of `if`, `except`, ... that must be taken
    contexts: tuple[str, ...]  # `with` items around it: `torch.no_grad`, "" where unnamed
    depth: int  # how many calls below the root
    involved: tuple[Thing, ...] = ()
    through: Thing | None = None  # the scaler or accelerator that does it: `scaler.step(opt)`
    leaves: tuple[ast.AST, ...] = ()  # of LEAVE: the loops that end
    made: int | None = None  # of BACKWARD: the `order` of what followed the loss's assignment

    @property
    def key(self) -> str:
        """The object's name in the root's terms, "" where there is none."""
        return self.thing.key if self.thing else ""

    @property
    def written(self) -> str:
        """The object as the user wrote it where the event shows, for messages."""
        match self.node:
            case ast.Call(args=[shown, *_]) if self.at is self.node and self.through is not None:
                return ast.unparse(shown)
            case ast.Call(func=ast.Attribute(value=shown)) if self.at is self.node:
                return ast.unparse(shown)
        return self.thing.written if self.thing else ""

    @property
    def has_closure(self) -> bool:
        """Whether a STEP is given a closure, which holds the forward and backward pass."""
        return self.through is None and isinstance(self.node, ast.Call) and bool(self.node.args)

    @property
    def seems_harmless(self) -> bool:
        """Whether a call that cannot be seen has the name of one that only looks or stores."""
        called = self.node.func if isinstance(self.node, ast.Call) else self.node
        name = getattr(called, "attr", getattr(called, "id", ""))
        if isinstance(called, ast.Attribute) and _KEEPERS.search(File.dotted(called.value) or ""):
            return True
        return _LOOKS.search(name) is not None

    @property
    def conditional(self) -> bool:
        """Whether a turn may pass without it."""
        return bool(self.branches)

    def excludes(self, other: Event) -> bool:
        """Whether no path runs both: they stand in different arms of one `if`."""
        arms = dict(other.branches)
        return any(arms.get(node, arm) != arm for node, arm in self.branches)

    def whenever(self, other: Event) -> bool:
        """Whether this runs in every turn in which `other` does."""
        return set(self.branches) <= set(other.branches)


def common_loops(one: Event, other: Event) -> tuple[ast.AST, ...]:
    """The loops around both events that can turn more than once, outermost first."""
    shared = []
    for mine, theirs in zip(one.loops, other.loops, strict=False):
        if mine is not theirs:
            break
        if isinstance(mine, LOOPS) and not turns_once(mine):
            shared.append(mine)
    return tuple(shared)


def turns_once(loop: ast.AST) -> bool:
    """Whether a loop surely ends in its first turn: `range(1)`, or a body that always leaves."""
    match loop:
        case ast.For(iter=ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=1)])):
            return True
        case ast.For(iter=ast.List(elts=[_]) | ast.Tuple(elts=[_])):
            return True
        case ast.For() | ast.AsyncFor() | ast.While():
            return any(isinstance(s, ast.Break | ast.Return | ast.Raise) for s in loop.body)
    return False
