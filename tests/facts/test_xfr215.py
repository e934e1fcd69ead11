"""XFR215: torch's training verbs on TensorFlow's and Keras' objects."""

from __future__ import annotations

import pytest
from support import rule, run

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")

PAGE = rule("XFR215").page


@pytest.mark.parametrize("first", ["zero_grad", "backward", "step"])
def test_bad_raises(first: str) -> None:
    verbs = {"zero_grad": "optimizer.zero_grad", "backward": "loss.backward"}
    kept = [
        line
        for line in PAGE.bad[0].splitlines()
        if not any(f"{verb}()" in line for name, verb in verbs.items() if name != first)
    ]
    with pytest.raises(AttributeError, match=f"has no attribute '{first}'"):
        run("\n".join(kept))


def test_good_trains() -> None:
    def loss_after(steps: int) -> float:
        keras.utils.set_random_seed(0)
        return float(run(PAGE.good[0].replace("range(3)", f"range({steps})"))["loss"])

    assert loss_after(3) < 0.9 * loss_after(1)
