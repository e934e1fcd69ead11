import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x):
        return self.norm(x)


def trained(path):
    net = Net()
    net.load_state_dict(torch.load(path))
    net.eval()
    return net
