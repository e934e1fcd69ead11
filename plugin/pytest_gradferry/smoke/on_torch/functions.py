"""Watching the functions that a torch step calls: losses, dropout, and those that draw samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...frameworks import get, load
from ..record import Broadcast, LossCall, StepRecord
from ..tree import leaves
from .crossings import Crossings
from .function_mode import functions_through
from .input_gradients import by_inputs
from .terms import LostTerms

# The user's errors pass through here: pytest leaves these frames out.
__tracebackhide__ = True

# The functions of torch.nn.functional to look at: what each takes its input for.
_LOSSES = {
    "cross_entropy": "logits",
    "nll_loss": "log-probabilities",
    "kl_div": "log-probabilities",
    "ctc_loss": "log-probabilities",
    "binary_cross_entropy_with_logits": "sigmoid-logits",
}
_CLASSES_SECOND = ("cross_entropy", "nll_loss")
# Those that broadcast their target against their input, with a warning at most.
_ELEMENTWISE = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
_DROPOUTS = (
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "alpha_dropout",
    "feature_alpha_dropout",
)


def transformed(tensor: Any) -> bool:
    """Whether it stands inside torch.func's grad or vmap, where its numbers cannot be read."""
    return bool(load("torch")._C._functorch.is_functorch_wrapped_tensor(tensor))


def functions_seen(record: StepRecord, *others: LostTerms | Crossings) -> Any:
    """A context that records the loss and dropout functions called inside.

    torch's function mode sees `F.cross_entropy` and `nn.CrossEntropyLoss` alike, with the tensors
    they were given.  The others are told of all calls.
    """
    torch = load("torch")
    functional = torch.nn.functional
    losses = {getattr(functional, name): name for name in _LOSSES}
    dropouts = {getattr(functional, name): name for name in _DROPOUTS}
    elementwise = {getattr(functional, name): f"F.{name}" for name in _ELEMENTWISE}
    attention = functional.scaled_dot_product_attention
    backward = (torch.Tensor.backward, torch.autograd.backward, torch.autograd.grad)
    draws = {torch.multinomial, torch.bernoulli, torch.normal, torch.poisson}
    softmaxes = {
        getattr(place, name)
        for place in (torch, torch.Tensor, functional)
        for name in ("softmax", "log_softmax")
    }
    draws |= {torch.Tensor.multinomial, torch.Tensor.bernoulli}

    def seen(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        record.backward_calls += function in backward
        record.stored_backward += function in backward[:2]
        for other in others if function in backward and args else ():
            other.backward(args[0])
        result = function(*args, **kwargs)
        if others:
            given, made = _tensors([args, kwargs]), _tensors(result)
            for other in others:
                other.called(function, args, given, made)
        if by_inputs(function, args, kwargs):
            taken = [each for each in result if each is not None]
            record.input_gradients.append(any(each.requires_grad for each in taken))
        if function in losses:
            given = args[0] if args else kwargs["input"]
            if not transformed(given):
                call = loss_call(losses[function], given, result)
                target: Any = args[1] if len(args) > 1 else kwargs["target"]
                if call.function == "F.kl_div" and not kwargs.get("log_target"):
                    call.target_low = float(target.detach().min())
                record.losses.append(call)
        elif function in elementwise and kwargs.get("reduction") != "none":
            record.broadcasts += broadcast(elementwise[function], *args[:2], **kwargs)
        elif function in dropouts:
            rate = args[1] if len(args) > 1 else kwargs.get("p", 0.5)
            acts = args[2] if len(args) > 2 else kwargs.get("training", True)
            if rate and acts:
                record.dropouts.append(f"F.{dropouts[function]}(p={rate})")
        elif function is attention and kwargs.get("dropout_p"):
            rate = kwargs["dropout_p"]
            record.dropouts.append(f"F.scaled_dot_product_attention(dropout_p={rate})")
        elif function in softmaxes and len(args) > 1 - ("dim" in kwargs):
            note_softmax(record, args[0], kwargs["dim"] if "dim" in kwargs else args[1])
        elif function in draws and args and isinstance(args[0], torch.Tensor):
            record.drawn.append(function.__name__)
        return result

    return functions_through(seen)


def _tensors(tree: Any) -> list[Any]:
    tensor = load("torch").Tensor
    return [leaf for leaf in leaves(tree) if isinstance(leaf, tensor)]


def broadcast(function: str, input: Any, target: Any, **options: Any) -> list[Broadcast]:
    """The call, if each value of the input is compared with values of several samples.

    Tensors of the same rank were given their axes of 1 to be broadcast.
    """
    a, b = tuple(input.shape), tuple(target.shape)
    if len(a) == len(b):
        return []
    together = np.broadcast_shapes(a, b)
    larger = np.prod(together) > max(np.prod(a), np.prod(b))
    return [Broadcast(function, a, b, together)] if larger else []


def note_softmax(record: StepRecord, given: Any, axis: Any) -> None:
    if isinstance(axis, int) and given.ndim == 2 and given.requires_grad and not transformed(given):
        record.softmaxes.append((get("torch").to_numpy(given), axis % 2))


def loss_call(name: str, given: Any, result: Any) -> LossCall:
    expects = _LOSSES[name]
    values = get("torch").to_numpy(given)
    if name in _CLASSES_SECOND and values.ndim > 1:
        values = np.moveaxis(values, 1, -1)
    return LossCall(f"F.{name}", expects, values, float(get("torch").to_numpy(result).mean()))
