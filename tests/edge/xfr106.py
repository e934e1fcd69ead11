import copy

import keras
import torch
from torch import nn


class Literal(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1)]  # XFR106
        self.pair = (nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))  # XFR106
        self.drops = [nn.Dropout(0.5)] * 2  # XFR106
        self.both = [nn.Linear(2, 4)] + [nn.Linear(4, 4) for _ in range(3)]  # XFR106
        self.listed = list(nn.GRUCell(4, 4) for _ in range(2))  # XFR106


class Appended(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.hidden = []  # XFR106
        for _ in range(depth):
            self.hidden.append(nn.Linear(4, 4))


class Named(nn.Module):
    def __init__(self, depth):
        super().__init__()
        blocks = []  # XFR106
        for _ in range(depth):
            block = Block()
            blocks.append(block)
        self.blocks = blocks


class Branched(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.projections = []  # XFR106
        for size in sizes:
            if size > 8:
                projection = nn.Sequential(nn.Linear(size, 8), nn.ReLU())
            else:
                projection = nn.Linear(size, 8)
            self.projections.append(projection)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))


class OfBlocks(Literal):
    def __init__(self):
        super().__init__()
        self.blocks = [Block() for _ in range(3)]  # XFR106
        self.a, self.rest = nn.Linear(2, 2), [nn.Linear(2, 2)]  # XFR106
        self.conv_blocks: list = [make(3), make(8)]  # XFR106


def make(width):
    return nn.Sequential(nn.Conv2d(width, 8, 3), nn.ReLU())


class Extended(nn.Module):
    def __init__(self):
        super().__init__()
        self.steps = []  # XFR106
        self.steps += [nn.Linear(2, 2), nn.Tanh()]
        self.late = []  # XFR106
        self.late.extend([nn.Linear(2, 2)])


class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(2, 4), nn.Linear(4, 1)]
        self.body = nn.Sequential(*self.layers)
        self.heads = [nn.Linear(4, 1) for _ in range(2)]
        self.heads = nn.ModuleList(self.heads)
        self.picked = [nn.Linear(2, 2), nn.Linear(2, 2)]
        self.net = nn.Sequential(self.picked[0], nn.ReLU(), self.picked[1])
        parts = [nn.Linear(2, 4)]
        self.parts = parts
        self.registered = nn.ModuleList(list(parts))


class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(2, 4), nn.Linear(4, 1)]
        for number, layer in enumerate(self.layers):
            self.add_module(f"layer{number}", layer)


class BySetattr(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = []
        for number in range(3):
            layer = nn.Linear(2, 2)
            setattr(self, f"layer{number}", layer)
            self.layers.append(layer)


class AlsoAttributes(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 4)
        self.second = nn.Linear(4, 1)
        self.order = [self.first, self.second]
        third = nn.Linear(1, 1)
        self.third = third
        self.tail = [third]


class NothingToRegister(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.acts = [nn.ReLU(), nn.Tanh()]
        self.pools = [nn.MaxPool2d(2) for _ in range(3)]
        self.idle = [nn.Dropout(0.0)]
        self.sizes = [size * 2 for size in sizes]
        self.losses = [nn.CrossEntropyLoss(), nn.L1Loss()]
        self.feature_info = []
        for size in sizes:
            self.feature_info.append(dict(channels=size))
        self.stem, info = build_stem()
        self.info = [info]


def build_stem():
    return nn.Linear(2, 2), {"channels": 2}


class FromOutside(nn.Module):
    def __init__(self, teacher):
        super().__init__()
        self.teacher = [teacher]
        self.frozen = [Block().eval()]
        self.fixed = [make(3).requires_grad_(False)]
        self.copies = [copy.deepcopy(teacher) for _ in range(2)]


class OwnParameters(nn.Module):
    def __init__(self):
        super().__init__()
        self.stacks = [nn.Linear(2, 2) for _ in range(2)]

    def parameters(self, recurse=True):
        for stack in self.stacks:
            yield from stack.parameters()


class KerasTracksLists(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [keras.layers.Dense(4) for _ in range(3)]


class Ensemble:
    def __init__(self):
        self.members = [nn.Linear(2, 2) for _ in range(5)]
