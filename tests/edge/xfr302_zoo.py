import torch
import torchvision.models as models
from torch import nn


def train(loader, model, criterion, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()


def validate(loader, model, criterion):
    model.eval()  # XFR302
    with torch.no_grad():
        return [criterion(model(x), y) for x, y in loader]


def main(args, loader):
    if args.pretrained:
        model = models.__dict__[args.arch](weights="DEFAULT")
    else:
        model = models.__dict__[args.arch]()
    model = nn.parallel.DistributedDataParallel(model, device_ids=[args.gpu])
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(args.epochs):
        train(loader, model, criterion, optimizer)
        validate(loader, model, criterion)


def phases(model, loaders, criterion, optimizer):
    for _ in range(25):
        for phase in ["train", "val"]:
            if phase == "val":
                model.eval()  # XFR302
            for x, y in loaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    loss = criterion(model(x), y)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()


def phases_rightly(model, loaders, criterion, optimizer):
    for _ in range(25):
        for phase in ["train", "val"]:
            if phase == "train":
                model.train()
            else:
                model.eval()
            for x, y in loaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    loss = criterion(model(x), y)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()


def one_epoch(model, loaders, criterion, optimizer):
    for phase in ["train", "val"]:
        if phase != "train":
            model.eval()
        for x, y in loaders[phase]:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            if phase == "train":
                loss.backward()
                optimizer.step()


def transfer(loaders):
    model = models.resnet18(weights="DEFAULT")
    model.fc = nn.Linear(512, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    phases(model, loaders, nn.CrossEntropyLoss(), optimizer)
    one_epoch(model, loaders, nn.CrossEntropyLoss(), optimizer)


def tune(model, loader, optimizer):
    for _ in range(3):
        model.eval()
        for x in loader:
            optimizer.zero_grad()
            model(x).sum().backward()
            optimizer.step()
