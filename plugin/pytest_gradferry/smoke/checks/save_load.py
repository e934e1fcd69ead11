"""save-load: written to a file and read back, the trained model predicts the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from ..errors import SmokeError
from ..evidence import Evidence
from ..files import RoundTrip
from ..report import Finding, Outcome, failed, follows, passed, skipped
from ..verdict import distance
from . import UNSTEADY, Check
from . import failed as has_failed

_TRAINED = 3  # steps before saving, so that what training changes is there to be lost
_TOLERANCE = 1e-5


def run(evidence: Evidence, earlier: dict[str, Outcome]) -> Outcome:
    if has_failed(earlier, "finite"):
        return skipped("the numbers are not finite")
    trainee = evidence.trainee
    evidence.watched  # noqa: B018  how the step calls the model is known after it
    try:
        if not evidence.steady:
            check = "reproducible"
            return follows(check) if has_failed(earlier, check) else skipped(UNSTEADY)
    except SmokeError as error:
        return skipped(str(error))
    remarks: list[str] = []
    findings: list[Finding] = []
    with evidence.from_start(), tempfile.TemporaryDirectory() as folder:
        trainee.files.prepare()
        for _ in range(_TRAINED):
            evidence.step()
        trainee.reseed(evidence.seed)
        expected, _ = trainee.predict()
        for trip in trainee.files.round_trips(Path(folder)):
            trainee.reseed(evidence.seed)
            try:
                found = trip.run()
            except trip.excused as error:
                remarks.append(f"{trip.what} not possible: {_told(trip, error)}")
                continue
            except Exception as error:
                measured = f"{trip.what} fails: {type(error).__name__}: {_told(trip, error)}"
                findings.append(Finding(measured, *trip.advice(error)))
                continue
            wanted = expected if trip.kept is None else trip.kept()
            worst = max((distance(a, b) for a, b in zip(found, wanted, strict=True)), default=0.0)
            if worst > _TOLERANCE or np.isnan(worst):
                measured = f"after {trip.what} the {trip.compared} differ by {worst:.2g} of the "
                measured += "largest"
                findings.append(Finding(measured, *trip.advice(None)))
    return failed(*findings) if findings else passed("; ".join(remarks))


def _told(trip: RoundTrip, error: BaseException) -> str:
    lines = trip.reason(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__


CHECK = Check("save-load", order=110, run=run)
