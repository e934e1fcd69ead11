"""Shapes in which a layout changed by reshape was reported, each with its fixed twin."""

import numpy as np
import torch
from torch import nn

# -- as reported in ohtlab/headpose-fsanet-pytorch#10: a feature map as a list of pixels ----------


class Capsules(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 3)
        self.fc = nn.Linear(64, 3)

    def forward(self, x):
        uk = self.conv(x)
        batch, channels, h, w = uk.shape
        uk = uk.view(batch, h * w, channels)  # XFR508
        return self.fc(uk)


class CapsulesFixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 3)
        self.fc = nn.Linear(64, 3)

    def forward(self, x):
        uk = self.conv(x)
        batch, channels, h, w = uk.shape
        uk = uk.permute(0, 2, 3, 1).reshape(batch, h * w, channels)
        return self.fc(uk)


# -- as asked in pytorch/vision#676: "instead of calling view()" -----------------------------------


def to_tensor(pic):
    img = torch.from_numpy(np.array(pic, np.uint8))
    height, width, nchannel = img.shape
    return img.view(nchannel, height, width).float().div(255)  # XFR508


def to_tensor_fixed(pic):
    img = torch.from_numpy(np.array(pic, np.uint8))
    height, width, nchannel = img.shape
    return img.view(height, width, nchannel).permute(2, 0, 1).float().div(255)
