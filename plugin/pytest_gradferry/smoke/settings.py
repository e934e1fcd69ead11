"""How the checks run where a call leaves it open: the mark, the command line, the ini-file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any

from .errors import SmokeError

STEPS, SEED, THREADS = 20, 0, 1


@dataclass(frozen=True)
class Settings:
    """None where nothing is said.  `threads` are torch's; the names are ids of checks."""

    steps: int | None = None
    only: tuple[str, ...] | None = None
    skip: tuple[str, ...] | None = None
    seed: int | None = None
    threads: int | None = None

    @classmethod
    def checked(cls, where: str = "", **given: Any) -> Settings:
        """Raises SmokeError for a value that makes no sense, its message led by `where` it is."""
        known = [field.name for field in fields(cls)]
        for name in given:
            if name not in known:
                raise SmokeError(f"{where}unknown {name}: known are {', '.join(known)}")
        for name, least in (("steps", 2), ("seed", 0), ("threads", 1)):
            value = given.get(name)
            if value is not None:
                given[name] = _whole_number(f"{where}{name}", value, least)
        for name in ("only", "skip"):
            value = given.get(name)
            if value is not None:
                given[name] = _names(f"{where}{name}", value)
        return cls(**given)

    def over(self, farther: Settings) -> Settings:
        """These, and what they leave open from `farther`.

        An `only` sets the `skip` of farther away aside: who names a check wants it.
        """
        said = {f.name: getattr(self, f.name) for f in fields(self)}
        merged = {
            name: getattr(farther, name) if value is None else value for name, value in said.items()
        }
        if self.skip is None and self.only is not None:
            merged["skip"] = None
        return Settings(**merged)


def _whole_number(what: str, value: Any, least: int) -> int:
    # 2**31: what is added for the later steps must not leave the range of NumPy's seeds
    if isinstance(value, Integral) and not isinstance(value, bool) and least <= int(value) < 2**31:
        return int(value)
    raise SmokeError(f"{what}={value!r}: give a whole number, at least {least}")


def _names(what: str, value: Any) -> tuple[str, ...]:
    from .checks import checks

    if isinstance(value, str) or not isinstance(value, Iterable):
        raise SmokeError(f"{what}={value!r}: give a tuple or list of check ids, not one string")
    names = tuple(value)
    for name in names:
        if name not in checks():
            raise SmokeError(f"{what}: unknown check {name!r}: known are {', '.join(checks())}")
    return names
