import torch
import torchvision
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3))

    def forward(self, x):
        return self.body(x)

    @torch.no_grad()
    def predict(self, x):
        return self.body(x).argmax(1)


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 8)

    def forward(self, x):
        return self.body(x)


def train(loader, test_loader):
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(3):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.no_grad():
                guess = model(x)
            nn.functional.cross_entropy(model(x), y + 0 * guess.argmax(1)).backward()
            optimizer.step()
        right = 0
        for x, y in test_loader:
            right += (model(x).argmax(1) == y).sum()  # XFR301
            right += model(x).sum()


def evaluate(model, loader):
    with torch.inference_mode():
        for x, _ in loader:
            print(model(x))  # XFR301


@torch.no_grad()
def accuracy(model, x, y):
    return (model(x).argmax(1) == y).float().mean()  # XFR301


def validate(x, y):
    net = torchvision.models.resnet18(weights="DEFAULT")
    net.cuda()
    return net(x) - y  # XFR301


class Trainer:
    def __init__(self):
        self.model = nn.DataParallel(Net())
        self.teacher = Net()
        self.plain = Plain()

    def step(self, x):
        self.model(x).sum().backward()

    def test_epoch(self, loader):
        with torch.set_grad_enabled(False):
            for x in loader:
                self.plain(x)
                self.teacher(x)
                self.model(x)  # XFR301

    def update_statistics(self, loader):
        with torch.no_grad():
            for x in loader:
                self.model(x)

    def mc_predict(self, x):
        with torch.no_grad():
            return torch.stack([self.model(x) for _ in range(20)])

    def probe(self):
        sample = torch.zeros(1, 4)
        with torch.no_grad():
            return self.model(sample).shape, self.model(torch.randn(2, 4)).shape


def main():
    net = Net()
    evaluate(net, [])
    accuracy(net, None, None)
    for p in net.parameters():
        with torch.no_grad():
            p -= 0.1 * p.grad


def unknown(model, x):
    with torch.no_grad():
        return model(x)
