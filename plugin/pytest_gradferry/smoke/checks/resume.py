"""resume: saved to files and loaded again, training goes on as if it had not been interrupted."""

from __future__ import annotations

import tempfile
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from ...frameworks import Framework, Undo
from ...wording import listed
from ..errors import SmokeError
from ..evidence import Evidence
from ..files import Checkpoint, NotJudged, Piece
from ..report import Finding, Outcome, failed, follows, passed, skipped
from . import Check
from . import failed as has_failed

_TOLERANCE = 1e-5  # of the largest loss
_MOST_PIECES = 30  # that are tried one by one


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    if not evidence.updated:
        return skipped("no update in the steps watched")
    checkpoint = evidence.trainee.files.checkpoint()
    if checkpoint is None:
        return skipped("not known what a checkpoint of such training holds")
    with tempfile.TemporaryDirectory() as folder:
        try:
            return _Interruption(evidence, checkpoint, Path(folder)).judge(earlier)
        except NotJudged as error:
            return skipped(str(error))


class _LoadingError(Exception):
    """A checkpoint cannot be read; the message says why."""


class _Interruption:
    """Training from the start, with a checkpoint written on the way, and from that checkpoint."""

    def __init__(self, evidence: Evidence, checkpoint: Checkpoint, folder: Path) -> None:
        self.evidence = evidence
        self.checkpoint = checkpoint
        self.folder = folder
        # Saved behind an update: in the middle of an accumulation gradients would be lost.
        updates = [n for n, r in enumerate(evidence.watched, 1) if "update" in r.events]
        self.saved_after = updates[-1]
        self.expected: list[float] = []
        self._raised = ""  # the first error of training that goes on
        self.pieces: list[tuple[Piece, Undo, Any]] = []  # with what restores each, and its value

    def judge(self, earlier: dict[str, Outcome]) -> Outcome:
        try:
            whole = self._uninterrupted()
            found = self._resumed()
        except _LoadingError as error:
            if has_failed(earlier, "save-load"):
                return follows("save-load")
            return failed(Finding(str(error)))
        if self._same(found):
            return passed()
        if not self._replays(whole):
            return skipped("replayed from the same state, the loss takes another course")
        measured = self._told(found)
        missing = self._missing()
        if missing is None:
            for check in ("gradients", "fresh-gradients", "updates"):
                if has_failed(earlier, check):
                    return follows(check)
            fix = "look for state of the model and the step that the checkpoint leaves out"
            return failed(Finding(measured, fix=fix))
        for piece, _ in missing:
            if piece.follows:
                check = piece.follows
                if has_failed(earlier, check):
                    return follows(check)
                return skipped(f"{piece.name} matter, which no checkpoint holds")
        described = [piece.name + values for piece, values in missing]
        of_model = [piece for piece, _ in missing if piece.of_model]
        if not of_model:
            return passed(f"a checkpoint has to hold {listed(described)} too")
        together = "them" if len(missing) > 1 else "it"
        holds = f"{self.checkpoint.holds} does not hold {listed(described)}"
        if all(piece.held for piece, _ in missing):
            holds = f"loading {self.checkpoint.holds} does not bring back {listed(described)}"
        cause = f"{holds}; with {together} put back the curve is the same"
        return failed(Finding(measured, cause, *of_model[0].advice))

    def _uninterrupted(self) -> Undo:
        """Train with a checkpoint on the way; the result goes back there from memory."""
        trainee = self.evidence.trainee
        with self.evidence.from_start():
            self._go_on(self.saved_after)
            try:
                self.checkpoint.save(self.folder)
            except Exception as error:  # for save-load to tell
                told = f"{self.checkpoint.holds} cannot be written: {_short(error)}"
                raise NotJudged(told) from error
            whole, self._aside = trainee.save(), self.checkpoint.aside()
            self.pieces = [
                (piece, piece.save(), _noted(piece.read(), trainee.framework))
                for piece in self.checkpoint.left_out()
            ]
            self.expected = self._go_on(self.saved_after + 1)
        if not np.isfinite(self.expected).all():
            raise NotJudged("the loss is not finite")
        return whole

    def _resumed(self, *pieces: Undo) -> list[float]:
        """Train on from the files, with some pieces put back by hand."""
        with self.evidence.from_start():
            try:
                self.checkpoint.load(self.folder)
            except NotJudged:
                raise
            except Exception as error:
                told = f"loading {self.checkpoint.holds} fails: {_short(error)}"
                raise _LoadingError(told) from error
            self._aside()
            for undo in pieces:
                undo()
            try:
                return self._go_on(len(self.expected))
            except Exception as error:  # for want of what was not loaded
                self._raised = self._raised or _short(error)
                return [float("nan")] * len(self.expected)

    def _go_on(self, steps: int) -> list[float]:
        trainee, losses = self.evidence.trainee, []
        for _ in range(steps):
            trainee.reseed_for_step(self.evidence.seed)
            losses.append(self.evidence.step())
        return losses

    def _replays(self, whole: Undo) -> bool:
        """Whether training goes the same way twice, from the start and from a copy in memory."""
        with self.evidence.from_start():
            if not self._same(
                self._go_on(self.saved_after + len(self.expected))[self.saved_after :]
            ):
                return False
            self.evidence.restore()
            whole()
            try:
                return self._same(self._go_on(len(self.expected)))
            except SmokeError as error:  # a graph that is kept holds weights of before
                raise NotJudged("it cannot be replayed from a state in memory") from error

    def _same(self, found: list[float]) -> bool:
        scale = max(float(np.abs(self.expected).max()), 1e-12)
        return bool(np.abs(np.subtract(found, self.expected)).max() <= _TOLERANCE * scale)

    def _told(self, found: list[float]) -> str:
        what = f"saved after step {self.saved_after} and loaded again, training goes on"
        if self._raised:
            return f"{what} to {self._raised}"
        scale = float(np.abs(self.expected).max())
        differ = ~(np.abs(np.subtract(found, self.expected)) <= _TOLERANCE * scale)
        first = int(np.flatnonzero(differ)[0])
        return (
            f"{what} another way: the loss of step {self.saved_after + first + 1} is "
            f"{found[first]:.6g}, and {self.expected[first]:.6g} without the interruption"
        )

    def _missing(self) -> list[tuple[Piece, str]] | None:
        """The fewest pieces that make the curve the same, with their values; None if none do."""
        changed = self._changed()
        # The loop's own first: what the model keeps may only follow from it.
        changed.sort(key=lambda each: (not each[0].follows, each[0].of_model))
        for piece, undo, values in changed[:_MOST_PIECES]:
            if self._same(self._resumed(undo)):
                return [(piece, values)]
        needed = changed
        if not self._same(self._resumed(*(undo for _, undo, _ in needed))):
            return None
        for each in changed[:_MOST_PIECES]:
            fewer = [other for other in needed if other is not each]
            if self._same(self._resumed(*(undo for _, undo, _ in fewer))):
                needed = fewer
        return [(piece, values) for piece, _, values in needed]

    def _changed(self) -> list[tuple[Piece, Undo, str]]:
        """The pieces that are not after loading what they were when it was saved."""
        changed = []
        framework = self.evidence.trainee.framework
        with self.evidence.from_start():
            self.checkpoint.load(self.folder)
            self._aside()
            for piece, undo, then in self.pieces:
                now = _noted(piece.read(), framework)
                if not _equal(then, now):
                    changed.append((piece, undo, _values(then, now)))
        return changed


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _noted(value: Any, framework: Framework) -> Any:
    """The value as it is now, in plain numbers where it holds any."""
    if isinstance(value, dict):
        return {key: _noted(part, framework) for key, part in value.items()}
    if isinstance(value, (list, tuple, deque)):
        return [_noted(part, framework) for part in value]
    if framework.is_tensor(value) or isinstance(value, np.ndarray):
        return framework.to_numpy(value).copy()
    if isinstance(value, (bool, int, float, complex, str, bytes, type(None), set)):
        return value
    return f"object at {id(value)}"


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and bool(np.array_equal(a, b))
    return type(a) is type(b) and not isinstance(a, np.ndarray) and bool(a == b)


def _values(then: Any, now: Any) -> str:
    plain = (bool, int, float)
    if isinstance(then, plain) and isinstance(now, plain):
        return f" ({then:.6g} at the save, {now:.6g} after loading)"
    return ""


CHECK = Check("resume", order=120, run=run)
