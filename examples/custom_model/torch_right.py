"""A model of one's own and its training loop: PyTorch.

Run with `python examples/custom_model/torch_right.py`; `keras_right.py` is its port.
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
        self.hidden = nn.ModuleList([nn.Linear(8, 32), nn.Linear(32, 32)])
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(32, 3)

    def forward(self, x):
        for layer in self.hidden:
            x = self.drop(F.relu(layer(x)))
        return self.out(x)


def train_step(model: Classifier, optimizer: torch.optim.Optimizer, x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
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


def main():
    torch.manual_seed(0)
    x, y = map(torch.as_tensor, make_data())
    model = Classifier()
    print(f"parameters the optimizer gets: {sum(p.numel() for p in model.parameters())}")
    print(f"last loss {train(model, x, y):.3f}, accuracy {accuracy(model, x, y):.2f}")


if __name__ == "__main__":
    main()
