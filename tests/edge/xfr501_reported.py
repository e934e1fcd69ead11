"""Shapes in which padding="same" with a stride was reported, each with its fixed twin."""

from torch import nn

# -- as reported in pytorch/pytorch#67551 ----------------------------------------------------------

strided = nn.Conv2d(1, 4, kernel_size=5, stride=2, padding="same")  # XFR501
strided_fixed = nn.Conv2d(1, 4, kernel_size=5, stride=2, padding=2)


class Stem(nn.Module):
    def __init__(self, width, kernel=3):
        super().__init__()
        self.conv = nn.Conv2d(3, width, kernel, 2, "same", bias=False)  # XFR501
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return self.norm(self.conv(x))


class StemFixed(nn.Module):
    def __init__(self, width, kernel=3):
        super().__init__()
        self.pad = nn.ZeroPad2d((0, 1, 0, 1))
        self.conv = nn.Conv2d(3, width, kernel, 2, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return self.norm(self.conv(self.pad(x)))
