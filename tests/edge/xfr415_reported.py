"""Shapes in which a plateau without its metric was reported, each with its fixed twin."""

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

# -- as reported in victoresque/pytorch-template#89: the scheduler handed to a trainer ----------------


class Trainer:
    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer
        self.lr_scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=3)

    def _train_epoch(self, loader):
        for x, y in loader:
            self.optimizer.zero_grad()
            torch.nn.functional.mse_loss(self.model(x), y).backward()
            self.optimizer.step()
        if self.lr_scheduler is not None:
            self.lr_scheduler.step()  # XFR415


class TrainerFixed:
    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer
        self.lr_scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=3)

    def _train_epoch(self, loader):
        total = 0.0
        for x, y in loader:
            self.optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        if self.lr_scheduler is not None:
            self.lr_scheduler.step(total)


# -- as reported in junyanz/pytorch-CycleGAN-and-pix2pix#495: a list of schedulers, one kind of four --


def get_scheduler(optimizer, opt):
    if opt.lr_policy == "plateau":
        return ReduceLROnPlateau(optimizer, mode="min", factor=0.2, threshold=0.01, patience=5)
    return torch.optim.lr_scheduler.StepLR(optimizer, step_size=50, gamma=0.1)


def update_learning_rate(optimizers, opt, metric):
    schedulers = [get_scheduler(optimizer, opt) for optimizer in optimizers]
    for scheduler in schedulers:
        scheduler.step()


# -- as asked in keris2020/hackathon#81: all its options, and no metric --------------------------------


def main(model, batches, epochs):
    optimizer = torch.optim.Adam(model.parameters())
    scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=0.1, patience=10, min_lr=0)
    for epoch in range(epochs):
        for x, y in batches:
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
        scheduler.step()  # XFR415


def main_fixed(model, batches, epochs):
    optimizer = torch.optim.Adam(model.parameters())
    scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=0.1, patience=10, min_lr=0)
    for epoch in range(epochs):
        for x, y in batches:
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
        scheduler.step(loss.item())
