"""The frameworks behind one small interface, with none imported before it is used.

A model or a tensor can only exist if its framework is imported already, so what it belongs to is
read off `sys.modules`.  Only `get` imports, because its caller asked for the framework by name.
"""

import importlib
import importlib.util
import json
import os
import random
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

NAMES = ("torch", "tensorflow", "keras")

Undo = Callable[[], None]
Array = np.ndarray[Any, Any]


class FrameworkError(ValueError):
    """A framework that is missing, unknown, or not the one a model belongs to."""


def together(*undos: Undo) -> Undo:
    """One that calls them all, in order."""

    def undo() -> None:
        for each in undos:
            each()

    return undo


def load(name: str) -> Any:
    """Import a module by dotted name; typed `Any`, as the frameworks are at this border."""
    return importlib.import_module(name)


class Absent:
    """In place of a module that this process has not imported: its functions raise FrameworkError
    when they are called."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Callable[..., Any]:
        def missing(*args: Any, **kwargs: Any) -> Any:
            raise FrameworkError(f"{self._name}.{attribute}: not in use in this process")

        return missing


def available(name: str) -> Any:
    """`load` of a module whose package is imported already, else `Absent`."""
    return load(name) if loaded(name.partition(".")[0]) is not None else Absent(name)


def loaded(name: str) -> Any:
    """The module if this process has imported it, else None."""
    return sys.modules.get(name)


class Framework(ABC):
    """What the fixtures ask of a framework."""

    name: str

    def __repr__(self) -> str:
        return f"<framework {self.name}>"

    def seed(self, seed: int) -> None:
        """Seed Python's, NumPy's and the framework's global generators.  0 <= seed < 2**32."""
        random.seed(seed)
        np.random.seed(seed)
        self._seed(seed)

    @abstractmethod
    def _seed(self, seed: int) -> None: ...

    @abstractmethod
    def tensor(self, array: Any, dtype: str | None = None) -> Any:
        """A tensor holding a copy of `array`, of its own dtype unless one is named ("float64")."""

    @abstractmethod
    def to_numpy(self, tensor: Any) -> Array:
        """The values of a tensor, variable or sparse gradient; bfloat16 comes as float32."""

    @abstractmethod
    def is_tensor(self, thing: Any) -> bool: ...

    @abstractmethod
    def is_model(self, thing: Any) -> bool: ...

    @abstractmethod
    def save_random_state(self) -> Undo:
        """Note the global random state; the function returned puts it back."""

    def use_threads(self, count: int) -> Undo:
        """Run on so many, where the framework can change that; the function returned undoes."""
        return lambda: None


class Torch(Framework):
    """PyTorch."""

    name = "torch"

    def __init__(self) -> None:
        self.torch = load("torch")

    def _seed(self, seed: int) -> None:
        self.torch.manual_seed(seed)

    def tensor(self, array: Any, dtype: str | None = None) -> Any:
        kind = getattr(self.torch, dtype) if dtype else None
        return self.torch.tensor(np.asarray(array), dtype=kind)

    def to_numpy(self, tensor: Any) -> Array:
        if not self.is_tensor(tensor):
            return np.asarray(tensor)
        value = tensor.detach()
        if value.layout != self.torch.strided:
            value = value.to_dense()
        if value.dtype == self.torch.bfloat16:
            value = value.float()
        return np.array(value.cpu().resolve_conj().resolve_neg().numpy())

    def is_tensor(self, thing: Any) -> bool:
        return isinstance(thing, self.torch.Tensor)

    def is_model(self, thing: Any) -> bool:
        return isinstance(thing, self.torch.nn.Module)

    def save_random_state(self) -> Undo:
        torch = self.torch
        cpu = torch.get_rng_state()
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None

        def undo() -> None:
            torch.set_rng_state(cpu)
            if cuda is not None:
                torch.cuda.set_rng_state_all(cuda)

        return undo

    def use_threads(self, count: int) -> Undo:
        """A tiny step on a busy machine takes 60 times longer with the default threads."""
        threads = self.torch.get_num_threads()
        self.torch.set_num_threads(count)
        return lambda: self.torch.set_num_threads(threads)


