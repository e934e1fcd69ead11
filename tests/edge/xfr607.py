import math

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k = nn.Linear(8, 8), nn.Linear(8, 8)
        self.softmax = nn.Softmax()
        self.right = nn.Softmax(dim=-1)
        self.conv = nn.Conv2d(8, 4, 3)

    def forward(self, x, mask=None):
        scores = torch.bmm(self.q(x), self.k(x).transpose(1, 2)) / math.sqrt(8)
        scores = scores.masked_fill(mask, -1e9)
        first = F.softmax(scores)  # XFR607
        second = self.softmax(scores)  # XFR607
        return first, second, F.softmax(scores, -1), self.right(scores), F.softmax(scores, dim=2)

    def heads(self, x):
        q = x.view(2, 5, 4, 2).transpose(1, 2)
        weights = F.softmax(torch.matmul(q, q.transpose(-2, -1)))  # XFR607
        return weights, F.log_softmax(torch.einsum("bqd,bkd->bqk", x, x))  # XFR607

    def segment(self, image):
        return F.softmax(self.conv(image))  # XFR607

    def segment_rightly(self, image):
        return F.softmax(self.conv(image), dim=1)


def options(x, **kwargs):
    scores = torch.bmm(x, x)
    return F.softmax(scores, **kwargs), F.softmax(*scores)


def shapes(x, sizes):
    weights = F.softmax(torch.randn(2, 3, 4))  # XFR607
    weights = F.softmax(x.bmm(x) + torch.zeros(2, 3, 3))  # XFR607
    weights = F.softmax(x.reshape(2, 3, 4).permute(0, 2, 1))  # XFR607
    weights = F.softmax(torch.einsum("bij,bjk->bik", x, x).contiguous())  # XFR607
    weights = F.softmax(x.view(2, 3, 4).matmul(x))  # XFR607
    weights = F.softmax(x.view(*sizes, 4, 2))  # XFR942
    return F.softmax(torch.randn(2, 3)), weights  # XFR942
