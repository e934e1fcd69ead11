import torch
import torch.nn.functional as F
from torch import nn
from utils import smart_inference_mode


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)

    def predict(self, x):
        self.eval()
        return self(x)


def evaluate(model, loader):
    model.eval()
    losses = [F.mse_loss(model(x), y) for x, y in loader]  # XFR901
    return sum(losses) / len(losses)


def accuracy(net, loader):
    net.eval()
    right = 0
    for x, y in loader:
        right += (net(x).argmax(1) == y).sum()  # XFR901
        right += (net(x + 1).argmax(1) == y).sum()
    net.train()
    return right


class Trainer:
    def __init__(self):
        self.model = Net()

    def test(self, x):
        self.model.eval()
        return self.model(x)  # XFR901

    def test_rightly(self, x):
        self.model.eval()
        with torch.no_grad():
            return self.model(x)

    @torch.inference_mode()
    def test_too(self, x):
        self.model.eval()
        return self.model(x)


@smart_inference_mode()
def own_decorator(model, x):
    model.eval()
    return model(x)


def fit(model, loader, optimizer):
    for x, y in loader:
        model.train()
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()
        model.eval()
        print(model(x))  # XFR901
        model.train()


def saliency(model, x):
    model.eval()
    x.requires_grad_()
    model(x).sum().backward()
    return x.grad


def attack(model, x):
    model.eval()
    return torch.autograd.grad(model(x).sum(), x)


def helper(model, x):
    model.eval()
    return model(x)


def caller(model, x):
    with torch.no_grad():
        return helper(model, x)


@torch.no_grad()
def decorated_caller(model, x):
    return helper(model, x)


def ready(model):
    model.eval()
    return model


def before(model, x):
    y = model(x)
    model.eval()
    return y


net = Net()
net.eval()
print(net(torch.ones(1, 4)))  # XFR901
