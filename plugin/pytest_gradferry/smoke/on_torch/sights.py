"""More that is seen in one step of torch: weights set outside of updates, modules not listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ...frameworks import Array, get, load
from .. import sights
from ..record import StepRecord


class Settings(sights.Settings):
    """See `sights.Settings`.  A module's weights may be other objects after the step."""

    def __init__(self, record: StepRecord, model: Any, tensors: dict[str, Any]) -> None:
        self._model, self._tensors = model, tensors
        self._listed = dict(model.named_parameters())
        super().__init__(record)

    def read(self) -> dict[str, Any]:
        """As tensors, which torch.func's transforms leave readable to each other alone."""
        return {name: tensor.detach().clone() for name, tensor in self._tensors.items()}

    def trainable(self) -> set[str]:
        return {name for name, tensor in self._tensors.items() if tensor.requires_grad}

    def same(self, a: Any, b: Any) -> bool:
        return _same(a, b)

    def array(self, value: Any) -> Array:
        return get("torch").to_numpy(value)

    def done(self) -> None:
        super().done()
        now = dict(self._model.named_parameters())
        self._record.replaced = [n for n, t in self._listed.items() if now.get(n) is not t]
        self._record.frozen = [name for name in self._record.frozen if name in now]


class Strangers(sights.Strangers):
    """See `sights.Strangers`."""

    def __init__(self, model: Any, known: list[Any]) -> None:
        super().__init__({id(module) for module in known})
        self._model = model

    def weights(self, layer: Any) -> list[Any]:
        return [p for p in layer.parameters(recurse=False) if p.requires_grad]

    def read(self, weight: Any) -> Any:
        return weight.detach().clone()

    def same(self, a: Any, b: Any) -> bool:
        return _same(a, b)

    def reaches(self, layer: Any) -> bool:
        """None of its weights being one of the model's."""
        mine, weights = {id(p) for p in self._model.parameters()}, self.weights(layer)
        shared = any(id(weight) in mine for weight in weights)
        return not shared and any(weight.grad is not None for weight in weights)

    def is_held(self, weight: Any, held: set[int]) -> bool:
        return id(weight) in held

    def owners(self) -> Iterator[tuple[str, Any]]:
        return self._model.named_modules()  # type: ignore[no-any-return]

    @contextmanager
    def watch(self, record: StepRecord, held: Callable[[], set[int]]) -> Iterator[None]:
        """`held` gives the ids of the tensors that optimizers hold."""
        hooks = load("torch.nn.modules.module")
        inside: list[Any] = []

        def before(module: Any, args: Any) -> None:
            if module is self._model or inside:
                inside.append(module)

        def after(module: Any, args: Any, output: Any) -> None:
            if inside:
                inside.pop()
            if inside:
                self.called(module)

        self.begin()
        with ExitStack() as stack:
            stack.enter_context(hooks.register_module_forward_pre_hook(before))
            stack.enter_context(hooks.register_module_forward_hook(after, always_call=True))
            yield
        self.tell(record, held())


def _same(a: Any, b: Any) -> bool:
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())
