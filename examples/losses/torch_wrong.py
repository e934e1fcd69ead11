"""keras_right.py ported with the softmax that Keras models often end in.

Run with `python examples/losses/torch_wrong.py`; `torch_right.py` is the repaired port.
"""

import numpy as np
import torch
from torch import nn


def make_data(samples=512):
    """Points (samples, 16) and the one of ten directions that each points along most."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, 16)).astype("float32")
    return x, (x @ rng.normal(size=(16, 10))).argmax(axis=1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(16, 64)
        self.out = nn.Linear(64, 10)

    def forward(self, x):
        return torch.softmax(self.out(torch.relu(self.hidden(x))), dim=1)


loss_fn = nn.CrossEntropyLoss()


def train_step(model: Net, optimizer: torch.optim.Optimizer, x, y):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)  # XFR401
    loss.backward()
    optimizer.step()
    return loss


def main():
    torch.manual_seed(0)
    x, y = map(torch.as_tensor, make_data())
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = [train_step(model, optimizer, x, y).item() for _ in range(100)]
    print(f"loss of a guess among ten: {np.log(10):.3f}")
    print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}")
    print(f"accuracy {(model(x).argmax(dim=1) == y).float().mean():.2f}")
    print(f"least loss that probabilities can reach: {np.log(1 + 9 / np.e):.3f}")


if __name__ == "__main__":
    main()
