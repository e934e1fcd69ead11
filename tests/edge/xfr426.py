from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn import BatchNorm1d as BN

BN_MOMENTUM = 0.8
EPS = 1e-3


def block(in_feat, out_feat, normalize=True):
    layers = [nn.Linear(in_feat, out_feat)]
    if normalize:
        layers.append(nn.BatchNorm1d(out_feat, 0.8))  # XFR426
    layers.append(nn.LeakyReLU(0.2, inplace=True))
    return layers


def right_block(in_feat, out_feat, normalize=True):
    layers = [nn.Linear(in_feat, out_feat)]
    if normalize:
        layers.append(nn.BatchNorm1d(out_feat, momentum=0.2))
    return layers


class Generator(nn.Module):
    def __init__(self, norm=partial(nn.BatchNorm2d, momentum=0.01), bn_momentum=0.1, bn_eps=1e-5):
        super().__init__()
        self.bn_eps = bn_eps
        self.momentum = bn_momentum
        self.model = nn.Sequential(
            nn.Conv2d(3, 16, 3),
            nn.InstanceNorm2d(16, 0.8),  # XFR426
            nn.BatchNorm2d(16, 0.99),  # XFR426
            nn.BatchNorm2d(16, BN_MOMENTUM),  # XFR426
            nn.BatchNorm2d(16, bn_momentum),  # XFR426
            nn.BatchNorm2d(16, self.momentum),  # XFR426
            nn.BatchNorm2d(16, True),  # XFR426
            nn.BatchNorm2d(16, momentum=self.bn_eps),  # XFR426
            nn.BatchNorm2d(16, eps=self.momentum),  # XFR426
            nn.LazyBatchNorm2d(0.1),  # XFR426
            nn.GroupNorm(4, 16, 0.1),  # XFR426
            nn.LayerNorm(16, False),  # XFR426
        )
        self.right = nn.Sequential(
            nn.InstanceNorm2d(16, 1e-5),
            nn.BatchNorm2d(16, 1e-3, 0.01),
            nn.BatchNorm2d(16, EPS),
            nn.BatchNorm2d(16, self.bn_eps, self.momentum),
            nn.BatchNorm2d(16, momentum=self.momentum, eps=self.bn_eps),
            nn.BatchNorm2d(16, eps=0.8),
            nn.LazyBatchNorm2d(momentum=0.1),
            nn.GroupNorm(4, 16),
            nn.LayerNorm(16, 1e-6),
            norm(16),
        )


class Deep(nn.Module):
    def __init__(self, cfg, momentum):
        super().__init__()
        self.norms = nn.ModuleList([BN(n, cfg.bn_momentum) for n in cfg.sizes])  # XFR426
        self.other = nn.ModuleList([BN(n, cfg["momentum"]) for n in cfg.sizes])  # XFR426
        self.fine = nn.ModuleList([BN(n, cfg.value) for n in cfg.sizes])
        self.both = BN(8, momentum, 0.1)
        make = partial(BN, 8, 0.9)  # XFR426
        self.more = make(affine=False)
        self.unseen = nn.Sequential(BN(*cfg.args), BN(8, **cfg.options), partial(*cfg.args)())


# notebook style, the port of keras' BatchNormalization(momentum=0.8) and (-1, 0.8)
net = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.BatchNorm1d(8, 0.8))  # XFR426
y = F.batch_norm(torch.ones(2, 8), torch.zeros(8), torch.ones(8), None, None, True, 0.8)
