import torch
import torch.nn.functional as F
import torchvision
from collections import OrderedDict
from torch import nn
from torchvision import models


# -- written at the loss ----------------------------------------------------------------------


def nested(z, y, w):
    a = F.cross_entropy(F.softmax(z, dim=1), y)  # XFR401
    b = F.cross_entropy(torch.softmax(z, 1), y, weight=w)  # XFR401
    c = F.cross_entropy(z.softmax(-1), y)  # XFR401
    d = nn.CrossEntropyLoss()(torch.sigmoid(z), y)  # XFR401
    e = nn.functional.cross_entropy(input=z.sigmoid().view(-1, 4), target=y)  # XFR401
    f = F.cross_entropy(torch.clamp(z.softmax(1), 1e-7), y)  # XFR401
    return a + b + c + d + e + f


def harmless(z, y, teacher, mask):
    a = F.cross_entropy(F.log_softmax(z, dim=1), y)
    b = F.cross_entropy(torch.log(F.softmax(z, dim=1)), y)
    c = F.cross_entropy(z.softmax(1).log(), y)
    d = F.cross_entropy(z, F.softmax(teacher, dim=1))
    e = F.cross_entropy(z, y)
    f = F.nll_loss(F.log_softmax(z, dim=1), y)
    g = F.binary_cross_entropy(torch.sigmoid(z), y)
    h = F.cross_entropy(F.softmax(z, dim=1) @ mask, y)
    i = F.cross_entropy(z * F.softmax(teacher, dim=1), y)
    return a + b + c + d + e + f + g + h + i


def metrics_after_the_loss(model, x, y):
    z = model(x)
    loss = F.cross_entropy(z, y)
    z = F.softmax(z, dim=1)
    return loss, z.argmax(1)


def rebound(z, y):
    z = F.softmax(z, dim=1)
    return F.cross_entropy(z, y)  # XFR401


# -- models -----------------------------------------------------------------------------------


class Attribute(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.fc = nn.Linear(8, classes)
        self.softmax = nn.Softmax(dim=1)
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, x):
        x = self.fc(x)
        return self.softmax(x)

    def training_step(self, batch):
        x, y = batch
        return self.criterion(self(x), y)  # XFR401


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        logits = self.fc(x)
        return logits, F.softmax(logits, dim=1)


