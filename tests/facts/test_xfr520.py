"""XFR520: what True means in the masks of either framework."""

from __future__ import annotations

import pytest
from support import rule, run

torch = pytest.importorskip("torch")

PAGE = rule("XFR520").page


def first_sees_last(program: str) -> bool:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    attend = run(program)["attend"]
    x = torch.randn(1, 5, 4)
    changed = x.clone()
    changed[:, -1] += 1
    return not torch.equal(attend(x)[:, 0], attend(changed)[:, 0])


def test_bad_lets_the_first_position_see_the_last() -> None:
    assert first_sees_last(PAGE.bad[0])


def test_good_is_causal() -> None:
    assert not first_sees_last(PAGE.good[0])


def test_valid_tokens_as_padding_mask_leave_only_the_padding() -> None:
    attention = torch.nn.MultiheadAttention(4, 1, batch_first=True)
    x, valid = torch.randn(1, 3, 4), torch.tensor([[True, True, False]])
    _, weights = attention(x, x, x, key_padding_mask=valid)
    assert weights[0, 0].tolist() == [0, 0, 1]


def test_keras_and_the_torch_function_read_true_as_attend() -> None:
    x = torch.randn(1, 3, 4)
    attend = torch.nn.functional.scaled_dot_product_attention
    causal = torch.tril(torch.ones(3, 3, dtype=torch.bool))
    assert torch.allclose(attend(x, x, x, attn_mask=causal)[0, 0], x[0, 0])
    keras = pytest.importorskip("keras")
    layer = keras.layers.MultiHeadAttention(1, 4)
    _, scores = layer(
        x.numpy(), x.numpy(), attention_mask=causal[None].numpy(), return_attention_scores=True
    )
    assert scores.numpy()[0, 0, 0].tolist() == [1, 0, 0]