class TensorFlow(Framework):
    """TensorFlow, and Keras where it runs on TensorFlow.

    TensorFlow fixes its thread pools at its first operation, so `use_threads` leaves them.
    """

    name = "tensorflow"

    def __init__(self) -> None:
        self.tf = load("tensorflow")

    def _seed(self, seed: int) -> None:
        if installed_module("keras"):  # Dropout and initialisers draw from Keras' own seed
            load("keras").utils.set_random_seed(seed)
        self.tf.random.set_seed(seed)

    def seed_without_kernels(self, seed: int) -> None:
        """Seed all but TensorFlow's stateful operations.

        To seed those, TensorFlow drops every kernel it has compiled, which makes the next training
        step ten times slower; Keras' own random functions do not draw from them.
        """
        random.seed(seed)
        np.random.seed(seed)
        if loaded("keras") is not None:
            _seed_keras(seed)

    def drawn(self) -> Any:
        """A value that changes when a stateful random operation draws."""
        context = load("tensorflow.python.eager.context").context()
        return context._rng.getstate() if context._seed is not None else None

    def tensor(self, array: Any, dtype: str | None = None) -> Any:
        return self.tf.constant(np.asarray(array), dtype=dtype)

    def to_numpy(self, tensor: Any) -> Array:
        if isinstance(tensor, self.tf.IndexedSlices):
            tensor = self.tf.convert_to_tensor(tensor)
        if hasattr(tensor, "numpy"):
            tensor = tensor.numpy()
        value = np.array(tensor)
        return value.astype(np.float32) if value.dtype.name == "bfloat16" else value

    def is_tensor(self, thing: Any) -> bool:
        # is_tensor is true of Keras' own variables too, which carry TensorFlow's protocol
        return bool(self.tf.is_tensor(thing)) or isinstance(thing, self.tf.Variable)

    def is_model(self, thing: Any) -> bool:
        keras = loaded("keras")
        if keras is not None and isinstance(thing, keras.layers.Layer):
            return bool(keras.backend.backend() == "tensorflow")
        return isinstance(thing, self.tf.Module)

    def save_random_state(self) -> Undo:
        # TensorFlow has no public reader of its global seed; set_seed only writes it
        context = load("tensorflow.python.eager.context").context()
        seed = context._seed
        draws = context._rng.getstate() if seed is not None else None
        undo_keras = _save_keras_seed()

        def undo() -> None:
            # set_seed also drops the kernels, each of which holds a generator of its own
            self.tf.random.set_seed(0 if seed is None else seed)
            if seed is None:
                context._seed = None
            else:
                context._rng.setstate(draws)
            undo_keras()

        return undo


class Keras(Framework):
    """Keras on a backend other than TensorFlow."""

    name = "keras"

    def __init__(self) -> None:
        self.keras = load("keras")
        self.backend: str = self.keras.backend.backend()

    def _seed(self, seed: int) -> None:
        """`keras.utils.set_random_seed`, which for its part imports TensorFlow where installed."""
        _seed_keras(seed)
        if self.backend == "torch":
            load("torch").manual_seed(seed)
        if loaded("tensorflow") is not None:
            load("tensorflow").random.set_seed(seed)

    def tensor(self, array: Any, dtype: str | None = None) -> Any:
        return self.keras.ops.convert_to_tensor(np.asarray(array), dtype=dtype)

    def to_numpy(self, tensor: Any) -> Array:
        if isinstance(tensor, self.keras.Variable):
            tensor = tensor.value  # NumPy 2 asks a variable for a keyword it does not know
        value = np.array(self.keras.ops.convert_to_numpy(tensor))
        return value.astype(np.float32) if value.dtype.name == "bfloat16" else value

    def is_tensor(self, thing: Any) -> bool:
        return isinstance(thing, self.keras.Variable) or bool(self.keras.ops.is_tensor(thing))

    def is_model(self, thing: Any) -> bool:
        return isinstance(thing, self.keras.layers.Layer)

    def save_random_state(self) -> Undo:
        undo_backend = Torch().save_random_state() if self.backend == "torch" else None
        undo_keras = _save_keras_seed()

        def undo() -> None:
            undo_keras()
            if undo_backend is not None:
                undo_backend()

        return undo


def _keras_table() -> Any:
    """Where Keras keeps its seed and its global generator, with no public reader."""
    return load("keras.src.backend.common.global_state")


def _seed_keras(seed: int) -> None:
    table = _keras_table()
    table.set_global_attribute("global_random_seed", seed)
    table.set_global_attribute("global_seed_generator", None)


