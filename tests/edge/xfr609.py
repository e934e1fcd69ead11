import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


def predict(net: Net):
    x = np.random.randn(8, 4)
    given = torch.tensor(x)
    first = net(given)  # XFR609
    second = net(torch.from_numpy(np.zeros((1, 4))))  # XFR609
    third = net(torch.as_tensor(np.random.normal(size=(1, 4))))  # XFR609
    return first, second, third


def predict_rightly(net: Net):
    x = np.random.randn(8, 4)
    first = net(torch.tensor(x).float())
    second = net(torch.from_numpy(x.astype("float32")))
    third = net(torch.tensor(x, dtype=torch.float32))
    fourth = net(torch.from_numpy(np.zeros((1, 4), np.float32)))
    fifth = net(torch.from_numpy(np.ones((1, 4), dtype="float32")))
    sixth = nn.ReLU()(torch.from_numpy(x))
    seventh = net(torch.FloatTensor(x))
    return first, second, third, fourth, fifth, sixth, seventh


def losses(logits, y):
    criterion = nn.CrossEntropyLoss()
    wrong = F.cross_entropy(logits, y.int())  # XFR609
    wrong += F.nll_loss(logits, y.int())  # XFR609
    wrong += criterion(logits, y.int())  # XFR609
    right = F.cross_entropy(logits, y.long()) + criterion(logits, y)
    right += nn.BCEWithLogitsLoss()(logits, y.int()) + F.mse_loss(logits, y.int())
    return wrong, right


def unknown(net, array, x):
    net(torch.from_numpy(np.random.rand(2, 4)))
    return net(torch.from_numpy(array)), Net()(torch.from_numpy(x))


model = nn.Linear(4, 2)
data = np.linspace(0, 1, 4)
print(model(torch.from_numpy(data)))  # XFR609