class OnlyInInference(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        x = self.fc(x)
        if not self.training:
            x = F.softmax(x, dim=1)
        return x


class OnRequest(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x, probabilities=False):
        x = self.fc(x)
        return F.softmax(x, dim=1) if probabilities else x


class Flagged(nn.Module):
    def __init__(self, probabilities=False):
        super().__init__()
        self.fc = nn.Linear(8, 4)
        self.probabilities = probabilities

    def forward(self, x):
        x = self.fc(x)
        if not self.probabilities:
            return x
        return F.softmax(x, dim=1)


class Switched(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)
        self.softens = True

    def forward(self, x):
        x = self.fc(x)
        if self.softens:
            x = F.softmax(x, dim=1)
        return x


def switch(model):
    model.softens = False


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Linear(8, 1)
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        weights = F.softmax(self.score(x), dim=1)
        return self.fc((weights * x).sum(1))


class Configured(nn.Module):
    def __init__(self, activation=None):
        super().__init__()
        self.fc = nn.Linear(8, 4)
        self.activation = activation or nn.Identity()

    def forward(self, x):
        return self.activation(self.fc(x))


class Base(nn.Module):
    def __init__(self, head):
        super().__init__()
        self.head = head

    def forward(self, x):
        return self.head(x)


class Derived(Base):
    def __init__(self):
        super().__init__(nn.Sequential(nn.Linear(8, 4), nn.Sigmoid()))


class OverLayers(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(depth)])
        self.layers.append(nn.Linear(8, 4))
        self.layers.append(nn.Softmax(dim=1))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class ByStep(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Sequential(OrderedDict([("fc", nn.Linear(8, 4)), ("p", nn.Softmax(1))]))

    def features(self, x):
        return x.flatten(1)

    def forward(self, x):
        x = self.features(x)
        return self.last(x)


class IsSequential(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(8, 4), nn.Softmax(dim=1), nn.Dropout(0.0))


def build(depth):
    layers = []
    for _ in range(depth):
        layers += [nn.Linear(8, 8), nn.ReLU()]
    layers.append(nn.Linear(8, 4))
    layers.append(nn.Softmax(dim=1))
    return nn.Sequential(*layers)


def build_either(probabilities):
    layers = [nn.Linear(8, 4)]
    if probabilities:
        layers.append(nn.Softmax(dim=1))
    return nn.Sequential(*layers)


def by_module():
    model = nn.Sequential()
    model.add_module("fc", nn.Linear(8, 4))
    model.add_module("p", nn.Softmax(dim=1))
    return model


def recurrent():
    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.LSTM(8, 8)
            self.fc = nn.Linear(8, 4)

        def forward(self, x):
            out, _ = self.rnn(x)
            return torch.sigmoid(self.fc(out[-1]))

    return Tagger()


def use(x, y, flag, device):
    criterion = nn.CrossEntropyLoss(reduction="none").to(device)
    criterion(Attribute()(x), y)  # XFR401
    criterion(Attribute().to(device)(x).squeeze(), y)  # XFR401
    criterion(nn.DataParallel(Attribute())(x), y)  # XFR401
    criterion(Derived()(x), y)  # XFR401
    criterion(OverLayers(3)(x), y)  # XFR401
    criterion(ByStep()(x), y)  # XFR401
    criterion(IsSequential()(x), y)  # XFR401
    criterion(build(2)(x), y)  # XFR401
    criterion(by_module()(x), y)  # XFR401
    criterion(recurrent()(x), y)  # XFR401
    criterion(Configured(nn.Softmax(dim=1))(x), y)
    criterion(Configured()(x), y)
    criterion(OnlyInInference()(x), y)
    criterion(OnRequest()(x), y)
    criterion(OnRequest()(x, probabilities=True), y)  # XFR401
    criterion(OnRequest()(x, probabilities=flag), y)
    criterion(OnRequest()(x, torch.is_tensor(x)), y)
    criterion(Flagged()(x), y)
    criterion(Flagged(True)(x), y)  # XFR401
    criterion(Flagged(flag)(x), y)
    criterion(Switched()(x), y)
    criterion(Attention()(x), y)
    criterion(build_either(flag)(x), y)
    logits, probabilities = Both()(x)
    criterion(logits, y)
    criterion(probabilities, y)  # XFR401
    both = Both()(x)
    criterion(both[0], y)
    criterion(both[1], y)  # XFR401
    net = Attribute() if flag else Attention()
    criterion(net(x), y)
    net = Attribute() if flag else ByStep()
    criterion(net(x), y)  # XFR401
    unknown = x.load()
    criterion(unknown(x), y)


# -- losses -----------------------------------------------------------------------------------

LOSSES = {"ce": nn.CrossEntropyLoss(), "mse": nn.MSELoss()}
loss_fn = F.cross_entropy


def choose(name):
    if name == "ce":
        return nn.CrossEntropyLoss()
    return nn.MSELoss()


def many_losses(z, y, name):
    p = F.softmax(z, dim=1)
    LOSSES["ce"](p, y)  # XFR401
    LOSSES["mse"](p, y)
    LOSSES[name](p, y)
    loss_fn(p, y)  # XFR401
    choose(name)(p, y)
    criterion = choose(name)
    criterion(p, y)
    compute = nn.CrossEntropyLoss()
    compute(p, y)  # XFR401
    criterion = nn.NLLLoss()
    criterion(p, y)  # XFR404


def train(model, criterion, batches):
    for x, y in batches:
        output = model(x)
        loss = criterion(output, y)  # XFR401
        loss.backward()


def main(batches):
    train(Attribute(), nn.CrossEntropyLoss(), batches)


class Trainer:
    def __init__(self, model, objective=None):
        self.model = model
        self.objective = objective or nn.CrossEntropyLoss()
        self.net = ByStep()

    def step(self, x, y):
        self.objective(self.model(x), y)
        return self.objective(self.net(x), y)  # XFR401


# -- round in circles -------------------------------------------------------------------------


def loops(x, y, model):
    criterion = nn.CrossEntropyLoss()
    state = x
    for _ in range(3):
        state = state.transpose(0, 1)
        state = model(state)
    criterion(state, y)
    criterion(again(x, 3), y)


def again(x, n):
    return again(again(x, n - 1), n - 2) if n else x


# -- losses of one's own ----------------------------------------------------------------------


class Smoothed(nn.Module):
    def __init__(self, weight=0.1):
        super().__init__()
        self.weight = weight

    def forward(self, prediction, target):
        return self.weight * F.cross_entropy(prediction, target)


class Balanced(nn.Module):
    def __init__(self):
        super().__init__()
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, prediction, target):
        return self.criterion(prediction.view(-1, 4), target)


def own_losses(x, y):
    criterion = Smoothed()
    loss = criterion(Attribute()(x), y)  # XFR401
    loss = loss + criterion(Attention()(x), y)
    balanced_loss = Balanced()
    return loss + balanced_loss(Attribute()(x), y)  # XFR401


# -- ready-made models with a head of one's own -----------------------------------------------


def transfer(x, y, flag):
    criterion = nn.CrossEntropyLoss()
    net = models.resnet18(weights="DEFAULT")
    net.fc = nn.Sequential(nn.Linear(512, 10), nn.Softmax(dim=1))
    loss = criterion(net(x), y)  # XFR401
    right = torchvision.models.vgg16()
    right.classifier = nn.Sequential(nn.Linear(512, 10))
    loss = loss + criterion(right(x), y)
    either = models.resnet18()
    if flag:
        either.fc = nn.Sequential(nn.Linear(512, 10), nn.Softmax(dim=1))
    else:
        either.fc = nn.Linear(512, 10)
    loss = loss + criterion(either(x), y)
    perhaps = models.resnet18()
    if flag:
        perhaps.fc = nn.Sequential(nn.Linear(512, 10), nn.Softmax(dim=1))
    loss = loss + criterion(perhaps(x), y)
    plain = models.resnet18()
    return loss + criterion(plain(x), y)


class Finetuned(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = models.resnet50()
        self.backbone.fc = nn.Sequential(nn.Linear(2048, 4), nn.Sigmoid())

    def forward(self, x):
        return self.backbone(x)


def finetune(x, y):
    return F.cross_entropy(Finetuned()(x), y)  # XFR401
