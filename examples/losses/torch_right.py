"""Where the softmax belongs: PyTorch.  The model ends in logits, the loss holds the softmax.

Run with `python examples/losses/torch_right.py`; `keras_right.py` is its port.
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
        return self.out(torch.relu(self.hidden(x)))


loss_fn = nn.CrossEntropyLoss()


def train_step(model: Net, optimizer: torch.optim.Optimizer, x, y):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
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


if __name__ == "__main__":
    main()
