import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 2), nn.Softmax())  # XFR942
        self.out = nn.LogSoftmax()  # XFR942
        self.right = nn.LogSoftmax(1)

    def forward(self, x):
        x = self.body(x)
        return self.out(x), self.right(x), F.log_softmax(x), F.softmax(x, 1)  # XFR942


print(F.softmin(torch.randn(2, 3)))  # XFR942
print(F.gumbel_softmax(torch.randn(2, 3)))
