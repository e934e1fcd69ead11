"""Shapes in which memory that grows was reported, each with its fixed twin."""

import torch
import torch.nn.functional as F
from torch import nn, optim

# -- as reported in BatsResearch/labelmodels#4: the mean of an epoch ------------------------------


def optimize(model, batches, config):
    optimizer = optim.SGD(model.parameters(), lr=config.step_size)
    for epoch in range(config.epochs):
        running_loss = 0.0
        for i_batch, inputs in enumerate(batches):
            optimizer.zero_grad()
            log_likelihood = model(*inputs)
            loss = -1 * torch.mean(log_likelihood)
            loss.backward()
            optimizer.step()
            running_loss += loss  # XFR219
        print(epoch, running_loss / len(batches))


def optimize_fixed(model, batches, config):
    optimizer = optim.SGD(model.parameters(), lr=config.step_size)
    for epoch in range(config.epochs):
        running_loss = 0.0
        for i_batch, inputs in enumerate(batches):
            optimizer.zero_grad()
            log_likelihood = model(*inputs)
            loss = -1 * torch.mean(log_likelihood)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
        print(epoch, running_loss / len(batches))


# -- as reported in NVIDIA-AI-IOT/jetbot#117: a notebook ------------------------------------------

net = nn.Linear(8, 2)
adam = optim.Adam(net.parameters())
train_loader = [(torch.randn(4, 8), torch.randn(4, 2)) for _ in range(5)]

for epoch in range(2):
    net.train()
    train_loss = 0.0
    for images, labels in iter(train_loader):
        adam.zero_grad()
        outputs = net(images)
        loss = F.mse_loss(outputs, labels)
        train_loss += loss  # XFR219
        loss.backward()
        adam.step()
    train_loss /= len(train_loader)

for epoch in range(2):
    net.train()
    train_loss = 0.0
    for images, labels in iter(train_loader):
        adam.zero_grad()
        outputs = net(images)
        loss = F.mse_loss(outputs, labels)
        train_loss += float(loss)
        loss.backward()
        adam.step()
    train_loss /= len(train_loader)


# -- as reported in ray-project/ray#40940: under accelerate, the loss an attribute of the output ---


def training_function(model, accelerator, train_dataloader, optimizer, lr_scheduler):
    loss_sum = torch.tensor(0.0)
    for step, batch in enumerate(train_dataloader):
        outputs = model(**batch)
        loss = outputs.loss
        loss_sum += loss  # XFR219
        loss.backward()
        optimizer.step()
        lr_scheduler.step()
        optimizer.zero_grad()
    return loss_sum


def training_function_fixed(model, accelerator, train_dataloader, optimizer, lr_scheduler):
    loss_sum = torch.tensor(0.0)
    for step, batch in enumerate(train_dataloader):
        outputs = model(**batch)
        loss = outputs.loss
        loss_sum += loss.detach()
        loss.backward()
        optimizer.step()
        lr_scheduler.step()
        optimizer.zero_grad()
    return loss_sum


# -- as reported in TRI-ML/packnet-sfm#51: a list of outputs --------------------------------------


class Trainer:
    def __init__(self, module):
        self.module = module
        self.optimizer = optim.Adam(module.parameters())

    def train(self, dataloader):
        outputs = []
        for batch in dataloader:
            self.optimizer.zero_grad()
            loss = self.module(batch).mean()
            loss.backward()
            self.optimizer.step()
            outputs.append(loss)  # XFR219
        return sum(outputs)

    def train_fixed(self, dataloader):
        outputs = []
        for batch in dataloader:
            self.optimizer.zero_grad()
            loss = self.module(batch).mean()
            loss.backward()
            self.optimizer.step()
            outputs.append(loss.detach())
        return sum(outputs)
