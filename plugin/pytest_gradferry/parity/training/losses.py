"""Losses: by a name, where both frameworks' are equal to 1e-16, or the user's own pair."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ...frameworks import available, load, loaded
from .. import tree
from ..errors import ParityInputError
from ..layout import Array
from ..sides.side import Objective, Side, first_line
from .loss_calls import Calls

Pair = tuple[Any, Any]

_KERAS, _TORCH = {"keras", "tensorflow"}, {"torch"}
_ORDERS = {
    "torch": "(outputs, targets) on torch's tensors",
    "keras": "(targets, outputs) on Keras' tensors",
}


def _functions() -> tuple[Any, Any]:
    return available("torch.nn.functional"), available("keras.ops")


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
    """The two sides of one loss, and what is changed in them to try a cause.

    `loss` is a name, a pair (torch's, keras'), or a dict of these by output; either half of a pair
    may be a dict or list by output, whose terms are added.
    Raises ParityInputError for an unknown name or something that is no pair.
    """

    def __init__(self, loss: Any) -> None:
        self.calls = {name: Calls(name) for name in _ORDERS}
        self.factors = dict.fromkeys(_ORDERS, 1.0)
        self.offsets = dict.fromkeys(_ORDERS, 0.0)
        self.single = isinstance(loss, str)  # of a single output, by name
        parts = list(loss.values()) if isinstance(loss, dict) else [loss]
        self.named = bool(parts) and all(isinstance(part, str) for part in parts)
        if isinstance(loss, dict):
            pairs = {key: _pair(part) for key, part in loss.items()}
            theirs, ours = ({key: pair[i] for key, pair in pairs.items()} for i in (0, 1))
            self.name = ", ".join(f"{key}: {_title(part)}" for key, part in loss.items())
        else:
            theirs, ours = _pair(loss)
            self.name = _title(loss)
        self._functions = {"torch": _of_outputs(theirs), "keras": _of_outputs(ours)}
        self._hearing: dict[str, Callable[..., Any]] = {}
        self._modules = [part for part in tree.leaves(theirs) if hasattr(part, "parameters")]

    def objective(self, side: Side, targets: Any) -> Objective:
        """The loss of `side`'s outputs, in its framework's order of arguments."""
        tensors = tree.transform(side.tensor, targets)
        framework = side.framework
        function = self._functions[framework]
        for module in self._modules:  # buffers and parameters of their own
            module.to(dtype=getattr(load("torch"), side.dtype))

        def objective(outputs: Any) -> Any:
            if self.single:
                outputs = _only(outputs, side)
            arguments = (outputs, tensors) if framework == "torch" else (tensors, outputs)
            try:
                with self.calls[framework].watched(side.dtype):
                    if heard := self._hearing.get(framework):
                        value = heard(lambda: function(*arguments), outputs)
                    else:
                        value = function(*arguments)
                    value = _mean(value, framework)
            except ParityInputError:
                raise
            except Exception as error:
                order = "" if self.named else f"; it is called {_ORDERS[framework]}"
                raise ParityInputError(
                    f"{framework}: the loss raised {type(error).__name__} on outputs of shape "
                    f"{_shapes(outputs)} and targets of shape {_shapes(tensors)}: "
                    f"{first_line(error)}{order}{_hint(targets)}"
                ) from error
            return self.factors[framework] * value + self.offsets[framework]

        return objective

    @contextmanager
    def heard(self, framework: str, run: Callable[..., Any]) -> Iterator[None]:
        """The framework's loss is evaluated by `run(loss, outputs)` inside."""
        before = self._hearing.get(framework)

        def both(loss: Callable[[], Any], outputs: Any) -> Any:
            return run(loss if before is None else lambda: before(loss, outputs), outputs)

        self._hearing[framework] = both
        try:
            yield
        finally:
            del self._hearing[framework]
            if before is not None:
                self._hearing[framework] = before


