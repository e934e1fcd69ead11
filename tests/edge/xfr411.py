import keras
import lightning as L
import torch
import torch.nn as tnn
import torch.optim as optim
from torch.optim import Adam


class Trainer:
    def __init__(self, model, lr, optimizer=None):
        self.lr = lr
        self.optimizer = Adam(model.parameters(), lr=lr)
        self.other = optimizer or torch.optim.SGD(model.parameters(), lr)
        self.given = optimizer

    def decay(self, epoch):
        self.lr = self.lr * 0.9
        self.optimizer.lr = self.lr  # XFR411
        self.other.learning_rate = self.lr  # XFR411
        self.given.lr = self.lr

    def right(self):
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr
        self.optimizer.param_groups[0]["lr"] = self.lr

    def wrong(self):
        self.optimizer.param_groups["lr"] = self.lr  # XFR411
        self.optimizer.lr *= 0.1  # XFR411


def make(model):
    return optim.AdamW(model.parameters(), lr=1e-3)


def warm_up(model, steps):
    opt = make(model)

    def set_rate(step):
        opt.lr = step / steps  # XFR411

    return opt, set_rate


class Lit(L.LightningModule):
    def configure_optimizers(self):
        self.opt = torch.optim.SGD(self.parameters(), lr=0.1)
        return self.opt

    def on_train_epoch_end(self):
        self.opt.lr = 0.01  # XFR411


class Scheduled(optim.SGD):
    def step(self, closure=None):
        for group in self.param_groups:
            group["lr"] = self.lr
        return super().step(closure)


# notebook style
net = tnn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
optimizer.lr = 0.001  # XFR411
opt = Scheduled(net.parameters(), lr=0.1)
opt.lr = 0.01
opt = keras.optimizers.SGD(0.1)
opt.learning_rate = 0.01
config = {}
config["lr"] = 1
net.lr = 1
try:
    optimizer.lr *= 0.5
except AttributeError:
    pass
