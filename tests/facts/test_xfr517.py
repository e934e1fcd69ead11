"""XFR517: whose samples a torch LSTM mixes that is given the batch first."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR517").page


def others_change(program: str) -> bool:
    """Whether changing sample 0 changes the result of the other samples."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = run(program)["net"]
    x = torch.randn(4, 5, 2)
    changed = x.clone()
    changed[0] += 1
    return not torch.equal(net(x)[1:], net(changed)[1:])


def test_bad_mixes_the_samples() -> None:
    assert others_change(PAGE.bad[0])


def test_good_keeps_them_apart() -> None:
    assert not others_change(PAGE.good[0])


@pytest.mark.parametrize("batch_first", [False, True])
def test_attention_and_transformers_are_the_same(batch_first: bool) -> None:
    torch.manual_seed(0)
    attention = torch.nn.MultiheadAttention(8, 2, batch_first=batch_first)
    layer = torch.nn.TransformerEncoderLayer(8, 2, 8, 0.0, batch_first=batch_first)
    x = torch.randn(4, 5, 8)
    changed = x.clone()
    changed[0] += torch.randn(5, 8)
    for apply in (lambda t: attention(t, t, t)[0], layer):
        assert torch.allclose(apply(x)[1:], apply(changed)[1:]) is batch_first
