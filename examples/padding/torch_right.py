"""Padding under stride 2: PyTorch, with its own way of padding and with that of Keras.

Run with `python examples/padding/torch_right.py`; `keras_right.py` has the same two models.
"""

import torch
import torch.nn.functional as F
from torch import nn


class EvenlyPadded(nn.Module):
    """Images (N, 1, 16, 16) to three logits; each convolution pads one pixel on every side."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(4, 8, 3, stride=2, padding=1)
        self.out = nn.Linear(8 * 4 * 4, 3)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        return self.out(x.flatten(1))


class SamePadded(nn.Module):
    """The model of a Keras user: "same" pads an even size at the right and at the bottom only."""

    def __init__(self):
        super().__init__()
        self.pad = nn.ZeroPad2d((0, 1, 0, 1))
        self.conv1 = nn.Conv2d(1, 4, 3, stride=2)
        self.conv2 = nn.Conv2d(4, 8, 3, stride=2)
        self.out = nn.Linear(8 * 4 * 4, 3)

    def forward(self, x):
        x = F.relu(self.conv1(self.pad(x)))
        x = F.relu(self.conv2(self.pad(x)))
        return self.out(x.flatten(1))


def main():
    channels = torch.tensor([[[0, 1], [2, 3]], [[10, 11], [12, 13]]])
    print(f"channels 0-3 and 10-13 flattened: {channels.flatten().tolist()}")
    print("pixels of an image of ones that each place of a 3 x 3 kernel sees at stride 2:")
    ones = torch.ones(1, 1, 3, 3)
    for size in 4, 5:
        image = torch.ones(1, 1, size, size)
        evenly = F.conv2d(image, ones, stride=2, padding=1)[0, 0].int().tolist()
        print(f"  {size} x {size}, padding=1: {evenly}")
    same = F.conv2d(F.pad(torch.ones(1, 1, 4, 4), (0, 1, 0, 1)), ones, stride=2)[0, 0]
    print(f'  4 x 4, padded as Keras\' "same": {same.int().tolist()}')


if __name__ == "__main__":
    main()
