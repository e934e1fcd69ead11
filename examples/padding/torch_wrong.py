"""keras_right.SamePadded ported to PyTorch with the paddings that suggest themselves.

Run with `python examples/padding/torch_wrong.py`; `torch_right.SamePadded` is the repaired port.
"""

import torch
import torch.nn.functional as F
from torch import nn


class SamePadded(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, stride=2, padding=1)  # XFR502
        self.conv2 = nn.Conv2d(4, 8, 3, stride=2, padding=1)  # XFR502
        self.out = nn.Linear(8 * 4 * 4, 3)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        return self.out(x.flatten(1))


def same_by_name():
    """PyTorch knows the word too, but not together with a stride."""
    return nn.Conv2d(1, 4, 3, stride=2, padding="same")  # XFR501


def main():
    try:
        same_by_name()
    except ValueError as error:
        print(f"first attempt: {type(error).__name__}: {error}")
    model = SamePadded()
    print(f"second attempt: the shapes fit, {tuple(model(torch.zeros(1, 1, 16, 16)).shape)}")
    seen = F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), stride=2, padding=1)[0, 0]
    print(f'  pixels seen: {seen.int().tolist()}, by Keras\' "same": [[9, 6], [6, 4]]')


if __name__ == "__main__":
    main()
