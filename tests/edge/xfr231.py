import pytest
import torch
from torch import nn

net = nn.Linear(2, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
solver = torch.optim.SGD(net.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
data = torch.ones(3, 2)


# -- mistaken ---------------------------------------------------------------------------------------

net.eval  # XFR231
net.train  # XFR231
for x in data:
    optimizer.zero_grad  # XFR231
    loss = net(x).sum()
    loss.backward  # XFR231
    solver.step  # XFR231
    scheduler.step  # XFR231
net(data).sum().backward  # XFR231
net.cuda  # XFR231


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optim = torch.optim.SGD(model.parameters(), lr=0.1)

    def validate(self, x):
        self.model.eval  # XFR231
        return self.model(x)

    def clear(self):
        self.model.zero_grad  # XFR231
        self.optim.zero_grad  # XFR231


# -- right, or not to be judged ------------------------------------------------------------------------

net.eval()
torch.cuda
torch.Tensor.backward
data.shape
step = solver.step
print(net.train)


def looked_up(thing):
    try:
        thing.backward
    except AttributeError:
        return False
    with pytest.raises(AttributeError):
        thing.zero_grad
    return True
