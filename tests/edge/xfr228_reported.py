"""Shapes in which a used-up generator of parameters was reported, each with its fixed twin."""

import torch
import torch.nn.functional as F
from torch import nn, optim

# -- as reported in pytorch/pytorch#148259: looked at, then clipped --------------------------------


def shapes_first(batches):
    model = nn.Linear(10, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for x, y in batches:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        params_to_clip = model.parameters()
        for p in params_to_clip:
            print(p.shape)
        nn.utils.clip_grad_norm_(params_to_clip, 1.0)  # XFR228
        optimizer.step()


def shapes_first_fixed(batches):
    model = nn.Linear(10, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for x, y in batches:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        params_to_clip = list(model.parameters())
        for p in params_to_clip:
            print(p.shape)
        nn.utils.clip_grad_norm_(params_to_clip, 1.0)
        optimizer.step()


# -- as reported in PixArt-alpha/PixArt-alpha#160: a filter, used up by the optimizer --------------


def lora(unet, loader):
    lora_layers = filter(lambda p: p.requires_grad, unet.parameters())
    optimizer = optim.AdamW(lora_layers, lr=1e-4)
    for step, batch in enumerate(loader):
        loss = unet(batch).mean()
        loss.backward()
        params_to_clip = lora_layers
        torch.nn.utils.clip_grad_norm_(params_to_clip, 0.01)  # XFR228
        optimizer.step()
        optimizer.zero_grad()


def lora_fixed(unet, loader):
    lora_layers = list(filter(lambda p: p.requires_grad, unet.parameters()))
    optimizer = optim.AdamW(lora_layers, lr=1e-4)
    for step, batch in enumerate(loader):
        loss = unet(batch).mean()
        loss.backward()
        params_to_clip = lora_layers
        torch.nn.utils.clip_grad_norm_(params_to_clip, 0.01)
        optimizer.step()
        optimizer.zero_grad()


# -- as reported in ShusenTang/Dive-into-DL-PyTorch#101: a helper that reads its argument twice ----


def grad_clipping(params, theta):
    norm = torch.tensor([0.0])
    for param in params:
        norm += (param.grad.data**2).sum()
    norm = norm.sqrt().item()
    if norm > theta:
        for param in params:
            param.grad.data *= theta / norm


def rnn_training(batches):
    model = nn.Linear(3, 1)
    optimizer = optim.Adam(model.parameters())
    for x, y in batches:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        grad_clipping(model.parameters(), 1e-2)  # XFR228
        optimizer.step()


def rnn_training_fixed(batches):
    model = nn.Linear(3, 1)
    optimizer = optim.Adam(model.parameters())
    for x, y in batches:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        grad_clipping(list(model.parameters()), 1e-2)
        optimizer.step()
