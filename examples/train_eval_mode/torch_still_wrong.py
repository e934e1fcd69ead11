"""torch_wrong.py after hearing of `eval()`: now the training is without dropout.

Run with `python examples/train_eval_mode/torch_still_wrong.py`; `torch_right.py` is repaired.
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


class FunctionalNet(Net):
    """Dropout as a function, which knows nothing of the model's mode."""

    def forward(self, x):
        x = F.relu(self.norm(self.hidden(x)))
        return self.out(F.dropout(x, 0.5))  # XFR310


def train_step(model: Net, optimizer: torch.optim.Optimizer, x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def train(model: Net, x, y, x_val, y_val, epochs=30, batch=32):
    """`fit` goes back to training mode after each validation; here nobody does."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    dropout_on = 0
    model.train()
    for _ in range(epochs):
        dropout_on += model.drop.training
        for start in range(0, len(x), batch):
            train_step(model, optimizer, x[start : start + batch], y[start : start + batch])
        model.eval()  # XFR302
        with torch.no_grad():
            validation = (model(x_val).argmax(dim=1) == y_val).float().mean().item()
    with torch.no_grad():
        training = (model(x).argmax(dim=1) == y).float().mean().item()
    print(f"epochs with dropout on: {dropout_on} of {epochs}")
    print(f"accuracy: training {training:.2f}, validation {validation:.2f}")


def main():
    torch.manual_seed(0)
    x, y = map(torch.as_tensor, make_data())
    model = Net()
    train(model, x[:128], y[:128], x[128:], y[128:])

    model = FunctionalNet().eval()
    with torch.no_grad():
        first, second = model(x), model(x)
    print(f"F.dropout rests after eval(): {torch.equal(first, second)}")


if __name__ == "__main__":
    main()