def _pair(loss: Any) -> Pair:
    """torch's and Keras' of a name or a pair, checked."""
    if isinstance(loss, str):
        if loss not in NAMED:
            raise ParityInputError(f"unknown loss {loss!r}; known are {', '.join(NAMED)}")
        return NAMED[loss]()
    if not isinstance(loss, (tuple, list)) or len(loss) != 2:
        raise ParityInputError(
            f"loss must be one of {', '.join(NAMED)} or a pair (torch's, keras'), "
            f"not {type(loss).__name__}"
        )
    theirs, ours = (tree.transform(own, half) for own, half in zip(_OWN, loss, strict=True))
    if not all(map(callable, (*tree.leaves(theirs), *tree.leaves(ours)))):
        raise ParityInputError("loss=(torch's, keras'): both must be callable")
    homes = [set().union(*map(_homes, tree.leaves(half))) for half in (theirs, ours)]
    if homes[0] & _KERAS or homes[1] & _TORCH:
        raise ParityInputError(
            f"loss=({_name(theirs)}, {_name(ours)}): the first must be torch's, the second Keras'"
        )
    return theirs, ours


def _torchs(loss: Any) -> Any:
    """A copy: a module is moved to the run's dtype, never the user's."""
    return copy.deepcopy(loss) if hasattr(loss, "parameters") else loss


def _kerass(loss: Any) -> Any:
    """Keras' own functions are reduced as `compile` does."""
    if loaded("keras") is None:  # a record's, of torch alone
        return loss
    losses = load("keras").losses
    found = losses.get(loss) if isinstance(loss, str) else loss
    if isinstance(found, losses.Loss) or "keras" not in _homes(found):
        return found
    return load("keras.src.losses.losses").LossFunctionWrapper(found)


_OWN = (_torchs, _kerass)


def _of_outputs(loss: Any) -> Callable[[Any, Any], Any]:
    """One function of a structure of losses: each of its output and its target, added up."""
    if callable(loss):
        return loss  # type: ignore[no-any-return]

    def total(first: Any, second: Any) -> Any:
        keys = sorted(loss) if isinstance(loss, dict) else list(range(len(loss)))
        for structure in (first, second):
            given = sorted(structure) if isinstance(structure, dict) else None
            if given is None and isinstance(structure, (list, tuple)):
                given = list(range(len(structure)))
            if given != keys:
                raise ParityInputError(
                    f"losses for {keys}: outputs and targets must be dicts or tuples of the same, "
                    f"not {given if given is not None else 'one array'}"
                )
        terms = [_of_outputs(loss[key])(first[key], second[key]) for key in keys]
        return sum(_mean(term, None) for term in terms)

    return total


def _mean(value: Any, framework: str | None) -> Any:
    """A loss for each sample is averaged, as Keras' `compile` does."""
    if not len(value.shape):
        return value
    torch = framework == "torch" or (framework is None and hasattr(value, "detach"))
    return value.mean() if torch else load("keras").ops.mean(value)


def _hint(targets: Any) -> str:
    whole = [a for a in tree.leaves(targets) if a.dtype.kind == "i" and a.size]
    low = min((int(a.min()) for a in whole), default=0)
    return f"; targets of {low} are left out by ignore_class={low} in Keras" if low < 0 else ""


def _shapes(structure: Any) -> Any:
    return tree.transform(lambda tensor: tuple(tensor.shape), structure)


def _title(loss: Any) -> str:
    return loss if isinstance(loss, str) else f"({', '.join(map(_name, loss))})"


def _name(loss: Any) -> str:
    if isinstance(loss, dict):
        return f"{{{', '.join(f'{key}: {_name(part)}' for key, part in loss.items())}}}"
    if isinstance(loss, (list, tuple)):
        return f"[{', '.join(map(_name, loss))}]"
    return getattr(loss, "__name__", None) or type(loss).__name__


def _homes(loss: Any) -> set[str]:
    """The packages that a function, or an object's class and its bases, come from."""
    modules = [getattr(loss, "__module__", None), *(c.__module__ for c in type(loss).__mro__)]
    return {str(module).partition(".")[0] for module in modules}


def _only(outputs: Any, side: Side) -> Any:
    found = tree.leaves(outputs)
    if len(found) != 1:
        raise ParityInputError(
            f"{side} returns {len(found)} outputs; a loss by name needs one: give a loss for each, "
            "{output: loss}, or a pair of functions (torch's, keras') of all of them"
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
