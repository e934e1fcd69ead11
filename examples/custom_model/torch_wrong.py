"""keras_right.py ported to PyTorch word by word: what goes wrong, and none of it raises.

Run with `python examples/custom_model/torch_wrong.py`; `torch_right.py` is the repaired port.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def make_data(samples=256):
    """Points (samples, 8) and their classes: 0, 1 or 2."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, 8)).astype("float32")
    return x, (np.abs(x) @ rng.normal(size=(8, 3))).argmax(axis=1)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = [nn.Linear(8, 32), nn.Linear(32, 32)]  # XFR106
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(32, 3)

    def forward(self, x):
        for layer in self.hidden:
            x = self.drop(F.relu(layer(x)))
        return self.out(x)


def train_step(model: Classifier, optimizer: torch.optim.Optimizer, x, y):
    """A new tape each step has no gradients to clear; `.grad` keeps adding them up."""
    loss = F.cross_entropy(model(x), y)
    loss.backward()  # XFR202
    optimizer.step()
    return loss


def step_clearing_too_late(model: Classifier, optimizer: torch.optim.Optimizer, x, y):
    """The line was added where there was room: the step finds no gradients."""
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.zero_grad()  # XFR205
    optimizer.step()
    return loss


def train(model: Classifier, x, y, epochs=20, batch=32):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model.train()
    for _ in range(epochs):
        for start in range(0, len(x), batch):
            loss = train_step(model, optimizer, x[start : start + batch], y[start : start + batch])
    return loss.item()


def accuracy(model: Classifier, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(dim=1) == y).float().mean().item()


def new_model():
    torch.manual_seed(0)
    model = Classifier()
    return model, [layer.weight.detach().clone() for layer in (*model.hidden, model.out)]


def moved(model: Classifier, before):
    after = [layer.weight for layer in (*model.hidden, model.out)]
    return [not torch.equal(old, new) for old, new in zip(before, after, strict=True)]


def main():
    x, y = map(torch.as_tensor, make_data())
    model, before = new_model()
    print(f"parameters the optimizer gets: {sum(p.numel() for p in model.parameters())}")
    loss = train(model, x, y)
    print(f"never clearing: last loss {loss:.3f}, accuracy {accuracy(model, x, y):.2f}")
    print(f"  layers that moved: {moved(model, before)}")

    model, before = new_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(100):
        loss = step_clearing_too_late(model, optimizer, x, y).item()
    print(f"clearing too late: last loss {loss:.3f}, accuracy {accuracy(model, x, y):.2f}")
    print(f"  layers that moved: {moved(model, before)}")


if __name__ == "__main__":
    main()
