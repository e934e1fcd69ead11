"""An optimizer made with the other framework's arguments.

## Why

LOUD. torch's optimizers take the parameters first and know `lr`, `betas`, `eps`; Keras' take no
parameters and know `learning_rate`, `beta_1`, `epsilon`. Keras 3 raises on each other name
(`ValueError: Argument(s) not recognized: {'lr': 0.001}`), torch too (`TypeError`). SILENT on
TensorFlow 2.11 to 2.15 and in `tf_keras`: there `lr=` is dropped with a warning in the log, and the
model trains with the default rate. Keras 3 drops `decay=` the same way.

## Bad

```python
import keras

optimizer = keras.optimizers.Adam(lr=0.01)  # XFR410
```

```python
import torch
from torch import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.Adam(model.parameters(), learning_rate=0.01)  # XFR410
```

```python
import torch

optimizer = torch.optim.SGD(0.01, momentum=0.9)  # XFR410
```

## Good

```python
import keras

optimizer = keras.optimizers.Adam(learning_rate=0.01)
```

```python
import torch
from torch import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
```

```python
import torch
from torch import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
```

## When it stays quiet

- Keras before TensorFlow 2.11, where `lr` and `decay` were right: `keras.optimizers.legacy`,
  `tf.compat.v1`, files with idioms of that time, projects whose requirements pin it.
- Keywords that neither framework knows, optimizers of other libraries, the project's own classes.
- Calls that a test expects to fail, and the other branch of a test on the version.

## Fix

Write this framework's name. Keras' `decay` is a schedule now,
`keras.optimizers.schedules.InverseTimeDecay`; Keras' `clipnorm` is
`torch.nn.utils.clip_grad_norm_`, called before `step()`.

## Seen at run time

The framework raises when the optimizer is made; where it does not, `training_smoke`: `learns`.

## References

- https://keras.io/api/optimizers/adam/
- https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...objects.kinds import Kind, kind
from ...rule import Confidence, Finding, Harm, Rule
from ...source.arguments import Arguments, arguments, number
from ...source.guards import expects_error
from ...source.infer import origins
from ...source.versions import Era, keras_era, spelled
from ...source.walk import File

rule = Rule(
    __name__,
    name="other-frameworks-keyword",
    message="{framework} {cls} has no {given}=; write {right}",
    harm=Harm.LOUD,
    confidence=Confidence.SURE,
    direction="either",
)
DROPPED = "{cls} drops {given}= (SILENT: the rate stays); write {right}"
NO_PARAMETERS = "Keras' {cls} takes no parameters; write {cls}(learning_rate=...)"
BETAS = "{framework} {cls} wants {right}, not {given}"
NOT_PARAMETERS = "torch's {cls} wants the parameters first, not {given}; write {right}"

_KERAS = "SGD RMSprop Adam AdamW Adadelta Adagrad Adamax Adafactor Nadam Ftrl Lion Lamb Muon"
_TORCH = (
    "SGD RMSprop Adam AdamW Adadelta Adagrad Adamax Adafactor NAdam RAdam ASGD Rprop LBFGS "
    "SparseAdam Muon"
)
# What torch's names are called in Keras, and the reverse.
_IN_KERAS = {
    "lr": "learning_rate=",
    "eps": "epsilon=",
    "betas": "beta_1= and beta_2=",
    "alpha": "rho=",
    "params": "nothing: Keras takes the variables in apply_gradients",
    "decay": "weight_decay= or a schedule",
    "lr_decay": "a schedule as learning_rate=",
}
_IN_TORCH = {
    "learning_rate": "lr=",
    "epsilon": "eps=",
    "beta_1": "betas=(b1, b2)",
    "beta_2": "betas=(b1, b2)",
    "beta1": "betas=(b1, b2)",
    "beta2": "betas=(b1, b2)",
    "rho": "alpha=",
    "decay": "weight_decay= or a scheduler",
    "clipnorm": "torch.nn.utils.clip_grad_norm_",
    "global_clipnorm": "torch.nn.utils.clip_grad_norm_",
    "clipvalue": "torch.nn.utils.clip_grad_value_",
}
_VARIABLES = frozenset("trainable_variables trainable_weights variables weights".split())


@rule.call(*(f"keras.optimizers.{name}" for name in _KERAS.split()))
def check_keras(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None:
        return
    wrong = [name for name in made.unknown if name in _IN_KERAS]
    parameters = is_parameters(call.args[0]) if call.args else False
    pair = made.given.get("beta_1") if "beta_1" in made.positional else None
    is_pair = isinstance(pair, ast.Tuple | ast.List)
    if not (wrong or parameters or is_pair) or is_old(file, call) or expects_error(file, call):
        return
    if pair is not None and is_pair:
        shown = {"given": ast.unparse(pair), "right": "beta_1 and beta_2"}
        yield rule.at(call, BETAS, framework="Keras'", cls=made.cls, **shown)
    for name in wrong:
        message = DROPPED if name == "decay" or keras_era(file) is Era.KERAS_2 else None
        yield rule.at(
            call, message, framework="Keras 3's", cls=made.cls, given=name, right=_IN_KERAS[name]
        )
    if parameters:
        yield rule.at(call, NO_PARAMETERS, cls=made.cls)


@rule.call(*(f"torch.optim.{name}" for name in _TORCH.split()))
def check_torch(file: File, call: ast.Call) -> Iterator[Finding]:
    made = arguments(file, call)
    if made is None:
        return
    wrong = [name for name in made.unknown if name in _IN_TORCH]
    instead = instead_of_parameters(file, made)
    beta = made.given.get("betas")
    single = beta is not None and number(file, beta) is not None
    if not (wrong or instead or single) or expects_error(file, call):
        return
    if beta is not None and single:
        shown = {"given": ast.unparse(beta), "right": "betas=(b1, b2)"}
        yield rule.at(call, BETAS, framework="torch's", cls=made.cls, **shown)
    for name in wrong:
        yield rule.at(call, framework="torch's", cls=made.cls, given=name, right=_IN_TORCH[name])
    if instead and not wrong:
        given, right = instead
        yield rule.at(call, NOT_PARAMETERS, cls=made.cls, given=given, right=right)


def is_old(file: File, call: ast.Call) -> bool:
    """Whether the optimizer is plainly one from before TensorFlow 2.11."""
    name = spelled(file, call.func)
    return ".legacy." in name or "compat.v1" in name or keras_era(file) is Era.FIRST


def is_parameters(node: ast.expr) -> bool:
    """Whether an expression is a model's parameters, in either framework's words."""
    match node:
        case ast.Call(func=ast.Attribute(attr="parameters")):
            return True
        case ast.Attribute(attr=name):
            return name in _VARIABLES
    return False


def instead_of_parameters(file: File, made: Arguments) -> tuple[str, str] | None:
    """What a torch optimizer was given in place of parameters, and what to write."""
    if "params" in made.missing:
        return "only keywords", "model.parameters()"
    given = made.given.get("params")
    if given is None:
        return None
    shown = ast.unparse(given)
    if number(file, given) is not None:
        return shown, "model.parameters()"
    match given:
        case ast.Attribute(attr="parameters", value=model) if kind(
            file, model
        ) is Kind.TORCH_MODULE and is_only_a_method(file, given):
            return shown, f"{ast.unparse(model)}.parameters()"
        case ast.Name() | ast.Attribute() if kind(file, given) is Kind.TORCH_MODULE:
            lists = ("torch.nn.ParameterList", "torch.nn.ParameterDict")
            if not any(origin.callee in lists for origin in origins(file, given)):
                return shown, f"{shown}.parameters()"
    return None


def is_only_a_method(file: File, node: ast.Attribute) -> bool:
    """Whether an attribute is not also set to something: `self.parameters = list(...)`."""
    return all(origin.node is node for origin in origins(file, node))
