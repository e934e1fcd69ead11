"""Shapes in which clipping without effect was reported, each with its fixed twin."""

import torch as th
from torch import nn

# -- as reported in awslabs/graphstorm#1366: a trainer with an option ------------------------------


class NodeTrainer:
    def __init__(self, model):
        self._model = model
        self.optimizer = th.optim.Adam(model.parameters())

    def fit(self, loader, max_grad_norm=None, grad_norm_type=2.0):
        for input_nodes, labels in loader:
            loss = self._model(input_nodes, labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if max_grad_norm is not None:
                th.nn.utils.clip_grad_norm_(  # XFR227
                    self._model.parameters(), max_grad_norm, grad_norm_type
                )

    def fit_fixed(self, loader, max_grad_norm=None, grad_norm_type=2.0):
        for input_nodes, labels in loader:
            loss = self._model(input_nodes, labels)
            self.optimizer.zero_grad()
            loss.backward()
            if max_grad_norm is not None:
                th.nn.utils.clip_grad_norm_(self._model.parameters(), max_grad_norm, grad_norm_type)
            self.optimizer.step()


# -- as reported in jongwook/onsets-and-frames#24: after the scheduler ------------------------------


def train(model, optimizer, scheduler, loop, batches, clip_gradient_norm):
    for i, batch in zip(loop, batches):
        predictions, losses = model.run_on_batch(batch)
        loss = sum(losses.values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        if clip_gradient_norm:
            nn.utils.clip_grad_norm_(model.parameters(), clip_gradient_norm)  # XFR227


def train_fixed(model, optimizer, scheduler, loop, batches, clip_gradient_norm):
    for i, batch in zip(loop, batches):
        predictions, losses = model.run_on_batch(batch)
        loss = sum(losses.values())
        optimizer.zero_grad()
        loss.backward()
        if clip_gradient_norm:
            nn.utils.clip_grad_norm_(model.parameters(), clip_gradient_norm)
        optimizer.step()
        scheduler.step()


# -- as reported in VGraphRNN/VGRNN#4: no batches, a call a snapshot --------------------------------


def graphs(model, snapshots):
    optimizer = th.optim.Adam(model.parameters(), lr=1e-2)
    for k in range(1000):
        optimizer.zero_grad()
        kld_loss, nll_loss, _, _, hidden_st = model(snapshots)
        loss = kld_loss + nll_loss
        loss.backward()
        optimizer.step()
        th.nn.utils.clip_grad_norm_(model.parameters(), 10)  # XFR227


def graphs_fixed(model, snapshots):
    optimizer = th.optim.Adam(model.parameters(), lr=1e-2)
    for k in range(1000):
        optimizer.zero_grad()
        kld_loss, nll_loss, _, _, hidden_st = model(snapshots)
        loss = kld_loss + nll_loss
        loss.backward()
        th.nn.utils.clip_grad_norm_(model.parameters(), 10)
        optimizer.step()