def _save_keras_seed() -> Undo:
    if loaded("keras") is None:
        return lambda: None
    table = _keras_table()
    seed = table.get_global_attribute("global_random_seed")
    generator = table.get_global_attribute("global_seed_generator")
    state = np.array(generator.state.numpy()) if generator is not None else None

    def undo() -> None:
        table.set_global_attribute("global_random_seed", seed)
        table.set_global_attribute("global_seed_generator", generator)
        if generator is not None:
            generator.state.assign(state)

    return undo


_CLASSES: dict[str, type[Framework]] = {"torch": Torch, "tensorflow": TensorFlow, "keras": Keras}
_instances: dict[str, Framework] = {}


def installed_module(name: str) -> bool:
    """Whether a top-level module can be imported, without importing it."""
    return loaded(name) is not None or importlib.util.find_spec(name) is not None


def keras_backend() -> str:
    """The backend Keras runs on, or would if it were imported now."""
    keras = loaded("keras")
    if keras is not None and hasattr(keras, "backend"):
        return str(keras.backend.backend())
    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"]
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return str(json.loads((home / "keras.json").read_text())["backend"])
    except (OSError, ValueError, KeyError):
        return "tensorflow"


def installed() -> tuple[str, ...]:
    """The frameworks a test can run on here, none imported.

    Keras counts as one of its own where it runs on another backend than TensorFlow; on TensorFlow
    it is part of "tensorflow".
    """
    names = [name for name in ("torch", "tensorflow") if installed_module(name)]
    if installed_module("keras") and keras_backend() != "tensorflow":
        names.append("keras")
    return tuple(names)


def get(name: str) -> Framework:
    """The framework of that name, imported.  Raises FrameworkError where it cannot be."""
    if name not in _CLASSES:
        raise FrameworkError(f"unknown framework {name!r}; known are {', '.join(NAMES)}")
    if name == "keras" and keras_backend() == "tensorflow":
        name = "tensorflow"
    if name not in _instances:
        if not installed_module(name):
            extra = "torch" if name == "torch" else "tensorflow"
            other = ""
            if name == "tensorflow" and installed_module("keras"):
                other = ", or set KERAS_BACKEND to torch or jax before Keras is imported"
            raise FrameworkError(
                f"{name} is not installed: pip install 'gradferry[{extra}]'{other}"
            )
        if name == "keras" and not installed_module(keras_backend()):
            raise FrameworkError(
                f"Keras is set to run on {keras_backend()}, which is not installed"
            )
        _instances[name] = _CLASSES[name]()
    return _instances[name]


def in_use() -> list[Framework]:
    """The frameworks this process has imported already."""
    found = [get(name) for name in ("torch", "tensorflow") if loaded(name) is not None]
    if loaded("keras") is not None and keras_backend() != "tensorflow":
        found.append(get("keras"))
    return found


def of(thing: Any) -> Framework:
    """The framework a model or tensor belongs to.  Raises FrameworkError for anything else."""
    # Keras first: on its torch backend a Keras model is also an nn.Module
    keras = loaded("keras")
    if keras is not None and hasattr(keras, "layers") and isinstance(thing, keras.layers.Layer):
        return get("keras")
    for framework in in_use():
        if framework.is_model(thing) or framework.is_tensor(thing):
            return framework
    raise FrameworkError(
        f"cannot tell the framework of a {type(thing).__module__}.{type(thing).__qualname__}: "
        "expected a torch.nn.Module, a keras.Model or a tensor of theirs"
    )


def is_model(thing: Any) -> bool:
    """Whether it is a model, layer or module of a framework that is in use."""
    try:
        return of(thing).is_model(thing)
    except FrameworkError:
        return False


def seed_all(seed: int) -> None:
    """Seed Python's and NumPy's generators, and those of the frameworks in use."""
    random.seed(seed)
    np.random.seed(seed)
    for framework in in_use():
        framework.seed(seed)


@contextmanager
def undisturbed(threads: int = 1) -> Iterator[None]:
    """So many threads inside; every global random state and the threads as they were afterwards.

    Covers Python, NumPy, and the frameworks imported when the block is entered.
    """
    python, numpy_state = random.getstate(), np.random.get_state()
    undos: list[Undo] = []
    for framework in in_use():
        undos += [framework.save_random_state(), framework.use_threads(threads)]
    try:
        yield
    finally:
        for undo in reversed(undos):
            undo()
        random.setstate(python)
        np.random.set_state(numpy_state)
