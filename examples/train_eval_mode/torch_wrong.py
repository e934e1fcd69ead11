"""keras_right.py ported to PyTorch without its modes: the answers are drawn by lot.

Run with `python examples/train_eval_mode/torch_wrong.py`; `torch_still_wrong.py` comes next.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def make_data(samples=384):
    """Points (samples, 20) far from the origin, and their classes: 0, 1 or 2."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, 20))
    y = (x @ rng.normal(size=(20, 3)) + rng.normal(size=(samples, 3))).argmax(axis=1)
    return (3 * x + 5).astype("float32"), y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(20, 64)
        self.norm = nn.BatchNorm1d(64)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(64, 3)

    def forward(self, x):
        return self.out(self.drop(F.relu(self.norm(self.hidden(x)))))


def train_step(model: Net, optimizer: torch.optim.Optimizer, x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def train(model: Net, x, y, epochs=30, batch=32):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(epochs):
        for start in range(0, len(x), batch):
            train_step(model, optimizer, x[start : start + batch], y[start : start + batch])


def predict(model: Net, x):
    """`model.predict` switches dropout off by itself; here nobody does."""
    with torch.no_grad():
        return model(x)  # XFR301


def accuracy(logits, y):
    return (logits.argmax(dim=1) == y).float().mean().item()


def main():
    torch.manual_seed(0)
    x, y = map(torch.as_tensor, make_data())
    model = Net()
    train(model, x[:128], y[:128])

    first, second = predict(model, x[128:]), predict(model, x[128:])
    print(f"the same question twice, the same answer: {torch.equal(first, second)}")
    pairs = torch.cat([predict(model, points) for points in x[128:].split(2)])
    print(f"validation accuracy: {accuracy(first, y[128:]):.2f}", end=", ")
    print(f"asked two points at a time: {accuracy(pairs, y[128:]):.2f}")


if __name__ == "__main__":
    main()
