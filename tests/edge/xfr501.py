import pytest
import torch
from torch import nn
from torch.nn import Conv2d

STRIDE = 2


class Net(nn.Module):
    def __init__(self, stride=1, padding="same"):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, stride=2, padding="same")  # XFR501
        self.b = nn.Conv2d(3, 8, 3, 2, "same")  # XFR501
        self.c = Conv2d(3, 8, 3, (1, 2), padding="same")  # XFR501
        self.d = nn.Conv1d(3, 8, 3, stride=STRIDE, padding="same")  # XFR501
        self.e = nn.LazyConv2d(8, 3, stride=2, padding="same")  # XFR501
        self.f = nn.MaxPool2d(2, padding="same")  # XFR501
        self.g = nn.AvgPool1d(3, 2, "same")  # XFR501
        self.h = nn.ConvTranspose2d(3, 8, 3, stride=2, padding="same")  # XFR501
        self.i = nn.MaxPool2d(2, 2, "valid")  # XFR501
        self.right = nn.ModuleList(
            [
                nn.Conv2d(3, 8, 3, padding="same"),
                nn.Conv2d(3, 8, 3, stride=1, padding="same"),
                nn.Conv2d(3, 8, 3, stride=(1, 1), padding="same"),
                nn.Conv2d(3, 8, 3, stride=stride, padding="same"),
                nn.Conv2d(3, 8, 3, stride=2, padding=padding),
                nn.Conv2d(3, 8, 3, stride=2, padding="valid"),
                nn.Conv2d(3, 8, 3, stride=2, padding=1),
                nn.MaxPool2d(2, padding=1, ceil_mode=True),
                nn.MaxPool2d(2, padding=padding),
                nn.ConvTranspose2d(3, 8, 3, stride=2, padding=1),
            ]
        )


# notebook style
net = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 5, 2, padding="same"), torch.nn.ReLU())  # XFR501
with pytest.raises(ValueError):
    nn.Conv2d(3, 8, 3, stride=2, padding="same")
