# one spelling
import keras
import torch

loader = []
device = "cuda"


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc = keras.layers.Dense(8)
        self.norm = keras.layers.BatchNormalization()

    def call(self, x, training=None):
        return self.norm(self.fc(x), training=training)


model = Net().to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    model.train(True)  # XFR309
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()


def build(rate):
    inputs = keras.Input((8,))
    hidden = keras.layers.Dropout(rate)(inputs)
    return keras.Model(inputs, keras.layers.Dense(1)(hidden))


def train(batches):
    net = build(0.5)
    opt = torch.optim.Adam(net.parameters())
    net.train()  # XFR309
    for x, y in batches:
        opt.zero_grad()
        loss = ((net(x) - y) ** 2).mean()
        loss.backward()
        opt.step()


class Trainer:
    def __init__(self):
        self.model = keras.Sequential([keras.layers.Dense(4), keras.layers.GaussianNoise(0.1)])
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def epoch(self, batches):
        self.model.train()  # XFR309
        for x, y in batches:
            self.optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(self.model(x), y)
            loss.backward()
            self.optimizer.step()


def is_told(batches):
    told = build(0.5)
    opt = torch.optim.Adam(told.parameters())
    told.train()
    for x, y in batches:
        opt.zero_grad()
        loss = ((told(x, training=True) - y) ** 2).mean()
        loss.backward()
        opt.step()


def has_no_mode(x):
    plain = keras.Sequential([keras.layers.Dense(4)])
    plain.train()
    return plain(x)


def torch_alone(x):
    net = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout(0.5))
    net.train()
    return net(x)


def evaluates(x):
    net = build(0.5)
    net.eval()
    net.train(False)
    return net(x)
