"""Training mode and evaluation mode: PyTorch.

Run with `python examples/train_eval_mode/torch_right.py`; `keras_right.py` is its port.
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


def predict(model: Net, x):
    model.eval()
    with torch.no_grad():
        return model(x)


def accuracy(model: Net, x, y):
    return (predict(model, x).argmax(dim=1) == y).float().mean().item()


def train(model: Net, x, y, x_val, y_val, epochs=30, batch=32):
    """Train, validating after each epoch; returns in how many epochs dropout was on."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    dropout_on = 0
    for _ in range(epochs):
        model.train()
        dropout_on += model.drop.training
        for start in range(0, len(x), batch):
            train_step(model, optimizer, x[start : start + batch], y[start : start + batch])
        validation = accuracy(model, x_val, y_val)
    print(f"epochs with dropout on: {dropout_on} of {epochs}")
    print(f"accuracy: training {accuracy(model, x, y):.2f}, validation {validation:.2f}")


def main():
    torch.manual_seed(0)
    x, y = map(torch.as_tensor, make_data())
    model = Net()
    train(model, x[:128], y[:128], x[128:], y[128:])

    first, second = predict(model, x[128:]), predict(model, x[128:])
    print(f"the same question twice, the same answer: {torch.equal(first, second)}")
    alone = torch.cat([predict(model, point[None]) for point in x[128:]])
    print(f"one point's answer depends on its batch: {not torch.allclose(alone, first, atol=1e-4)}")


if __name__ == "__main__":
    main()
