"""XFR425: from which axis torch's cross-entropy reads the classes."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")
PAGE = rule("XFR425").page


def test_bad_raises_unless_there_are_as_many_steps_as_classes() -> None:
    with pytest.raises(RuntimeError, match="Expected target size"):
        run(PAGE.bad[0])
    names = run(PAGE.bad[0].replace("6", "4"))
    logits, labels = names["logits"], names["labels"]
    right = torch.nn.functional.cross_entropy(logits.permute(0, 2, 1), labels).item()
    assert names["loss"].item() != pytest.approx(right, rel=1e-3)


@pytest.mark.parametrize("program", PAGE.good)
def test_good_is_the_mean_over_every_step(program: str) -> None:
    names = run(program)
    right = -names["logits"].log_softmax(-1).gather(-1, names["labels"][..., None]).mean()
    assert names["loss"].item() == pytest.approx(right.item())
