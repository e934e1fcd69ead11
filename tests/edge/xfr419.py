import keras
import torch
from keras.optimizers.schedules import CosineDecay, CosineDecayRestarts
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts

LR = 1e-3
MIN_LR = 1e-6


def keras_schedules(args, steps, final_learning_rate, ratio):
    yield CosineDecay(0.1, steps, alpha=args.min_lr)  # XFR419
    yield CosineDecay(args.lr, steps, args.lr_min)  # XFR419
    yield keras.optimizers.schedules.CosineDecay(LR, steps, alpha=MIN_LR)  # XFR419
    yield CosineDecayRestarts(LR, steps, alpha=final_learning_rate)  # XFR419
    yield CosineDecay(1e-3, decay_steps=1000, alpha=1e-5)  # XFR419
    yield CosineDecay(0.1, steps, alpha=2e-3)  # XFR419
    yield CosineDecay(0.1, steps, alpha=args.min_lr / 0.1)
    yield CosineDecay(LR, steps, alpha=MIN_LR / LR)
    yield CosineDecay(LR, steps, alpha=0.1)
    yield CosineDecay(LR, steps, alpha=0.01)
    yield CosineDecay(LR, steps, alpha=0.0)
    yield CosineDecay(LR, steps, alpha=ratio)
    yield CosineDecay(LR, steps)
    yield CosineDecay(args.lr, steps, alpha=1e-5)


class Trainer:
    def __init__(self, net: nn.Module, lr, epochs):
        self.optimizer = torch.optim.SGD(net.parameters(), lr=LR)
        self.given = torch.optim.SGD(net.parameters(), lr=lr)
        self.s1 = CosineAnnealingLR(self.optimizer, epochs, eta_min=0.2)  # XFR419
        self.s2 = CosineAnnealingLR(self.optimizer, epochs, 0.02)  # XFR419
        self.s3 = CosineAnnealingWarmRestarts(self.optimizer, epochs, eta_min=0.03)  # XFR419
        self.s4 = CosineAnnealingLR(self.optimizer, epochs, eta_min=3e-5)
        self.s5 = CosineAnnealingLR(self.given, epochs, eta_min=0.2)
        self.s6 = CosineAnnealingLR(self.optimizer, epochs, eta_min=LR)
        self.s7 = CosineAnnealingLR(self.optimizer, epochs)
        self.s8 = CosineAnnealingLR(self.given, epochs, eta_min=2e-3)


# notebook style
lr_min = 1e-4
optimizer = keras.optimizers.Adam(CosineDecay(0.01, 500, alpha=lr_min))  # XFR419
