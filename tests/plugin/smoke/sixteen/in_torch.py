"""The sixteen bugs in torch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from . import Bug, Loop

CLASSES, FEATURES, SAMPLES = 3, 16, 8


class Net(nn.Module):
    def __init__(self, outputs: int = CLASSES) -> None:
        super().__init__()
        self.a, self.drop, self.b = nn.Linear(FEATURES, 8), nn.Dropout(0.1), nn.Linear(8, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.b(self.drop(torch.relu(self.a(x))))


class Softmaxed(Net):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).softmax(-1)


class PlainList(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = [nn.Linear(FEATURES, 8)]
        self.b = nn.Linear(8, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.b(torch.relu(self.hidden[0](x)))


class Detached(Net):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.b(self.drop(torch.relu(self.a(x)).detach()))


class AlwaysDrops(Net):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.b(F.dropout(torch.relu(self.a(x)), 0.5))


class MixesBatch(Net):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.t().reshape(SAMPLES, FEATURES))


GOOD = "zero forward backward step"


def loop(
    order: str = GOOD,
    model: nn.Module | None = None,
    lr: float = 0.1,
    loss: Callable[..., Any] = F.cross_entropy,
    held: Callable[[nn.Module], nn.Module] = lambda model: model,
    targets: torch.Tensor | None = None,
) -> Loop:
    """A loop that does what `order` says; `held` picks whose parameters the optimizer gets."""
    model = Net() if model is None else model
    optimizer = torch.optim.SGD(held(model).parameters(), lr=lr)

    def step(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        value = torch.zeros(())
        for what in order.split():
            match what:
                case "zero":
                    optimizer.zero_grad()
                case "forward":
                    value = loss(model(x), y)
                case "backward":
                    value.backward()
                case "step":
                    optimizer.step()
                case "eval":
                    model.eval()
        return value.detach()

    x = torch.randn(SAMPLES, FEATURES)
    y = torch.arange(SAMPLES) % CLASSES if targets is None else targets
    return Loop(model, optimizer, step, loss, x, y)


def sound() -> Loop:
    return loop()


BUGS: dict[str, Bug] = {
    "no zero_grad": (lambda: loop("forward backward step"), "fresh-gradients", "never clears"),
    "zero_grad between backward and step": (
        lambda: loop("forward backward zero step"),
        "updates",
        "cleared between the backward pass and the optimizer's step",
    ),
    "no optimizer.step()": (lambda: loop("zero forward backward"), "updates", "no optimizer was"),
    "no backward()": (lambda: loop("zero forward step"), "gradients", "never runs a backward"),
    "model left in eval() in the loop": (
        lambda: loop("eval " + GOOD),
        "modes",
        "Net.training is False while the step trains it",
    ),
    "softmax before cross_entropy": (
        lambda: loop(model=Softmaxed()),
        "loss-input",
        "it is given probabilities",
    ),
    "loss sign flipped": (
        lambda: loop(loss=lambda out, y: -F.cross_entropy(out, y)),
        "learns",
        "sign of the loss is flipped",
    ),
    "(N,1) vs (N,) broadcast in MSE": (
        lambda: loop(model=Net(1), loss=F.mse_loss, targets=torch.randn(SAMPLES)),
        "shapes",
        "each output is compared with every target",
    ),
    "optimizer built before deepcopy": (
        lambda: loop(held=copy.deepcopy),
        "updates",
        "are not this model's",
    ),
    "half the params not in optimizer": (
        lambda: loop(held=lambda model: model.b),
        "updates",
        "no optimizer holds them",
    ),
    "lr = 0": (lambda: loop(lr=0.0), "updates", "the learning rate is 0"),
    "lr = 1e4": (lambda: loop(lr=1e4), "finite", "is too high"),
    "layers in a python list": (
        lambda: loop(model=PlainList()),
        "updates",
        "the layers stand in the plain list hidden",
    ),
    ".detach() between layers": (
        lambda: loop(model=Detached()),
        "gradients",
        "the graph is cut between a and b",
    ),
    "F.dropout without training=": (
        lambda: loop(model=AlwaysDrops()),
        "modes",
        "dropout is applied whatever the mode",
    ),
    "view() mixes the batch": (
        lambda: loop(model=MixesBatch()),
        "batch-independence",
        "with other samples in the batch",
    ),
}
