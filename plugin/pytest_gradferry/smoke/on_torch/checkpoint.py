"""What a torch training writes to go on later: the state_dict of all that has one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...frameworks import Undo, load, together
from ...wording import listed
from ..files import Checkpoint, Piece, of_batch
from ..held import Place
from .state import save_generator, save_modes, save_tensor
from .state_file import StateFile

if TYPE_CHECKING:
    from .trainee import TorchTrainee


class TorchCheckpoint(Checkpoint):
    """The model, other modules that the step reaches, optimizers, schedulers, gradient scalers."""

    def __init__(self, trainee: TorchTrainee) -> None:
        self._trainee = trainee
        self._torch = load("torch")
        others = self._others()
        self._files = [StateFile(trainee.model, of_model=True), *map(StateFile, others)]
        names = [type(part).__name__ for part in (trainee.model, *others)]
        self.holds = f"the state_dict of {listed(names)}"

    def _others(self) -> list[Any]:
        """Optimizers, and what the step reaches that has a state_dict and stands in no other."""
        held, module = self._trainee.held, self._torch.nn.Module
        stateful = [
            thing
            for thing in held.objects
            if hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict")
        ]
        modules = [
            thing
            for thing in stateful
            if isinstance(thing, module) and id(thing) not in held.in_model
        ]
        inside = {id(part) for thing in modules for part in thing.modules() if part is not thing}
        inside |= {id(part) for part in self._trainee.model.modules()}
        rest = [
            thing
            for thing in stateful
            if not isinstance(thing, (module, self._torch.optim.Optimizer))
        ]
        outer = [thing for thing in modules if id(thing) not in inside]
        return [*outer, *self._trainee.optimizers, *rest]

    def save(self, folder: Path) -> None:
        for number, file in enumerate(self._files):
            file.save(folder / f"{number}.pt")

    def load(self, folder: Path) -> None:
        for number, file in enumerate(self._files):
            file.load(folder / f"{number}.pt")

    def aside(self) -> Undo:
        held = self._trainee.held
        modules = [m for m in held.objects if isinstance(m, self._torch.nn.Module)]
        modules = [m for root in [self._trainee.model, *modules] for m in root.modules()]
        undos = [held.save_generators(), save_modes(modules)]
        generators = [g for g in held.objects if isinstance(g, self._torch.Generator)]
        undos += [save_generator(generator) for generator in generators]
        return together(*undos)

    def left_out(self) -> list[Piece]:
        return [*self._of_step(), *self._buffers(), *self._of_model(), self._gradients()]

    def _of_step(self) -> list[Piece]:
        places = [place for place in self._trainee.held.places if not place.of_model]
        save = self._trainee.held.save_place
        return [Piece(p.name, False, p.get, partial(save, p)) for p in places]

    def _of_model(self) -> list[Piece]:
        hidden = [
            Piece(
                f"the weights of the layers in {place}",
                True,
                partial(_tensors_of, module),
                partial(_save_tensors, module),
                ("use nn.ModuleList or nn.ModuleDict", code),
            )
            for module, place, code in self._trainee.structure.hidden_modules.values()
        ]
        places = [place for place in self._trainee.held.places if place.of_model]
        return [*hidden, *map(self._piece, places)]

    def _piece(self, place: Place) -> Piece:
        """One of the model's places."""
        of_model, save = not of_batch(place.get(), self._trainee), self._trainee.held.save_place
        return Piece(place.name, of_model, place.get, partial(save, place), self._advice(place.get))

    def _advice(self, read: Callable[[], Any]) -> tuple[str, str]:
        tensors = self._trainee.tensors_of(read())
        if any(tensor.requires_grad for tensor in tensors):
            return "make it an nn.Parameter", "XFR114"
        if tensors:
            return "register it with register_buffer", "XFR905"
        return "keep it in a buffer, or hand it out in get_extra_state and set_extra_state", ""

    def _buffers(self) -> list[Piece]:
        root = type(self._trainee.model).__name__
        return [
            Piece(
                f"the buffer `{f'{root}.{prefix}'.rstrip('.')}.{name}`, registered with "
                "persistent=False",
                True,
                partial(module._buffers.get, name),
                partial(_save_buffer, module, name),
                ("register it with persistent=True", ""),
            )
            for prefix, module in self._trainee.model.named_modules()
            for name in module._non_persistent_buffers_set
            if module._buffers.get(name) is not None
        ]

    def _gradients(self) -> Piece:
        weights = list(self._trainee.model.parameters())

        def save() -> Undo:
            kept = [(w, None if w.grad is None else w.grad.detach().clone()) for w in weights]

            def undo() -> None:
                for weight, gradient in kept:
                    weight.grad = None if gradient is None else gradient.clone()

            return undo

        return Piece(
            "the gradients of the step before",
            False,
            lambda: [weight.grad for weight in weights],
            save,
            follows="fresh-gradients",
        )


def _tensors_of(module: Any) -> list[Any]:
    return [*module.parameters(), *module.buffers()]


def _save_tensors(module: Any) -> Undo:
    return together(*map(save_tensor, _tensors_of(module)))


def _save_buffer(module: Any, name: str) -> Undo:
    buffer = module._buffers[name]
    value = save_tensor(buffer)

    def undo() -> None:
        module._buffers[name] = buffer
        value()

    return undo
