import torch
import torch.nn.functional as F
from torch import nn


class Applied(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        x = self.fc(x)
        if x.ndim == 3:
            x = nn.LSTM(8, 8, batch_first=True)(x)[0]  # XFR109
        norm = nn.LayerNorm(8).to(x.device)  # XFR109
        x = norm(x)
        return nn.Conv1d(8, 4, 1).to(x.device)(x)  # XFR109


class InSequential(nn.Module):
    def forward(self, x):
        head = nn.Sequential(  # XFR109
            nn.Linear(8, 8),
            nn.ReLU(),
        )
        acts = nn.Sequential(nn.ReLU(), nn.Flatten())
        return head(acts(x))


class InLoop(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.depth = depth

    def forward(self, x):
        for _ in range(self.depth):
            x = F.relu(nn.Linear(8, 8)(x))  # XFR109
        layers = []
        for _ in range(self.depth):
            layers.append(nn.Linear(8, 8))  # XFR109
        for layer in layers:
            x = layer(x)
        return x


class Kept(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 2.0

    def forward(self, x):
        self.fc = nn.Linear(8, 4)  # XFR109
        return self.fc(x) * self.scale


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3)

    def forward(self, x):
        return self.conv(x)


class OfOwnBlocks(Applied):
    def forward(self, x):
        x = super().forward(x)
        x = Block(x.shape[1])(x)  # XFR109
        return self.head(x)

    def head(self, x):
        return nn.Linear(x.shape[1], 2)(x)  # XFR109


def project(x, width):
    return nn.Linear(x.shape[-1], width)(x)


def make_head(width):
    return nn.Sequential(nn.Linear(width, width), nn.ReLU())


class ByHelper(nn.Module):
    def forward(self, x):
        x = project(x, 8)  # XFR109
        return make_head(8)(x)  # XFR109


class ByClosure(nn.Module):
    def forward(self, x):
        def gate(h):
            return torch.sigmoid(nn.Linear(8, 8)(h))  # XFR109

        return x * gate(x)


class Gathered(nn.Module):
    def __init__(self, wide):
        super().__init__()
        self.wide = wide
        self.norms = nn.ModuleList()

    def forward(self, x):
        pair = [nn.Linear(8, 8), nn.ReLU()]  # XFR109
        x = pair[1](pair[0](x))
        first = nn.Linear(8, 8)
        steps = [first, nn.ReLU()]
        x = nn.Sequential(*steps)(x)  # XFR109
        branch = nn.Linear(8, 8) if self.wide else nn.Conv1d(8, 8, 1)  # XFR109
        x = branch(x)
        heads = []
        head = nn.Linear(8, 2)  # XFR109
        heads.append(head)
        for head in heads:
            x = head(x)
        return x


class Dropouts(nn.Module):
    def forward(self, x):
        x = nn.Dropout(0.5)(x)  # XFR109
        x = nn.Sequential(nn.Dropout2d(0.1), nn.ReLU())(x)  # XFR109
        return nn.Dropout(0.0)(x)


# -- the same, held by the module ------------------------------------------------------------------


class Held(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)
        self.blocks = nn.ModuleList(nn.Linear(8, 8) for _ in range(depth))
        self.drop = nn.Dropout(0.5)
        self.build()

    def build(self):
        self.head = make_head(8)

    def forward(self, x):
        x = self.drop(self.norm(self.fc(x)))
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class NothingToForget(nn.Module):
    def forward(self, x, target):
        x = nn.ReLU()(x)
        x = nn.MaxPool2d(2)(x)
        x = nn.LayerNorm(8, elementwise_affine=False)(x)
        x = nn.InstanceNorm2d(8)(x)
        x = nn.Upsample(scale_factor=2)(nn.Flatten()(x))
        return nn.L1Loss()(nn.Softmax(dim=1)(x), target)


class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = None
        self.heads = nn.ModuleDict()

    def forward(self, x, task):
        if self.fc is None:
            self.fc = nn.Linear(x.shape[-1], 8)
        if not hasattr(self, "out"):
            self.out = nn.Linear(8, 8)
        if task not in self.heads:
            self.heads[task] = nn.Linear(8, 2)
        return self.heads[task](self.out(self.fc(x)))


class LazyByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.cache = {}  # XFR107

    def forward(self, x):
        layer = self.cache.get(x.shape[1])
        if layer is None:
            layer = nn.Linear(x.shape[1], 8)
            self.cache[x.shape[1]] = layer
        return layer(x)


def once(method):
    name = method.__name__

    def wrapper(self, *args):
        if not hasattr(self, "_" + name):
            setattr(self, "_" + name, method(self, *args))
        return getattr(self, "_" + name)

    return wrapper


class LazyByDecorator(nn.Module):
    @once
    def projector(self, width):
        return nn.Linear(width, 8)

    def forward(self, x):
        return self.projector(x.shape[1])(x)


class NowAndThen(nn.Module):
    def shortcut(self, before, after):
        if before == after:
            return nn.Identity()
        if before < after:
            return lambda x: x
        return nn.Conv2d(before, after, 1)

    def forward(self, x):
        return self.shortcut(x.shape[1], 8)(x)


class LazyByMethod(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = None

    def build(self, x):
        self.net = nn.Linear(x.shape[1], 8)

    def forward(self, x):
        if self.net is None:
            self.build(x)
        return self.net(x)


class GivenWeights(nn.Module):
    def __init__(self, kernel):
        super().__init__()
        self.kernel = kernel

    def forward(self, x, state):
        blur = nn.Conv2d(3, 3, 5, bias=False)
        blur.weight.data = self.kernel
        copy = nn.Linear(8, 8)
        copy.load_state_dict(state)
        return copy(blur(x))


class LazyByEarlyReturn(nn.Module):
    def forward(self, x):
        if hasattr(self, "fc"):
            return self.fc(x)
        self.fc = nn.Linear(8, 8)
        return self.fc(x)


class LazyInList(nn.Module):
    def __init__(self):
        super().__init__()
        self.steps = nn.ModuleList()

    def forward(self, x, depth):
        while len(self.steps) < depth:
            self.steps.append(nn.Linear(8, 8))
        for step in self.steps[:depth]:
            x = step(x)
        first = self.steps[0]
        return first(x) + self.steps[1](x)


class Handed(nn.Module):
    def __init__(self, run):
        super().__init__()
        self.run = run

    def forward(self, x):
        layer = nn.Linear(8, 8)
        return self.run(layer, x)


class Maker(nn.Module):
    def forward(self, width):
        return nn.Linear(width, width)


class MCDropoutHead(nn.Module):
    def forward(self, x):
        return nn.Dropout(0.5)(x)


class DropsWhenTraining(nn.Module):
    def forward(self, x):
        if self.training:
            x = nn.Dropout(0.5)(x)
        return x


class Plain:
    def forward(self, x):
        return nn.Linear(8, 8)(x)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return nn.Linear(8, 8)(x)
