"""Shapes in which a loss made a new leaf was reported, each with its fixed twin."""

import torch
import torch.nn as nn
from torch.autograd import Variable

# -- as advised in huggingface/torchMoji#21: to get rid of "does not require grad" --------------------


def finetune(model, loader, optim):
    loss_op = nn.BCEWithLogitsLoss()
    for x, y in loader:
        optim.zero_grad()
        outputs = model(x)
        loss = loss_op(outputs, y)
        loss = Variable(loss, requires_grad=True)
        loss.backward()  # XFR220
        optim.step()


def finetune_fixed(model, loader, optim):
    loss_op = nn.BCEWithLogitsLoss()
    for x, y in loader:
        optim.zero_grad()
        outputs = model(x)
        loss = loss_op(outputs, y)
        loss.backward()
        optim.step()


# -- as asked in speechbrain/speechbrain#735: in the method that computes the loss ---------------------


class Brain:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters())

    def compute_objectives(self, predict, clean):
        loss = nn.functional.mse_loss(predict, clean)
        loss = torch.tensor(loss.item(), requires_grad=True)
        return loss

    def fit_batch(self, noisy, clean):
        loss = self.compute_objectives(self.model(noisy), clean)
        self.optimizer.zero_grad()
        loss.backward()  # XFR220
        self.optimizer.step()


class BrainFixed:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters())

    def compute_objectives(self, predict, clean):
        return nn.functional.mse_loss(predict, clean)

    def fit_batch(self, noisy, clean):
        loss = self.compute_objectives(self.model(noisy), clean)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def compute_loss_pi(data):
    """To be written by the student: nothing is known of it."""
    return loss_pi


def update(batch, optimizer):
    optimizer.zero_grad()
    loss_pi = compute_loss_pi(batch)
    loss_pi.backward()
    optimizer.step()
