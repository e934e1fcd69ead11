import keras
import pytest
import torch
import torch.optim as optim
from torch import nn
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

net = nn.Linear(4, 1)
optimizer = optim.Adam(net.parameters())
scheduler = ReduceLROnPlateau(optimizer, "min", patience=5)
scheduler.step()  # XFR415
scheduler.step(0.1)
scheduler.step(metrics=0.1)
StepLR(optimizer, 30).step()


class Trainer:
    def __init__(self, model, plateau):
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        self.scheduler = lr_scheduler.ReduceLROnPlateau(self.optimizer, factor=0.5)
        self.s2 = ReduceLROnPlateau(self.optimizer) if plateau else StepLR(self.optimizer, 30)
        self.s3 = plateau

    def on_epoch_end(self, val_loss):
        self.scheduler.step()  # XFR415
        self.scheduler.step(val_loss)
        self.s2.step()
        self.s3.step()
        self.optimizer.step()


def build(opt):
    return optim.lr_scheduler.ReduceLROnPlateau(opt)


def train(model, batches, extra):
    opt = optim.SGD(model.parameters(), lr=0.1)
    sched = build(opt)
    losses = []
    for batch in batches:
        opt.zero_grad()
        loss = model(batch).mean()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    sched.step()  # XFR415
    sched.step(sum(losses))
    for other in extra:
        other.step()
    return keras.callbacks.ReduceLROnPlateau()


class Quiet(ReduceLROnPlateau):
    def step(self, metrics=0.0):
        super().step(metrics)


reduce_lr = Quiet(optimizer)
reduce_lr.step()
with pytest.raises(TypeError):
    scheduler.step()
