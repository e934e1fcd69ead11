import torch
from torch import nn, optim

from elsewhere import backbone, fit


def to_device(model):
    return model


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer = nn.Linear(width, width)

    def forward(self, x):
        return self.layer(x)


# -- mistaken ---------------------------------------------------------------------------------------


def new_head(loader):
    model = backbone(pretrained=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    model.fc = nn.Linear(512, 10)  # XFR216
    fit(model, optimizer, loader)


def last_of_the_classifier(loader):
    net = backbone()
    for p in net.parameters():
        p.requires_grad = False
    opt = optim.Adam(net.parameters(), 1e-3)
    net.classifier[6] = nn.Linear(4096, 2)  # XFR216
    fit(net, opt, loader)


def only_the_head_was_given(loader):
    model = backbone()
    opt = optim.Adam(model.fc.parameters())
    model.fc = nn.Sequential(nn.Dropout(0.5), nn.Linear(512, 10))  # XFR216
    fit(model, opt, loader)


def deeper(loader):
    model = backbone()
    opt = optim.AdamW([{"params": model.parameters(), "lr": 1e-3}])
    model.decoder.block = Block(8)  # XFR216
    fit(model, opt, loader)


def grown(loader):
    model = nn.Sequential(nn.Linear(4, 8))
    opt = optim.SGD(model.parameters(), lr=0.1)
    model.append(nn.Linear(8, 1))  # XFR216
    model.add_module("last", nn.Linear(1, 1))  # XFR216
    fit(model, opt, loader)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.optimizer = optim.Adam(self.parameters())
        self.head = nn.Linear(8, 1)  # XFR216

    def forward(self, x):
        return self.head(self.body(x))


notebook_model = backbone()
optimizer = optim.SGD(notebook_model.parameters(), lr=0.1)
notebook_model.fc = torch.nn.Linear(512, 10)  # XFR216
fit(notebook_model, optimizer)


# -- right, or not to be judged ------------------------------------------------------------------------


def in_order(loader):
    model = backbone()
    model.fc = nn.Linear(512, 10)
    fit(model, optim.SGD(model.parameters(), lr=0.01), loader)


def told_of_it(loader):
    model = backbone()
    opt = optim.SGD(model.parameters(), lr=0.01)
    model.fc = nn.Linear(512, 10)
    opt.add_param_group({"params": model.fc.parameters()})
    fit(model, opt, loader)


def made_again(loader):
    model = backbone()
    opt = optim.SGD(model.parameters(), lr=0.01)
    fit(model, opt, loader)
    model.fc = nn.Linear(512, 10)
    opt = optim.SGD(model.parameters(), lr=0.001)
    fit(model, opt, loader)


def without_weights(loader):
    model = backbone()
    opt = optim.SGD(model.parameters(), lr=0.01)
    model.fc = nn.Identity()
    model.act = nn.Sequential(nn.ReLU(), nn.Dropout(0.1))
    model.device = torch.device("cpu")
    model.name = "net"
    fit(model, opt, loader)


def not_used_any_more(loader):
    model = backbone()
    opt = optim.SGD(model.parameters(), lr=0.01)
    fit(model, opt, loader)
    model.fc = nn.Linear(512, 10)
    return model


def either(loader, fresh):
    model = backbone()
    if fresh:
        model.fc = nn.Linear(512, 10)
        opt = optim.SGD(model.parameters(), lr=0.01)
    else:
        opt = optim.SGD(model.parameters(), lr=0.01)
    fit(model, opt, loader)


def another_model(loader):
    model, other = backbone(), backbone()
    opt = optim.SGD(model.parameters(), lr=0.01)
    other.fc = nn.Linear(512, 10)
    fit(model, opt, loader)


def one_by_one(loader):
    model = nn.Sequential()
    for width in (4, 8):
        opt = optim.SGD(nn.ModuleList([model, nn.Linear(1, 1)]).parameters(), lr=0.1)
        fit(model, opt, loader)
        model.append(nn.Linear(width, width))


def moved(loader):
    model = Block(4)
    opt = optim.SGD(model.parameters(), lr=0.01)
    model.layer = to_device(model.layer)
    fit(model, opt, loader)


class Attack:
    def fit(self, loader):
        self.model = Block(4)
        opt = optim.SGD(self.model.parameters(), lr=0.01)
        self.model = to_device(self.model)
        fit(self.model, opt, loader)
