"""Shapes in which clipping of scaled gradients was reported, each with its fixed twin."""

import torch
import torch.nn.functional as F

# -- as reported in pytorch/examples#1196: a trainer's batch, the scaler an option --------------------


class Trainer:
    def __init__(self, config, model):
        self.config, self.model = config, model
        self.optimizer = torch.optim.AdamW(model.parameters())
        self.scaler = torch.cuda.amp.GradScaler()

    def _run_batch(self, source, targets):
        with torch.set_grad_enabled(True), torch.amp.autocast("cuda", dtype=torch.float16):
            loss = F.cross_entropy(self.model(source), targets)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)  # XFR803
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.item()

    def _run_batch_fixed(self, source, targets):
        with torch.set_grad_enabled(True), torch.amp.autocast("cuda", dtype=torch.float16):
            loss = F.cross_entropy(self.model(source), targets)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.item()


# -- as reported in milesial/Pytorch-UNet#468: enabled by a flag ----------------------------------------


def train_model(model, loader, amp, clipping=1.0):
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-5, momentum=0.999)
    grad_scaler = torch.cuda.amp.GradScaler(enabled=amp)
    model.train()
    for images, true_masks in loader:
        with torch.autocast("cuda", enabled=amp):
            loss = F.cross_entropy(model(images), true_masks)
        optimizer.zero_grad(set_to_none=True)
        grad_scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clipping)  # XFR803
        grad_scaler.step(optimizer)
        grad_scaler.update()


def train_model_fixed(model, loader, amp, clipping=1.0):
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-5, momentum=0.999)
    grad_scaler = torch.cuda.amp.GradScaler(enabled=amp)
    model.train()
    for images, true_masks in loader:
        with torch.autocast("cuda", enabled=amp):
            loss = F.cross_entropy(model(images), true_masks)
        optimizer.zero_grad(set_to_none=True)
        grad_scaler.scale(loss).backward()
        grad_scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), clipping)
        grad_scaler.step(optimizer)
        grad_scaler.update()
