import argparse

import keras
import lightning as L
import torch
from keras.optimizers.schedules import CosineDecay, ExponentialDecay, PiecewiseConstantDecay
from torch import nn, optim
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR, OneCycleLR, StepLR

EPOCHS = 90


def train_keras(model, x, y, args, epochs, steps):
    a = CosineDecay(0.1, epochs)  # XFR418
    b = CosineDecay(0.1, decay_steps=args.epochs)  # XFR418
    c = PiecewiseConstantDecay([30, 60, 80], [0.1, 0.01, 0.001, 0.0001])  # XFR418
    d = ExponentialDecay(0.1, decay_steps=EPOCHS, decay_rate=0.1)  # XFR418
    e = ExponentialDecay(0.1, decay_steps=90, decay_rate=0.9)
    f = CosineDecay(0.1, epochs * steps)
    k = CosineDecay(0.1, decay_steps=90)  # XFR418
    g = CosineDecay(0.1, decay_steps=args.steps)
    h = PiecewiseConstantDecay([3000, 6000], [0.1, 0.01, 0.001])
    i = ExponentialDecay(0.1, decay_steps=10000, decay_rate=0.96)
    j = ExponentialDecay(0.1, decay_steps=100, decay_rate=0.96)
    model.compile(keras.optimizers.SGD(a), "mse")
    model.fit(x, y, batch_size=32, epochs=epochs)
    model.fit(x, y, epochs=args.epochs)
    model.fit(x, y, epochs=EPOCHS)
    return a, b, c, d, e, f, g, h, i, j, k


def train_torch(net: nn.Module, loader, args):
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    cosine = CosineAnnealingLR(optimizer, T_max=args.epochs)
    stairs = StepLR(optimizer, step_size=30, gamma=0.1)
    long = StepLR(optimizer, step_size=3000, gamma=0.1)
    several = MultiStepLR(optimizer, milestones=[30, 60])
    cycle = OneCycleLR(optimizer, 0.1, epochs=args.epochs, steps_per_epoch=len(loader))
    whole = CosineAnnealingLR(optimizer, T_max=args.epochs * len(loader))
    for epoch in range(EPOCHS):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(net(x), y).backward()
            optimizer.step()
            cosine.step()  # XFR418
            stairs.step()  # XFR418
            several.step()  # XFR418
            long.step()
            cycle.step()
            whole.step()
        stairs.step()
    return optimizer


class Trainer:
    def __init__(self, net: nn.Module, epochs):
        self.net, self.epochs = net, epochs
        self.optimizer = optim.Adam(net.parameters())
        self.scheduler = CosineAnnealingLR(self.optimizer, epochs)
        self.right = CosineAnnealingLR(self.optimizer, epochs)

    def step(self, batch):
        self.optimizer.zero_grad()
        self.net(batch).mean().backward()
        self.optimizer.step()
        self.scheduler.step()  # XFR418

    def fit(self, loader):
        for epoch in range(1, self.epochs + 1):
            for batch in loader:
                self.step(batch)
            self.right.step()


def full_batch(net: nn.Module, x, epochs):
    optimizer = optim.Adam(net.parameters())
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs)
    for epoch in range(epochs):
        optimizer.zero_grad()
        net(x).mean().backward()
        optimizer.step()
        scheduler.step()


class Lit(L.LightningModule):
    def configure_optimizers(self):
        optimizer = optim.Adam(self.parameters(), lr=1e-3)
        scheduler = CosineAnnealingLR(optimizer, T_max=self.max_epochs)
        cycle = OneCycleLR(optimizer, 0.1, total_steps=self.steps)
        if self.mode == "epoch":
            return [optimizer], [{"scheduler": scheduler, "interval": "epoch"}]
        if self.mode == "cycle":
            return [optimizer], [{"scheduler": cycle, "interval": "step"}]
        return [optimizer], [{"scheduler": scheduler, "interval": "step"}]  # XFR418


# notebook style
args = argparse.ArgumentParser().parse_args()
model = nn.Linear(2, 1)
batches = [torch.ones(16, 2)] * 4
opt = torch.optim.SGD(model.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.StepLR(opt, 5)
for epoch in range(10):
    for batch in batches:
        opt.zero_grad()
        model(batch).mean().backward()
        opt.step()
        sched.step()  # XFR418
