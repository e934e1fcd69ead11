"""XFR113: every entry of the tables of torch's methods, hidden by an attribute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support import rule, run

from flake8_gradferry.model.reserved import TORCH_METHODS, TORCH_OTHER_METHODS

torch = pytest.importorskip("torch")

PAGE = rule("XFR113").page

ACTIONS: list[Callable[[Any], Any]] = [
    lambda net: net(torch.ones(1, 2)),
    lambda net: net.train(),
    lambda net: net.eval(),
    lambda net: net.to("cpu"),
    lambda net: net.double(),
    lambda net: net.float(),
    lambda net: net.apply(lambda module: None),
    lambda net: torch.optim.SGD(net.parameters(), 0.1),
    lambda net: net.load_state_dict(net.state_dict()),
    lambda net: net.zero_grad(),
]


def make(name: str, value: Any) -> Any:
    class Net(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.out = torch.nn.Linear(2, 2)
            setattr(self, name, value)

        def forward(self, x: Any) -> Any:
            return self.out(x)

    return Net()


def test_bad_cannot_be_trained_or_run() -> None:
    torch.set_num_threads(1)
    net = run(PAGE.bad[0])["Net"]()
    with pytest.raises(TypeError, match="not callable"):
        net.eval()
    with pytest.raises(TypeError, match="not iterable"):
        net(torch.ones(2, 8))


def test_good_runs() -> None:
    net = run(PAGE.good[0])["Net"]().eval()
    assert net(torch.ones(2, 8)).shape == (2, 4)


def use(net: Any) -> None:
    for action in ACTIONS:
        action(net)


@pytest.mark.parametrize("name", sorted(TORCH_METHODS))
def test_torch_calls(name: str) -> None:
    net = make(name, [1])
    with pytest.raises(TypeError, match="not callable"):
        use(net)


@pytest.mark.parametrize("name", sorted(TORCH_METHODS | TORCH_OTHER_METHODS))
def test_a_module_of_that_name_is_out_of_reach(name: str) -> None:
    layer = torch.nn.Linear(2, 2)
    assert getattr(make(name, layer), name) is not layer


@pytest.mark.parametrize("name", ["name", "layers", "weight", "metrics", "type", "training"])
def test_others_are_free(name: str) -> None:
    use(make(name, [1]))
