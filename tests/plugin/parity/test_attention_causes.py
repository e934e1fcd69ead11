"""What people get wrong with attention is named, and the counterfactual shows the drop."""

import keras
import numpy as np
import pytest
from keras import layers as L
from plugin.parity.attention_models import HEADS, AttentionKeras, AttentionTorch, E, T
from torch import nn


def cause(report, rung="forward-eval"):
    """The one cause of a report that failed at `rung`, its drop checked."""
    assert not report.passed
    assert report.rung(rung).status == "FAIL", report.text()
    assert len(report.findings) == 1, report.text()
    finding = report.findings[0]
    assert finding.before > 1e-7 > finding.after, report.text()
    assert not report.unexplained
    return finding


@pytest.fixture
def tokens(rng):
    return rng.normal(size=(3, T, E))


@pytest.fixture
def padded(rng, tokens):
    return tokens, np.arange(T) >= np.array([3, 3, 2])[:, None]


def test_mask_in_the_other_sense(parity, padded):
    finding = cause(parity.report(AttentionTorch(), AttentionKeras(invert=True), padded))
    assert "the other sense" in finding.cause
    assert "in Keras True is where to look" in finding.fix
    finding = cause(parity.report(AttentionKeras(invert=True), AttentionTorch(), padded))
    assert "in torch True is where not to look" in finding.fix


def test_causal_mask_missing(parity, tokens):
    finding = cause(parity.report(AttentionTorch(causal=True), AttentionKeras(), tokens))
    assert "has no mask, the reference a causal one" in finding.cause
    assert "use_causal_mask=True" in finding.fix
    finding = cause(parity.report(AttentionKeras(causal=True), AttentionTorch(), tokens))
    assert "attn_mask" in finding.fix


def test_causal_mask_missing_beside_padding(parity, padded):
    finding = cause(parity.report(AttentionTorch(causal=True), AttentionKeras(), padded))
    assert "has no causal mask, the reference one" in finding.cause


def test_mask_too_many(parity, tokens):
    finding = cause(parity.report(AttentionTorch(), AttentionKeras(causal=True), tokens))
    assert "has a mask, the reference none" in finding.cause


@pytest.mark.parametrize("order", [1, -1])
def test_number_of_heads(parity, tokens, order):
    models = AttentionTorch(), AttentionKeras(heads=3, key_dim=2)
    finding = cause(parity.report(*models[::order], tokens))
    assert finding.change == f"num_heads={HEADS if order == 1 else 3}"


def test_size_of_a_head(parity, tokens):
    report = parity.report(AttentionTorch(), AttentionKeras(key_dim=E), tokens)
    assert report.rung("structure").status == "FAIL"
    (finding,) = report.findings
    assert f"key_dim={E}" in finding.cause
    assert f"key_dim={E // HEADS}" in finding.fix


@pytest.mark.parametrize("option", ["add_bias_kv", "add_zero_attn"])
def test_what_keras_cannot_do_is_refused(parity, tokens, option):
    with pytest.raises(ValueError, match=f"attn has {option}=True"):
        parity(AttentionTorch(**{option: True}), AttentionKeras(), tokens)


def test_layer_norm_in_a_transformer(parity, tokens):
    layer = nn.TransformerEncoderLayer(E, HEADS, 8, batch_first=True)
    inputs = L.Input((T, E))
    x = L.Add()([inputs, L.MultiHeadAttention(HEADS, E // HEADS)(inputs, inputs)])
    x = L.LayerNormalization(epsilon=1e-6)(x)
    y = L.Dense(E)(L.Dense(8, activation="relu")(x))
    port = keras.Model(inputs, L.LayerNormalization(epsilon=1e-6)(L.Add()([x, y])))
    assert parity.report(layer, port, tokens).findings[0].change == "epsilon=1e-05"
