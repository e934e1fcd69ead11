from collections import OrderedDict

import keras
import torch
from torch import nn


class Literal(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = {"a": nn.Linear(2, 4), "b": nn.Linear(2, 4)}  # XFR107
        self.named = dict(a=nn.Conv2d(3, 8, 3), b=nn.ReLU())  # XFR107
        self.ordered = OrderedDict(first=nn.GRUCell(4, 4))  # XFR107
        self.each = {name: nn.Embedding(10, 4) for name in ("user", "item")}  # XFR107
        self.drops = {"in": nn.Dropout(0.1)}  # XFR107
        self.bias = nn.Parameter(torch.zeros(1))


class Filled(nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.heads: dict = {}  # XFR107
        for task in tasks:
            self.heads[task] = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
        self.late = {}  # XFR107
        self.late.update({"x": nn.Linear(4, 1)})
        norms = {}  # XFR107
        for task in tasks:
            if task == "wide":
                norm = nn.BatchNorm1d(8)
            else:
                norm = nn.BatchNorm1d(4)
            norms[task] = norm
        self.norms = norms


class Parameters(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.scales = [nn.Parameter(torch.ones(1)) for _ in range(n)]  # XFR107
        self.biases = []  # XFR107
        for _ in range(n):
            self.biases.append(torch.nn.Parameter(torch.zeros(4)))
        self.lists = []  # XFR107
        for _ in range(n):
            self.lists.append(nn.ParameterList([nn.Parameter(torch.zeros(4))]))
        self.gates = {"in": nn.Parameter(torch.ones(4))}  # XFR107
        self.pair = (nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2)))  # XFR107


class Taken(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = {"a": nn.Linear(4, 1), "b": nn.Linear(4, 2)}  # XFR107

    def forward(self, x, task):
        head = self.heads[task]
        return head(x)


class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Parameter(torch.ones(1))


class OfOwnBlocks(Literal):
    def __init__(self):
        super().__init__()
        self.tables = {index: Table() for index in range(3)}  # XFR107


# -- the same, registered --------------------------------------------------------------------------


class Registered(nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.heads = nn.ModuleDict({"a": nn.Linear(2, 4)})
        self.each = nn.ModuleDict({name: nn.Linear(4, 1) for name in tasks})
        self.scales = nn.ParameterList([nn.Parameter(torch.ones(1)) for _ in tasks])
        parts = {"a": nn.Linear(2, 4)}
        self.parts = parts
        self.net = nn.ModuleDict(parts)
        self.listed = {"a": nn.Linear(2, 4)}
        self.all = nn.ModuleList(self.listed.values())
        steps = OrderedDict()
        steps["fc"] = nn.Linear(2, 4)
        self.body = nn.Sequential(steps)


class ByName(nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.heads = {}
        for task in tasks:
            head = nn.Linear(2, 4)
            self.add_module(task, head)
            self.heads[task] = head
        self.weights = []
        for number in range(3):
            weight = nn.Parameter(torch.ones(1))
            self.register_parameter(f"weight{number}", weight)
            self.weights.append(weight)


class AlsoAttributes(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 4)
        self.table = {"first": self.first}
        self.scale = nn.Parameter(torch.ones(1))
        self.groups = [self.scale]


class Chosen(nn.Module):
    def __init__(self, kind, head):
        super().__init__()
        self.bodies = {"wide": nn.Linear(2, 64), "narrow": nn.Linear(2, 4)}
        self.body = self.pick(kind)
        self.heads = {"a": nn.Linear(4, 1), "b": nn.Linear(4, 2)}
        self.head = self.heads[head]

    def pick(self, kind):
        body = self.bodies[kind]
        return body


class NothingToRegister(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.acts = {"relu": nn.ReLU(), "tanh": nn.Tanh()}
        self.kinds = {"linear": nn.Linear, "conv": nn.Conv2d}
        self.losses = {"ce": nn.CrossEntropyLoss(), "l1": nn.L1Loss()}
        self.sizes = {"a": 1, "b": len(sizes)}
        self.cache = {}
        self.fixed = [nn.Parameter(torch.ones(1), requires_grad=False)]


class OwnParameters(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = {"a": nn.Linear(2, 2)}

    def parameters(self, recurse=True):
        for head in self.heads.values():
            yield from head.parameters()


class KerasTracksDicts(keras.Model):
    def __init__(self):
        super().__init__()
        self.heads = {"a": keras.layers.Dense(2), "b": keras.layers.Dense(3)}


class Registry:
    def __init__(self):
        self.models = {"a": nn.Linear(2, 2)}
