import timm
import torch
import torchvision.models as models
from lightning.fabric import Fabric
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))

    def forward(self, x):
        return self.body(x)


def train(loader, model, optimizer):
    for x in loader:
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()


def validate(loader, model):
    with torch.no_grad():
        return [model(x).argmax(1) for x in loader]  # XFR301


def main(args, loader):
    model = models.__dict__[args.arch]()
    model = torch.nn.DataParallel(model).cuda()
    train(loader, model, torch.optim.SGD(model.parameters(), 0.1))
    validate(loader, model)


def chosen(args, x):
    model = getattr(models, args.arch)(weights=None)
    other = timm.create_model(args.model, pretrained=True)
    vit = timm.create_model("vit_base_patch16_224", pretrained=True)
    with torch.inference_mode():
        vit(x)
        return model(x) - other(x)  # XFR301


def with_fabric(x):
    fabric = Fabric()
    net = Net()
    model, optimizer = fabric.setup(net, torch.optim.SGD(net.parameters(), 0.1))
    with torch.no_grad():
        return model(x)  # XFR301


def annotated(model: Net, x):
    with torch.no_grad():
        return model(x)  # XFR301


model = Net()
model.cuda()


def evaluate(loader):
    return sum(model(x) for x in loader)  # XFR301
