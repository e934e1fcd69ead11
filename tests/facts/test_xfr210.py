"""XFR210: gradients of the trainable variables on all variables."""

from __future__ import annotations

import warnings

import pytest
from support import rule, run

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

PAGE = rule("XFR210").page


def moved(program: str) -> dict[str, float]:
    """How far each variable has moved by the optimizer's step."""
    body, _, step = program.partition("gradients = ")
    names = run(body)
    before = [variable.numpy() for variable in names["model"].variables]
    exec("gradients = " + step, names)
    after = names["model"].variables
    return {
        variable.path.partition("/")[2]: float(abs(variable.numpy() - old).sum())
        for variable, old in zip(after, before, strict=True)
    }


def test_bad_moves_a_statistic_and_not_the_second_layer() -> None:
    distances = list(moved(PAGE.bad[0]).values())
    assert distances[2] > 0.1  # the first layer's moving mean
    assert distances[4:] == [0, 0, 0, 0]  # the second layer


def test_good_moves_the_second_layer_and_no_statistic() -> None:
    distances = list(moved(PAGE.good[0]).values())
    assert distances[2] == 0
    assert distances[5] > 0.1


def test_other_shapes_raise() -> None:
    program = PAGE.bad[0].replace("BatchNormalization()]", "Dense(1)]")
    with pytest.raises(Exception, match="Cannot update variable with shape"):
        run(program)


def test_all_variables_on_both_sides_only_warn() -> None:
    program = PAGE.bad[0].replace("trainable_variables", "variables")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        names = run(program)
    assert any("Gradients do not exist" in str(warning.message) for warning in seen)
    assert int(names["optimizer"].iterations) == 1
