import keras
import torch
import torch.nn.functional as F
from torch import nn


class KerasNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = keras.layers.Conv2D(4, 3)
        self.pool = keras.layers.MaxPooling2D()
        self.flatten = keras.layers.Flatten()
        self.hidden = keras.layers.Dense(8)
        self.out = keras.layers.Dense(2)

    def call(self, x):
        x = self.pool(keras.activations.relu(self.conv(x)))
        x = self.flatten(self.pool(self.conv(x)))
        return self.out(self.hidden(x))


def load(model: KerasNet, net, state):
    model.hidden.set_weights([state["hidden.weight"].T, state["hidden.bias"]])  # XFR506
    model.hidden.set_weights([net.fc1.weight.detach().numpy().T, net.fc1.bias.data])  # XFR506
    weight = net.fc1.weight.t().detach().numpy()
    model.hidden.kernel.assign(weight)  # XFR506
    model.out.set_weights([state["out.weight"].T, state["out.bias"]])


class TorchNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc1 = nn.Linear(100, 8)
        self.fc2 = nn.Linear(100, 8)
        self.fc3 = nn.Linear(8, 2)

    def forward(self, x):
        x = F.relu(self.conv(x))
        a = self.fc1(torch.flatten(x, 1))
        b = self.fc2(x.view(x.size(0), -1))
        return self.fc3(a + b)

    def take(self, model):
        self.fc1.weight.data = torch.tensor(model.hidden.get_weights()[0].T)  # XFR506
        self.fc2.weight = nn.Parameter(torch.tensor(model.hidden.kernel.numpy().T))  # XFR506
        self.fc3.weight.data.copy_(torch.tensor(model.out.kernel.numpy().T))


class Pooled(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv1d = keras.layers.Conv1D(4, 3)
        self.pooled = keras.layers.GlobalAveragePooling2D()
        self.conv = keras.layers.Conv2D(4, 3)
        self.flat = keras.layers.Flatten()
        self.head = keras.layers.Dense(2)
        self.plain = keras.layers.Dense(2)

    def call(self, x, series):
        return self.head(self.pooled(self.conv(x))), self.plain(self.flat(series))


dense = keras.layers.Dense(2)
stack = keras.Sequential(
    [keras.layers.Conv2D(4, 3), keras.layers.ReLU(), keras.layers.Flatten(), dense]
)


head = nn.Linear(100, 2)
torch_stack = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), head)


def back(model):
    head.weight.data = torch.tensor(model.head.kernel.numpy().transpose((1, 0)))  # XFR506
    head.weight.data = torch.tensor(model.head.kernel.numpy().transpose())  # XFR506


def more(model: Pooled, net):
    dense.set_weights([net.fc.weight.detach().numpy().T, net.fc.bias.detach().numpy()])  # XFR506
    model.head.set_weights([net.head.weight.detach().numpy().T, net.head.bias.detach().numpy()])
    model.plain.set_weights([net.plain.weight.detach().numpy().T, net.plain.bias.detach().numpy()])
    kernel = net.fc.weight.detach().numpy().reshape(2, 4, 5, 5).transpose(2, 3, 1, 0)
    dense.set_weights([kernel.reshape(100, 2), net.fc.bias.detach().numpy()])
