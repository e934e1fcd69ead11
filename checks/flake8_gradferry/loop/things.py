"""The objects of a training loop: which model, optimizer, scaler or scheduler an expression means.

A `Thing` keeps the name that an object has where the flow starts (`opt` of the caller for
`optimizer` in a helper) and the expression that tells where its value comes from. What it is, its
`Role`, is answered by the value's origin, and by its name only where the origin cannot be seen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from ..source.infer import Origin, lineage, origins
from ..source.walk import File, remembered


class Role(Enum):
    """What an object is in a torch training loop."""

    MODEL = "model"
    OPTIMIZER = "optimizer"
    SCHEDULER = "scheduler"
    SCALER = "scaler"
    OTHER = "other"  # something else for sure
    UNKNOWN = "unknown"


class Thing(NamedTuple):
    """An object: `key` is its name in the terms of the flow's root, "" where it has none."""

    key: str
    file: File
    node: ast.expr

    @property
    def name(self) -> str:
        """The last part of the key, subscripts left out: `optimizer` of `self.optimizer[0]`."""
        return re.split(r"[.:]", self.key.partition("[")[0])[-1]

    @property
    def written(self) -> str:
        """The object as the user names it, for messages."""
        return self.key.rpartition(":")[2] or ast.unparse(self.node)


# What torch.optim exports.
OPTIMIZERS = tuple(
    f"torch.optim.{name}"
    for name in (
        "SGD RMSprop Adam AdamW Adadelta Adagrad Adamax Adafactor NAdam RAdam ASGD Rprop LBFGS "
        "SparseAdam Muon"
    ).split()
)
SCHEDULERS = tuple(
    f"torch.optim.lr_scheduler.{name}"
    for name in (
        "ConstantLR CosineAnnealingLR CosineAnnealingWarmRestarts CyclicLR ExponentialLR LambdaLR "
        "LinearLR MultiStepLR MultiplicativeLR OneCycleLR PolynomialLR ReduceLROnPlateau StepLR "
        "ChainedScheduler SequentialLR"
    ).split()
)
# Frameworks whose optimizers, losses and loops look like torch's and are not.
_FOREIGN = frozenset(
    (
        "autograd chainer cupy flax gluon haiku jax jittor keras megengine micrograd mindspore "
        "mxnet needle oneflow optax paddle singa tensorflow tensorlayer tensorlayerx tinygrad"
    ).split()
)
_OPTIMIZER = re.compile(r"optim|(^|_)opts?($|_|\d|[a-z]$)|opt$", re.IGNORECASE)
_SCHEDULER = re.compile(r"sched|(^|_)lr($|_)|warm_?up|annealer", re.IGNORECASE)
_SCALER = re.compile(r"scaler", re.IGNORECASE)
_MODEL = re.compile(
    r"(^|_)(models?|nets?|networks?|generator|discriminator|encoder|decoder|critic|actor|policy"
    r"|backbone|classifier)($|_|\d)|net[A-Z]?$|(model|Model|Net)$"
)
# What only modules have; an object that is asked for it is one.
_MODULE_METHODS = frozenset(
    "parameters named_parameters state_dict load_state_dict train eval modules children".split()
)


@remembered
def is_foreign(file: File) -> bool:
    """Whether the file uses a framework whose training loops look like torch's."""
    roots = {target.partition(".")[0] for target in file.imports.values()}
    return not roots.isdisjoint(_FOREIGN)


@remembered
def imports_torch(file: File) -> bool:
    """Whether torch, or a library that only makes sense with it, is imported."""
    return any(
        target.partition(".")[0].startswith(("torch", "lightning", "accelerate"))
        for target in file.imports.values()
    )


def role(thing: Thing) -> Role:
    """What the object is; by its origin where that can be seen, else by name."""
    return _by_origin(thing.file, thing.node) or role_by_name(thing)


def is_torch_optimizer(thing: Thing | None, file: File) -> bool:
    """Whether an object is torch's optimizer: by origin, or by name in a file of torch alone."""
    if thing is None or role(thing) is not Role.OPTIMIZER:
        return False
    if _by_origin(thing.file, thing.node) is not None:
        return True
    return imports_torch(file) and not is_foreign(file)


def is_scaler(thing: Thing) -> bool:
    """Whether an object is a GradScaler; a parameter `scaler=None` is one by its name."""
    return Role.SCALER in (role(thing), role_by_name(thing))


