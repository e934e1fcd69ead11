"""The file of a record: arrays as safetensors, all else as JSON in its header. No pickle.

The header's metadata holds `format`, `version`, `record` (the JSON) and `sha256`, which covers the
record and every array. Equal arrays are kept once.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ParityInputError
from ..layout import Array

FORMAT = "gradferry-parity-record"
VERSION = 1

_AGAIN = "record the reference again with parity.record(...)"


class Writer:
    """Collects arrays, and gives each the name it is referred to by in the record."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self._names: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def put(self, array: Any, name: str) -> str:
        # Not ascontiguousarray, which makes (1,) of a scalar's shape.
        plain = np.array(array, order="C")
        plain = plain.astype(plain.dtype.newbyteorder("="), copy=False)
        identity = (plain.dtype.str, plain.shape, hashlib.sha256(plain.data).digest())
        if identity not in self._names:
            while name in self.arrays:
                name += "'"
            self._names[identity] = name
            self.arrays[name] = plain
        return self._names[identity]

    def structure(self, value: Any, name: str) -> Any:
        """Arrays and plain values in tuples, lists and dicts, for `Reader.structure`."""
        if value is None:
            return None
        if isinstance(value, dict):
            if not all(isinstance(key, str) for key in value):
                raise ParityInputError(f"{name}: a record keeps dicts with names as keys only")
            return {"dict": {k: self.structure(v, f"{name}.{k}") for k, v in value.items()}}
        if isinstance(value, (list, tuple)):
            kind = "list" if isinstance(value, list) else "tuple"
            return {kind: [self.structure(v, f"{name}.{i}") for i, v in enumerate(value)]}
        if isinstance(value, (bool, int, float, str)):
            return {"value": value}
        return {"array": self.put(value, name)}

    def save(self, path: Path, record: dict[str, Any]) -> None:
        """Raises ParityInputError where the file cannot be written."""
        from safetensors import SafetensorError
        from safetensors.numpy import save_file

        text = json.dumps(record)
        metadata = {
            "format": FORMAT,
            "version": str(VERSION),
            "record": text,
            "sha256": _checksum(text, self.arrays),
        }
        # Whole or not at all: an interrupted run leaves the file of the last one.
        part = path.with_name(f"{path.name}.part-{os.getpid()}")
        try:
            save_file(self.arrays, str(part), metadata)
            part.replace(path)
        except (SafetensorError, OSError) as error:
            raise ParityInputError(f"cannot write the record {path}: {error}") from error
        finally:
            if part.exists():
                part.unlink()


class Reader:
    """A record's JSON and arrays, checked.

    Raises ParityInputError for a file that is missing, no record, of another version, cut short or
    changed since it was written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        metadata, self.arrays = _load(path)
        if metadata.get("format") != FORMAT:
            raise ParityInputError(f"{path} is a safetensors file, but no record; {_AGAIN}")
        if metadata.get("version") != str(VERSION):
            raise ParityInputError(
                f"{path} is a record of version {metadata.get('version')}, and this gradferry "
                f"reads version {VERSION}; {_AGAIN}"
            )
        text = metadata.get("record", "")
        if metadata.get("sha256") != _checksum(text, self.arrays):
            raise ParityInputError(
                f"{path} was changed after it was recorded: its checksum does not fit; {_AGAIN}"
            )
        self.record: dict[str, Any] = json.loads(text)

    def structure(self, encoded: Any) -> Any:
        if encoded is None:
            return None
        ((kind, value),) = encoded.items()
        if kind == "array":
            return self.arrays[value]
        if kind == "value":
            return value
        if kind == "dict":
            return {key: self.structure(part) for key, part in value.items()}
        parts = [self.structure(part) for part in value]
        return parts if kind == "list" else tuple(parts)


def _load(path: Path) -> tuple[dict[str, str], dict[str, Array]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise ParityInputError(f"there is no record at {path}; write one with parity.record(...)")
    try:
        with safe_open(str(path), framework="numpy") as file:
            names = list(file.keys())
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        raise ParityInputError(
            f"{path} is no record, or was cut short: {error}; {_AGAIN}"
        ) from error


def _checksum(text: str, arrays: dict[str, Array]) -> str:
    total = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        total.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(np.array(array, order="C").data)
    return total.hexdigest()
