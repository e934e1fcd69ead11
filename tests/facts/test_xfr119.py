"""XFR119: torch's layers refuse Keras' arguments."""

from __future__ import annotations

import pytest
from support import rule, run

from flake8_gradferry.rules.model.xfr119 import _CLASSES, _INSTEAD

torch = pytest.importorskip("torch")

PAGE = rule("XFR119").page


def test_the_input_size_is_missing() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'out_features'"):
        run(PAGE.bad[0])
    assert run(PAGE.good[0])["layer"].in_features == 784


def test_keywords_are_unexpected() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'strides'"):
        run(PAGE.bad[1])
    layer = run(PAGE.good[1])["layer"]
    assert (layer.stride, layer.bias) == ((2, 2), None)


@pytest.mark.parametrize("name", _CLASSES.split())
def test_no_layer_knows_a_keyword_of_keras(name: str) -> None:
    import inspect

    cls = getattr(torch.nn, name)
    base = torch.nn.RNNBase if issubclass(cls, torch.nn.RNNBase) else cls
    taken = set(inspect.signature(base.__init__).parameters) & set(_INSTEAD)
    assert taken == set()


def test_causal_is_no_padding() -> None:
    with pytest.raises(ValueError, match="Invalid padding string"):
        torch.nn.Conv1d(3, 8, 3, padding="causal")
