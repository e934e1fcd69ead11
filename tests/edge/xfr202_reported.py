"""Shapes in which a missing zero_grad was reported, each with its fixed twin."""

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.nn.utils import clip_grad_norm_

# -- as reported in yastrebksv/TennisCourtDetector#7 ---------------------------------------------


def train_epoch(model, train_loader, optimizer, criterion, device, epoch, max_iters=1000):
    model.train()
    losses = []
    for iter_id, batch in enumerate(train_loader):
        out = model(batch[0].float().to(device))
        loss = criterion(F.sigmoid(out), batch[1].to(device))
        loss.backward()  # XFR202
        optimizer.step()
        losses.append(loss.item())
        if iter_id > max_iters:
            break
    return sum(losses) / len(losses)


def train_epoch_fixed(model, train_loader, optimizer, criterion, device, epoch, max_iters=1000):
    model.train()
    losses = []
    for iter_id, batch in enumerate(train_loader):
        optimizer.zero_grad()
        out = model(batch[0].float().to(device))
        loss = criterion(F.sigmoid(out), batch[1].to(device))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if iter_id > max_iters:
            break
    return sum(losses) / len(losses)


# -- as reported in wenet-e2e/wekws#73: an executor that clips ------------------------------------


class Executor:
    def __init__(self):
        self.step = 0

    def train(self, model, optimizer, data_loader, device, clip):
        model.train()
        for feats, target in data_loader:
            logits = model(feats.to(device))
            loss = F.cross_entropy(logits, target.to(device))
            loss.backward()  # XFR202
            grad_norm = clip_grad_norm_(model.parameters(), clip)
            if torch.isfinite(grad_norm):
                optimizer.step()

    def train_fixed(self, model, optimizer, data_loader, device, clip):
        model.train()
        for feats, target in data_loader:
            logits = model(feats.to(device))
            loss = F.cross_entropy(logits, target.to(device))
            optimizer.zero_grad()
            loss.backward()
            grad_norm = clip_grad_norm_(model.parameters(), clip)
            if torch.isfinite(grad_norm):
                optimizer.step()


# -- as reported in facebookresearch/nwm#16: cleared on one of two paths --------------------------


def two_precisions(model, opt, loader, scaler, bfloat_enable):
    for x, y in loader:
        with torch.amp.autocast("cuda", enabled=bfloat_enable, dtype=torch.bfloat16):
            loss = F.mse_loss(model(x), y)
        if not bfloat_enable:
            opt.zero_grad()
            loss.backward()
            opt.step()
        else:
            scaler.scale(loss).backward()  # XFR202
            scaler.unscale_(opt)
            clip_grad_norm_(model.parameters(), 10.0)
            scaler.step(opt)
            scaler.update()


def two_precisions_fixed(model, opt, loader, scaler, bfloat_enable):
    for x, y in loader:
        with torch.amp.autocast("cuda", enabled=bfloat_enable, dtype=torch.bfloat16):
            loss = F.mse_loss(model(x), y)
        opt.zero_grad()
        if not bfloat_enable:
            loss.backward()
            opt.step()
        else:
            scaler.scale(loss).backward()
            scaler.unscale_(opt)
            clip_grad_norm_(model.parameters(), 10.0)
            scaler.step(opt)
            scaler.update()


# -- as reported in Hsintien-Ng/idinvert_pytorch-reproduced#1: one of two is forgotten ------------


def encoder_training(E, D, loader):
    optimizer_E, optimizer_D = optim.Adam(E.parameters()), optim.Adam(D.parameters())
    for x_real in loader:
        x_rec = E(x_real)
        loss_e = F.mse_loss(x_rec, x_real) - D(x_rec).mean()
        optimizer_E.zero_grad()
        loss_e.backward()
        optimizer_E.step()

        x_rec = E(x_real).detach()
        loss_d = F.softplus(D(x_rec)).mean() + F.softplus(-D(x_real)).mean()
        loss_d.backward()  # XFR202
        optimizer_D.step()


def encoder_training_fixed(E, D, loader):
    optimizer_E, optimizer_D = optim.Adam(E.parameters()), optim.Adam(D.parameters())
    for x_real in loader:
        x_rec = E(x_real)
        loss_e = F.mse_loss(x_rec, x_real) - D(x_rec).mean()
        optimizer_E.zero_grad()
        loss_e.backward()
        optimizer_E.step()

        x_rec = E(x_real).detach()
        loss_d = F.softplus(D(x_rec)).mean() + F.softplus(-D(x_real)).mean()
        optimizer_D.zero_grad()
        loss_d.backward()
        optimizer_D.step()


# -- as asked on Stack Overflow: a notebook's cell ------------------------------------------------

linear_model = nn.Linear(4, 3)
adam = optim.Adam(linear_model.parameters())
data, targets = torch.randn(5, 2, 4), torch.randn(5, 2, 3)
for sample, target in zip(data, targets):
    output = linear_model(sample)
    loss = (output - target) ** 2
    loss.sum().backward()  # XFR202
    adam.step()

for sample, target in zip(data, targets):
    adam.zero_grad()
    output = linear_model(sample)
    loss = (output - target) ** 2
    loss.sum().backward()
    adam.step()
