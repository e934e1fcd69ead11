"""Shapes in which layers that are never trained were reported, each with its fixed twin."""

import torch
from torch import nn

# -- as reported in wangyida/softpool#11: made, moved and only then used ---------------------------


class SoftPool(nn.Module):
    def __init__(self, regions=16, cabins=8):
        super(SoftPool, self).__init__()
        self.regions = regions
        self.num_cabin = cabins

    def forward(self, x):
        [self.size_bth, self.size_feat, self.pnt] = list(x.shape)
        conv2d_1 = nn.Conv2d(self.size_feat, self.size_feat, kernel_size=(1, 3)).cuda()  # XFR109
        conv2d_5 = nn.Conv2d(  # XFR109
            self.size_feat, self.size_feat, kernel_size=(self.regions, 1), stride=(1, 1)
        ).cuda()
        return conv2d_5(conv2d_1(x.unsqueeze(2)))


class SoftPoolFixed(nn.Module):
    def __init__(self, size_feat, regions=16, cabins=8):
        super(SoftPoolFixed, self).__init__()
        self.conv2d_1 = nn.Conv2d(size_feat, size_feat, kernel_size=(1, 3))
        self.conv2d_5 = nn.Conv2d(size_feat, size_feat, kernel_size=(regions, 1), stride=(1, 1))

    def forward(self, x):
        return self.conv2d_5(self.conv2d_1(x.unsqueeze(2)))


# -- as reported in graykode/nlp-tutorial#29: the output projection of attention -------------------


class MultiHeadAttention(nn.Module):
    def __init__(self, n_heads, d_v, d_model):
        super().__init__()
        self.n_heads, self.d_v, self.d_model = n_heads, d_v, d_model
        self.W_V = nn.Linear(d_model, d_v * n_heads)

    def forward(self, V, residual):
        context = self.W_V(V)
        output = nn.Linear(self.n_heads * self.d_v, self.d_model)(context)  # XFR109
        return nn.LayerNorm(self.d_model)(output + residual)  # XFR109


class MultiHeadAttentionFixed(nn.Module):
    def __init__(self, n_heads, d_v, d_model):
        super().__init__()
        self.W_V = nn.Linear(d_model, d_v * n_heads)
        self.linear = nn.Linear(n_heads * d_v, d_model)
        self.layer_norm = nn.LayerNorm(d_model)

    def forward(self, V, residual):
        return self.layer_norm(self.linear(self.W_V(V)) + residual)


# -- as reported in lafith/Mobile-UNet#1: a shortcut of another width ------------------------------


class InvertedResidualBlock(nn.Module):
    def __init__(self, in_c, out_c, stride):
        super().__init__()
        self.in_c, self.out_c, self.stride = in_c, out_c, stride
        self.conv = nn.Sequential(nn.Conv2d(in_c, out_c, 1), nn.BatchNorm2d(out_c))

    def forward(self, x):
        if self.stride == 1:
            if self.in_c != self.out_c:
                x = nn.Conv2d(self.in_c, self.out_c, 1, 1, 0)(x) + self.conv(x)  # XFR109
            else:
                x = x + self.conv(x)
            return x
        return self.conv(x)


class InvertedResidualBlockFixed(nn.Module):
    def __init__(self, in_c, out_c, stride):
        super().__init__()
        self.stride = stride
        self.conv = nn.Sequential(nn.Conv2d(in_c, out_c, 1), nn.BatchNorm2d(out_c))
        self.shortcut = nn.Conv2d(in_c, out_c, 1) if in_c != out_c else nn.Identity()

    def forward(self, x):
        if self.stride == 1:
            return self.shortcut(x) + self.conv(x)
        return self.conv(x)


# -- as reported in pytorch/pytorch#1291: sizes from outside the class -----------------------------

D_in, H, D_out = 1000, 100, 10


class ThreeLayerNet(torch.nn.Module):
    def __init__(self):
        super().__init__()

    def forward(self, x):
        h_relu = torch.nn.Linear(D_in, H)(x).clamp(min=0)  # XFR109
        return torch.nn.Linear(H, D_out)(h_relu)  # XFR109


class ThreeLayerNetFixed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear1, self.linear2 = torch.nn.Linear(D_in, H), torch.nn.Linear(H, D_out)

    def forward(self, x):
        return self.linear2(self.linear1(x).clamp(min=0))
