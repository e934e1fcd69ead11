"""Shapes in which parameters that are none were reported, each with its fixed twin."""

import torch
import torch.nn as nn

# -- as reported in pytorch/pytorch#20089, #17484 and #94828 ------------------------------------------


class Gpu(nn.Module):
    def __init__(self):
        super(Gpu, self).__init__()
        self.w = nn.Parameter(torch.ones(10)).cuda()  # XFR115
        self.par = torch.nn.Parameter(torch.rand(5)).to("cuda")  # XFR115
        self.t = torch.nn.Parameter(torch.rand(10), requires_grad=True).cuda()  # XFR115
        self.linear = nn.Linear(10, 20)

    def forward(self, x):
        return self.linear(self.t * self.w + x) * self.par.sum()


class GpuFixed(nn.Module):
    def __init__(self):
        super(GpuFixed, self).__init__()
        self.w = nn.Parameter(torch.ones(10).cuda())
        self.par = torch.nn.Parameter(torch.rand(5, device="cuda"))
        self.t = torch.nn.Parameter(torch.rand(10), requires_grad=True)
        self.linear = nn.Linear(10, 20)

    def forward(self, x):
        return self.linear(self.t * self.w + x) * self.par.sum()


# -- as reported in shenweichen/DeepCTR-Torch#87: a device from outside, the initialisation behind it --


class Linear(nn.Module):
    def __init__(self, feature_columns, init_std=0.0001, device="cpu"):
        super(Linear, self).__init__()
        if len(feature_columns) > 0:
            self.weight = nn.Parameter(torch.Tensor(len(feature_columns), 1)).to(device)  # XFR115
            torch.nn.init.normal_(self.weight, mean=0, std=init_std)

    def forward(self, x):
        return x.matmul(self.weight)


class LinearFixed(nn.Module):
    def __init__(self, feature_columns, init_std=0.0001, device="cpu"):
        super(LinearFixed, self).__init__()
        if len(feature_columns) > 0:
            self.weight = nn.Parameter(torch.Tensor(len(feature_columns), 1).to(device))
            torch.nn.init.normal_(self.weight, mean=0, std=init_std)

    def forward(self, x):
        return x.matmul(self.weight)


# -- as discussed in d2l-ai/d2l-en#1713: a product is no parameter ------------------------------------


class Scores(nn.Module):
    def __init__(self, num_hiddens):
        super().__init__()
        self.W1 = nn.Parameter(torch.randn(num_hiddens, num_hiddens)) * 0.01  # XFR115

    def forward(self, x):
        return x @ self.W1


class ScoresFixed(nn.Module):
    def __init__(self, num_hiddens):
        super().__init__()
        self.W1 = nn.Parameter(torch.randn(num_hiddens, num_hiddens) * 0.01)

    def forward(self, x):
        return x @ self.W1