def is_near(node: ast.AST) -> bool:
    """Whether a value's origin is worth asking for: of `x` and `self.x`, not of `args.net.x`."""
    return isinstance(node, ast.Name) or (
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    )


@remembered
def _by_origin(file: File, node: ast.expr) -> Role | None:
    if not is_near(node):
        return None
    found = {_origin_role(origin) for origin in origins(file, node)}
    return found.pop() if len(found) == 1 else None


def _origin_role(origin: Origin) -> Role | None:
    node = origin.node
    if isinstance(node, ast.Constant | ast.Dict | ast.JoinedStr | ast.Compare):
        return Role.OTHER
    if not is_made_in_sight(origin) and not isinstance(node, ast.arg):
        return None
    name, types = origin.callee, origin.types
    if "torch.optim.Optimizer" in types:
        return Role.OPTIMIZER
    if name.startswith("torch.optim.lr_scheduler."):
        return Role.SCHEDULER
    if name.endswith(".GradScaler"):
        return Role.SCALER
    if "torch.nn.Module" in types:
        return Role.OTHER if "Loss" in name else Role.MODEL
    if name.partition(".")[0] in _FOREIGN:
        return Role.OTHER
    if (cls := origin.cls) is not None and isinstance(cls.node, ast.ClassDef):
        family = lineage(cls.file, cls.node)
        return Role.OTHER if family.names and family.complete else None
    return None


def is_made_in_sight(origin: Origin) -> bool:
    """Whether a value comes from a call by name; asking about others would cost an inference."""
    return origin.call is not None and isinstance(origin.call.func, ast.Name | ast.Attribute)


def role_by_name(thing: Thing) -> Role:
    """What the object's name, or what the file asks it for, says that it is."""
    name = thing.name
    if _SCHEDULER.search(name):
        return Role.SCHEDULER
    if _SCALER.search(name):
        return Role.SCALER
    if _OPTIMIZER.search(name):
        return Role.OPTIMIZER
    if _MODEL.search(name) or thing.file.dotted(thing.node) in _models(thing.file):
        return Role.MODEL
    return Role.UNKNOWN


@remembered
def _models(file: File) -> set[str]:
    """The dotted names of which the file asks what only modules have."""
    names: set[str] = set()
    for call in file.index[ast.Call]:
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr in _MODULE_METHODS:
            names.add(file.dotted(func.value) or "")
    return names - {"", "self"}


def same(one: Thing, other: Thing) -> bool:
    """Whether two expressions surely mean the same object."""
    if one.key and one.key == other.key:
        return True
    mine = {o.node for o in origins(one.file, one.node) if o.call is not None}
    theirs = {o.node for o in origins(other.file, other.node) if o.call is not None}
    return len(mine) == 1 and mine == theirs


def related(one: Thing, other: Thing) -> bool:
    """Whether two expressions may mean the same object, or one a part of the other."""
    if not one.key or not other.key:
        return True
    short, long = sorted((one.key, other.key), key=len)
    return long == short or long.startswith((short + ".", short + "[")) or same(one, other)


def parameters_of(optimizer: Thing) -> list[Thing] | None:
    """The objects whose parameters the optimizer was given, None where that cannot be seen."""
    found: list[Thing] = []
    for origin in origins(optimizer.file, optimizer.node):
        call = origin.call
        if call is None or not (call.args or call.keywords):
            return None
        argument = call.args[0] if call.args else call.keywords[0].value
        held = list(_owners(origin.file, argument))
        if not held:
            return None
        found += held
    return found


def _owners(file: File, argument: ast.expr) -> Iterator[Thing]:
    for call in file.inside(argument)[ast.Call]:
        match call.func:
            case ast.Attribute(attr="parameters" | "named_parameters", value=owner):
                yield Thing(file.dotted(owner) or "", file, owner)


def holds(optimizer: Thing, model: Thing) -> bool:
    """Whether the optimizer surely was given this model's parameters."""
    owners = parameters_of(optimizer) or []
    written = model.file.dotted(model.node)
    return any(
        same(owner, model) or (owner.file is model.file and written and owner.key == written)
        for owner in owners
    )


def zeroes(cleared: Thing, optimizer: Thing) -> bool:
    """Whether `cleared.zero_grad()` surely clears all that the optimizer steps."""
    if same(cleared, optimizer):
        return True
    if role(cleared) is not Role.MODEL or not holds(optimizer, cleared):
        return False
    return len(parameters_of(optimizer) or ()) == 1
