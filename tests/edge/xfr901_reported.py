"""Shapes in which an evaluation that builds graphs was reported, each with its fixed twin."""

import torch
from torch import nn

# -- as reported in hszhao/semseg#60: eval() alone ------------------------------------------------------


def validate(val_loader, model, criterion):
    model.eval()
    total = 0.0
    for i, (input, target) in enumerate(val_loader):
        output = model(input)  # XFR901
        total += criterion(output, target).item()
    return total / len(val_loader)


def validate_fixed(val_loader, model, criterion):
    model.eval()
    total = 0.0
    for i, (input, target) in enumerate(val_loader):
        with torch.no_grad():
            output = model(input)
        total += criterion(output, target).item()
    return total / len(val_loader)


# -- as reported in OpenNMT/OpenNMT-py#1141: a trainer's method ------------------------------------------


class Trainer:
    def __init__(self):
        self.model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.1))

    def validate(self, valid_iter):
        self.model.eval()
        stats = []
        for batch in valid_iter:
            outputs = self.model(batch)  # XFR901
            stats.append(outputs.argmax(1))
        self.model.train()
        return stats

    @torch.inference_mode()
    def validate_fixed(self, valid_iter):
        self.model.eval()
        stats = []
        for batch in valid_iter:
            outputs = self.model(batch)
            stats.append(outputs.argmax(1))
        self.model.train()
        return stats
