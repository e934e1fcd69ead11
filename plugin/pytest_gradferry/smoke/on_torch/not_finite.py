"""Where the first number that is not finite comes from, in a step of torch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...frameworks import load
from ..tree import leaves
from .mixing import user_line

# Operations that write what they are told to, infinity for a mask say, or nothing at all.
_WRITES = ("fill", "full", "empty", "where", "copy", "scalar_tensor", "set_", "resize", "lift")

_ROOT = "add a small number under the root: (x + 1e-8).sqrt(), as its gradient at 0 is infinite"
_LOG = "keep its input above 0, x.clamp(min=1e-8), or use log_softmax, logsigmoid or log1p"
_DIVISION = "keep the divisor from 0: x.clamp(min=1e-8)"
_EMPTY = "leave the loss out of the step where nothing is selected"
_FIXES = {
    "log": _LOG,
    "log2": _LOG,
    "log10": _LOG,
    "sqrt": _ROOT,
    "linalgvectornorm": _ROOT,
    "norm": _ROOT,
    "pow": _ROOT,
    "div": _DIVISION,
    "reciprocal": _DIVISION,
    "rsqrt": _DIVISION,
    "exp": "subtract the maximum first, or use softmax or logsumexp",
    "softmax": "leave an entry of every row unmasked: look whether the mask is the wrong way round",
    "logsoftmax": "leave an entry of every row unmasked: look whether the mask is the wrong way "
    "round",
    "mean": _EMPTY,
    "nllloss": _EMPTY,
    "nllloss2d": _EMPTY,
}


@dataclass
class Origin:
    """An operation and what came out of it; `backward` if it computed a gradient."""

    name: str
    gives: str
    of: str
    place: str
    backward: bool

    def told(self) -> tuple[str, str]:
        """(cause, fix), the fix empty where there is no better than the general one."""
        what = f"the gradient of {self.name}" if self.backward else f"{self.name}{self.of}"
        place = f" ({self.place})" if self.place else ""
        key = self.name.lower().replace("_", "")
        return f"{what} gives {self.gives}{place}, the first such number", _FIXES.get(key, "")


class _Operations:
    """What is seen of the operations of a step, forward and backward."""

    def __init__(self) -> None:
        self.torch = load("torch")
        self.nan: Origin | None = None
        self.infinity: Origin | None = None
        self.from_infinity = False  # whether the first NaN was made of an infinity
        self._places: dict[str, set[str]] = defaultdict(set)  # of forward operations, by name

    def see(self, operation: Any, args: Any, kwargs: Any) -> Any:
        node = self.torch._C._current_autograd_node()
        name = operation.overloadpacket.__name__.strip("_")
        given = [] if self.nan else self._floats([args, kwargs])
        before = [(bool(t.isnan().any()), bool(t.isinf().any())) for t in given]
        numbers = self._numbers(given)
        result = operation(*args, **kwargs)
        if node is None:
            self._places[_key(name)].add(user_line())
        if self.nan is None and not any(word in name for word in _WRITES):
            self._judge(name, node, before, numbers, self._floats([result]))
        return result

    def _judge(self, name: str, node: Any, before: Any, numbers: str, results: list[Any]) -> None:
        nan_before, inf_before = (any(each[i] for each in before) for i in (0, 1))
        if not nan_before and any(bool(t.isnan().any()) for t in results):
            self.nan, self.from_infinity = self._origin(name, node, "nan", numbers), inf_before
            return
        made = not nan_before and not inf_before and any(bool(t.isinf().any()) for t in results)
        if made and self.infinity is None:
            self.infinity = self._origin(name, node, "an infinity", numbers)

    def _origin(self, name: str, node: Any, gives: str, numbers: str) -> Origin:
        if node is None:
            return Origin(name, gives, numbers, user_line(), False)
        name = node.name().partition("Backward")[0]
        places = self._places.get(_key(name), set())
        return Origin(name.lower(), gives, "", next(iter(places)) if len(places) == 1 else "", True)

    def _floats(self, tree: Any) -> list[Any]:
        tensors = [leaf for leaf in leaves(tree) if isinstance(leaf, self.torch.Tensor)]
        return [t for t in tensors if t.is_floating_point() and t.layout == self.torch.strided]

    @staticmethod
    def _numbers(given: list[Any]) -> str:
        """What a function of one tensor was given: " of numbers from 0 to 1"."""
        if len(given) != 1:
            return ""
        if not given[0].numel():
            return " of no numbers"
        low, high = float(given[0].detach().min()), float(given[0].detach().max())
        return f" of numbers from {low:.4g} to {high:.4g}"


def _key(name: str) -> str:
    return name.lower().replace("_", "")


def first_not_finite(step: Callable[[], Any]) -> tuple[str, str] | None:
    """(cause, fix) of the first NaN in a step, or of the infinity that it comes from."""
    seen = _Operations()
    mode = load("torch.utils._python_dispatch").TorchDispatchMode

    def dispatch(
        self: Any, operation: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return seen.see(operation, args, kwargs or {})

    with type("OperationsSeen", (mode,), {"__torch_dispatch__": dispatch})():
        step()
    origin = seen.nan
    if origin is None or (seen.from_infinity and seen.infinity is not None):
        origin = seen.infinity
    return None if origin is None else origin.told()
