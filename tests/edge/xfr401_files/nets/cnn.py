from torch import nn


class Head(nn.Module):
    def __init__(self, n, activation=None):
        super().__init__()
        self.fc = nn.Linear(8, n)
        self.activation = activation

    def forward(self, x):
        x = self.fc(x)
        if self.activation is not None:
            x = self.activation(x)
        return x


class Cnn(nn.Module):
    def __init__(self, activation=nn.Softmax(dim=1)):
        super().__init__()
        self.fc = nn.Linear(8, 4)
        self.activation = activation

    def forward(self, x):
        return self.activation(self.fc(x))


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        return self.fc(x)


def make(name):
    if name == "cnn":
        return Cnn()
    return Cnn(activation=nn.Sigmoid())
