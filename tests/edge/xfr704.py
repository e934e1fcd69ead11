import pickle

import torch
from torch import load, nn

PATH = "net.pt"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(8, 4)

    def forward(self, x):
        return self.out(x)


def whole(x, path, device):
    model = torch.load(path)  # XFR704
    model.eval()
    other = torch.load(path, map_location=device)  # XFR704
    other(x)
    moved = torch.load(path, weights_only=True).to(device).eval()  # XFR704
    named = torch.load(path)["model"].float().eval()  # XFR704
    copied = Net()
    copied.load_state_dict(load(path).state_dict())  # XFR704
    return model, other, moved, named, copied


def saved_here():
    net = Net()
    torch.save(net, PATH)
    return torch.load(PATH)  # XFR704


def states(path, device):
    net = Net()
    torch.save(net.state_dict(), "state.pt")
    net.load_state_dict(torch.load("state.pt"))
    checkpoint = torch.load(path, map_location=device)
    net.load_state_dict(checkpoint["model"])
    tensor = torch.load(path).to(device)
    total = torch.load(path).float().sum()
    trusted = torch.load(path, weights_only=False)
    trusted.eval()
    own = torch.load(path, pickle_module=pickle)
    own.eval()
    unknown = torch.load(path)
    return net, tensor, total, trusted, own, unknown


def attempts(path):
    try:
        model = torch.load(path)
        model.eval()
    except pickle.UnpicklingError:
        model = torch.load(path, weights_only=False)
    return model


def rebound(path, x):
    model = torch.load(path)
    state = model
    model = Net()
    model.load_state_dict(state)
    return model(x)


def moved(path, x, cuda):
    model = torch.load(path)  # XFR704
    if cuda:
        model = model.cuda()
    return model(x)


def always_moved(path, x):
    model = torch.load(path)  # XFR704
    model = model.cuda()
    return model(x)


best = torch.load("best.pt")  # XFR704
weights = torch.load("weights.pt")


@torch.inference_mode()
def predict(x):
    best.eval()
    net = Net()
    net.load_state_dict(weights)
    return best(x), net(x)


class Server:
    def __init__(self, path):
        self.model = torch.load(path)  # XFR704
        self.model.eval()
        self.state = torch.load(path)
        self.net = Net()
        self.net.load_state_dict(self.state)
