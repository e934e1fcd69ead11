"""Losses: by a name, where both frameworks' are equal to 1e-16, or the user's own pair."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ..frameworks import load
from . import tree
from .errors import ParityInputError
from .layout import Array
from .side import Objective, Side, first_line

Pair = tuple[Any, Any]

_KERAS, _TORCH = {"keras", "tensorflow"}, {"torch"}
_ORDERS = {
    "torch": "(outputs, targets) on torch's tensors",
    "keras": "(targets, outputs) on Keras' tensors",
}


def _functions() -> tuple[Any, Any]:
    return load("torch").nn.functional, load("keras").ops


def _cross_entropy() -> Pair:
    F, ops = _functions()

    def keras_loss(target: Any, output: Any) -> Any:
        # Not Keras' own, which takes a softmax back off that the model put on.
        if "int" in str(target.dtype):
            target = ops.one_hot(target, output.shape[-1], dtype=output.dtype)
        return -ops.mean(ops.sum(target * ops.log_softmax(output, axis=-1), axis=-1))

    return F.cross_entropy, keras_loss


def _mse() -> Pair:
    F, ops = _functions()

    return _same_shape(F.mse_loss), lambda target, output: ops.mean(ops.square(output - target))


def _l1() -> Pair:
    F, ops = _functions()

    return _same_shape(F.l1_loss), lambda target, output: ops.mean(ops.abs(output - target))


def _bce_with_logits() -> Pair:
    F, ops = _functions()

    def keras_loss(target: Any, output: Any) -> Any:
        return ops.mean(ops.softplus(output) - target * output)

    return F.binary_cross_entropy_with_logits, keras_loss


def _nll() -> Pair:
    F, ops = _functions()

    def keras_loss(target: Any, output: Any) -> Any:
        chosen = ops.one_hot(target, output.shape[-1], dtype=output.dtype) * output
        return -ops.mean(ops.sum(chosen, axis=-1))

    return F.nll_loss, keras_loss


def _huber() -> Pair:
    F, ops = _functions()

    def keras_loss(target: Any, output: Any) -> Any:
        error = ops.abs(output - target)
        return ops.mean(ops.where(error <= 1, ops.square(error) / 2, error - 0.5))

    return _same_shape(F.huber_loss), keras_loss


def _kl_div() -> Pair:
    """Of a target distribution from log-probabilities, summed and divided by the batch."""
    F, ops = _functions()

    def torch_loss(output: Any, target: Any) -> Any:
        return F.kl_div(output, target, reduction="batchmean")

    def keras_loss(target: Any, output: Any) -> Any:
        log_target = ops.log(ops.where(target > 0, target, ops.ones_like(target)))
        return ops.sum(target * (log_target - output)) / output.shape[0]

    return torch_loss, keras_loss


NAMED: dict[str, Callable[[], Pair]] = {
    "cross_entropy": _cross_entropy,
    "mse": _mse,
    "l1": _l1,
    "bce_with_logits": _bce_with_logits,
    "nll": _nll,
    "huber": _huber,
    "kl_div": _kl_div,
}


def _same_shape(loss: Callable[..., Any]) -> Callable[..., Any]:
    """Both frameworks broadcast (N,) against (N, 1) to (N, N) and average that."""

    def checked(output: Any, target: Any) -> Any:
        if output.shape != target.shape:
            raise ParityInputError(
                f"targets of shape {tuple(target.shape)} for outputs of shape "
                f"{tuple(output.shape)}: this loss needs the same shape, and would broadcast"
            )
        return loss(output, target)

    return checked


class Losses:
    """The two sides of one loss.

    Raises ParityInputError for an unknown name or something that is no pair.
    """

    def __init__(self, loss: Any) -> None:
        self.named = isinstance(loss, str)
        if isinstance(loss, str):
            if loss not in NAMED:
                raise ParityInputError(f"unknown loss {loss!r}; known are {', '.join(NAMED)}")
            self.torch, self.keras = NAMED[loss]()
            self.name = loss
            return
        if not isinstance(loss, (tuple, list)) or len(loss) != 2:
            raise ParityInputError(
                f"loss must be one of {', '.join(NAMED)} or a pair (torch's, keras'), "
                f"not {type(loss).__name__}"
            )
        theirs, ours = loss
        if isinstance(ours, str):
            ours = load("keras").losses.get(ours)
        if not callable(theirs) or not callable(ours):
            raise ParityInputError("loss=(torch's, keras'): both must be callable")
        if _homes(theirs) & _KERAS or _homes(ours) & _TORCH:
            raise ParityInputError(
                f"loss=({_name(theirs)}, {_name(ours)}): the first must be torch's, the second "
                "Keras'"
            )
        self.torch, self.keras = _own_copy(theirs), _own_copy(ours)
        self.name = f"({_name(theirs)}, {_name(ours)})"

    def objective(self, side: Side, targets: Any) -> Objective:
        """The loss of `side`'s outputs, in its framework's order of arguments."""
        tensors = tree.transform(side.tensor, targets)
        call = self._torch if side.framework == "torch" else self._keras

        def objective(outputs: Any) -> Any:
            if self.named:
                outputs = _only(outputs, side)
            try:
                return call(side, outputs, tensors)
            except ParityInputError:
                raise
            except Exception as error:
                order = "" if self.named else f"; it is called {_ORDERS[side.framework]}"
                raise ParityInputError(
                    f"{side.framework}: the loss raised {type(error).__name__} on outputs of shape "
                    f"{_shapes(outputs)} and targets of shape {_shapes(tensors)}: "
                    f"{first_line(error)}{order}"
                ) from error

        return objective

    def _torch(self, side: Side, outputs: Any, targets: Any) -> Any:
        if hasattr(self.torch, "to"):  # a loss module with class weights of its own
            self.torch.to(dtype=getattr(load("torch"), side.dtype))
        return self.torch(outputs, targets)

    def _keras(self, side: Side, outputs: Any, targets: Any) -> Any:
        if hasattr(self.keras, "_dtype"):  # a keras.losses.Loss computes in a dtype of its own
            self.keras._dtype = side.dtype
        loss = self.keras(targets, outputs)
        return load("keras").ops.mean(loss) if len(loss.shape) else loss


def _own_copy(loss: Any) -> Any:
    """Loss objects are set to the run's dtype, and tried with other settings: never the user's."""
    if hasattr(loss, "_fn_kwargs"):
        loss = copy.copy(loss)
        loss._fn_kwargs = dict(loss._fn_kwargs)
        return loss
    return copy.deepcopy(loss) if hasattr(loss, "to") or hasattr(loss, "_dtype") else loss


def _shapes(structure: Any) -> Any:
    return tree.transform(lambda tensor: tuple(tensor.shape), structure)


def _name(loss: Any) -> str:
    return getattr(loss, "__name__", None) or type(loss).__name__


def _homes(loss: Any) -> set[str]:
    """The packages that a function, or an object's class and its bases, come from."""
    modules = [getattr(loss, "__module__", None), *(c.__module__ for c in type(loss).__mro__)]
    return {str(module).partition(".")[0] for module in modules}


def _only(outputs: Any, side: Side) -> Any:
    found = tree.leaves(outputs)
    if len(found) != 1:
        raise ParityInputError(
            f"{side} returns {len(found)} outputs; a loss by name needs one: give a pair of "
            "functions (torch's, keras') of all of them"
        )
    return found[0]


class Projection:
    """Without a loss: a fixed random linear function of the outputs, whose gradient is compared."""

    name = "a random projection of the outputs"

    def __init__(self, weights: dict[str, list[Array]]) -> None:
        self.weights = weights  # by framework, in its layout

    def objective(self, side: Side, targets: Any) -> Objective:
        factors = [side.tensor(w) for w in self.weights[side.framework]]

        def objective(outputs: Any) -> Any:
            total: Any = 0.0
            for factor, output in zip(factors, tree.leaves(outputs), strict=True):
                product = factor * output
                keras = side.framework == "keras"
                total = total + (load("keras").ops.sum(product) if keras else product.sum())
            return total

        return objective
