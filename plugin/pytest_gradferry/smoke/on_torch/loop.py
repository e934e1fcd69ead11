"""The tool's own training loop for torch: losses and optimizers by name, and one step."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ...frameworks import load
from ..errors import SmokeError
from ..tree import leaves, map_arrays

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

_LOSSES: dict[str, tuple[str, dict[str, str]]] = {
    "cross_entropy": ("cross_entropy", {}),
    "mse": ("mse_loss", {}),
    "l1": ("l1_loss", {}),
    "bce_with_logits": ("binary_cross_entropy_with_logits", {}),
    "nll": ("nll_loss", {}),
    "huber": ("huber_loss", {}),
    "kl_div": ("kl_div", {"reduction": "batchmean"}),
}


def as_tensors(tree: Any, model: Any) -> Any:
    """NumPy arrays and numbers as tensors: floats in the model's dtype, integers as int64."""
    torch = load("torch")
    weights = [*model.parameters(), *model.buffers()]
    dtypes = [weight.dtype for weight in weights if weight.dtype.is_floating_point]
    dtype = dtypes[0] if dtypes else torch.get_default_dtype()
    device = weights[0].device if weights else "cpu"

    def convert(leaf: Any) -> Any:
        if leaf is None or isinstance(leaf, (torch.Tensor, str)):
            return leaf
        array = np.asarray(leaf)
        if array.dtype.kind == "f":
            return torch.tensor(array, dtype=dtype, device=device)
        if array.dtype.kind in "iub":
            kind = torch.bool if array.dtype.kind == "b" else torch.int64
            return torch.tensor(array.astype(np.int64), dtype=kind, device=device)
        raise SmokeError(f"cannot feed an array of dtype {array.dtype} to a torch model")

    return map_arrays(convert, tree)


def call_model(model: Any, inputs: Any) -> Any:
    """A tuple or list as positional arguments, a dict as keyword arguments.

    A model whose signature has no room for them, and has for one argument, is given the whole.
    """
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    if isinstance(inputs, dict):
        kwargs = inputs
    elif isinstance(inputs, (list, tuple)):
        args = tuple(inputs)
    else:
        args = (inputs,)
    if not _takes(model, args, kwargs) and _takes(model, (inputs,), {}):
        args, kwargs = (inputs,), {}
    return model(*args, **kwargs)


def _takes(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    try:
        inspect.signature(model.forward).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return False
    return True


def loss_function(loss: Any) -> Callable[[Any, Any], Any]:
    """The loss as a callable of (output, target)."""
    if callable(loss):
        if isinstance(loss, type):
            raise SmokeError(
                f"loss={loss.__name__} is a class: pass an instance, {loss.__name__}()"
            )
        return loss  # type: ignore[no-any-return]
    if loss not in _LOSSES:
        raise SmokeError(f"unknown loss {loss!r}: known names are {', '.join(_LOSSES)}")
    name, options = _LOSSES[loss]
    function = getattr(load("torch").nn.functional, name)

    def named(output: Any, target: Any) -> Any:
        if loss == "bce_with_logits":
            target = target.to(output.dtype)
        return function(output, target, **options)

    return named


def make_optimizer(optimizer: Any, model: Any) -> Any:
    """An instance as it is; a name or a callable of the trainable parameters makes one."""
    optim = load("torch").optim
    if isinstance(optimizer, optim.Optimizer):
        return optimizer
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters:
        raise SmokeError(
            f"{type(model).__name__} has no trainable parameter: nothing can be trained. Are the "
            "layers attributes of the module, and is requires_grad set?"
        )
    if callable(optimizer):
        made = optimizer(parameters)
        if not isinstance(made, optim.Optimizer):
            raise SmokeError(f"optimizer(parameters) returned a {type(made).__name__}")
        return made
    classes = {
        name.lower(): value
        for name, value in vars(optim).items()
        if isinstance(value, type) and name != "Optimizer"
    }
    if str(optimizer).lower() not in classes:
        raise SmokeError(f"unknown optimizer {optimizer!r}: known are {', '.join(sorted(classes))}")
    return classes[str(optimizer).lower()](parameters)


def make_step(model: Any, loss: Any, optimizer: Any) -> Callable[[Any, Any], Any]:
    """The training step the tool takes when the user brings none."""
    compute = loss_function(loss)

    def gradients(inputs: Any, targets: Any) -> Any:
        optimizer.zero_grad()
        output = call_model(model, inputs)
        if targets is None:
            raise SmokeError("the loss needs targets: training_smoke(model, inputs, targets, ...)")
        try:
            value = compute(output, targets)
        except (TypeError, ValueError, RuntimeError, IndexError) as error:
            raise SmokeError(
                f"the loss {_name(loss)} does not accept outputs {_shapes(output)} with targets "
                f"{_shapes(targets)}: {error}"
            ) from error
        value.backward()
        return value

    def step(inputs: Any, targets: Any) -> Any:
        if isinstance(optimizer, load("torch").optim.LBFGS):  # takes several gradients a step
            return optimizer.step(lambda: gradients(inputs, targets))
        value = gradients(inputs, targets)
        optimizer.step()
        return value

    return step


def _name(loss: Any) -> str:
    return loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)


def _shapes(tree: Any) -> str:
    from ..tree import shapes

    found = leaves(tree)
    return shapes(found[0]) if len(found) == 1 else shapes(tree)
