import torchvision
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
        self.plain = nn.Sequential(nn.Conv2d(8, 8, 3), nn.GroupNorm(2, 8))
        self.head = nn.Linear(8, 2)
        for p in self.body.parameters():
            p.requires_grad = False  # XFR941
        for p in self.plain.parameters():
            p.requires_grad = False

    def forward(self, x):
        return self.head(self.plain(self.body(x)).mean((2, 3)))


def transfer(classes):
    model = torchvision.models.resnet18(weights="DEFAULT")
    for name, p in model.named_parameters():
        p.requires_grad = False  # XFR941
    model.fc = nn.Linear(512, classes)
    return model


def short():
    net = Net()
    net.requires_grad_(False)  # XFR941
    net.head.requires_grad_(True)
    vgg = torchvision.models.vgg16()
    vgg.requires_grad_(False)
    return net, vgg


def rests():
    backbone = torchvision.models.resnet50()
    for p in backbone.parameters():
        p.requires_grad = False
    return backbone.eval()


def some(model):
    for name, p in model.named_parameters():
        if "fc" not in name:
            p.requires_grad = False
    return model


def train(model, loader):
    model.train()
    for x in loader:
        model(x)
