import contextlib

import torch
from torch import nn, optim

from elsewhere import train_epoch

criterion = nn.MSELoss()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 1)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.fc(x))


def fit_epoch(net, opt, batches):
    for x, y in batches:
        opt.zero_grad()
        criterion(net(x), y).backward()
        opt.step()


# -- mistaken ---------------------------------------------------------------------------------------


def train_only_in_front(batches, held_out):
    net = Net()
    opt = optim.SGD(net.parameters(), lr=0.1)
    net.train()
    for epoch in range(3):
        for x, y in batches:
            opt.zero_grad()
            criterion(net(x), y).backward()
            opt.step()
        net.eval()  # XFR302
        with torch.no_grad():
            print([criterion(net(x), y) for x, y in held_out])


def train_nowhere(net, opt, batches, held_out):
    for epoch in range(3):
        for x, y in batches:
            opt.zero_grad()
            criterion(net(x), y).backward()
            opt.step()
        net.eval()  # XFR302
        with torch.no_grad():
            print([criterion(net(x), y) for x, y in held_out])


def under_a_condition(batches, held_out):
    net = Net()
    opt = optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(30):
        fit_epoch(net, opt, batches)
        if epoch % 10 == 0:
            net.eval()  # XFR302
            with torch.no_grad():
                print([criterion(net(x), y) for x, y in held_out])


def turned_off(batches, held_out):
    net = Net()
    opt = optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(3):
        fit_epoch(net, opt, batches)
        net.train(False)  # XFR302
        with torch.no_grad():
            print([criterion(net(x), y) for x, y in held_out])


def within_the_epoch(batches, held_out):
    net = Net()
    opt = optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(3):
        net.train()
        for i, (x, y) in enumerate(batches):
            opt.zero_grad()
            criterion(net(x), y).backward()
            opt.step()
            if i % 100 == 0:
                net.eval()  # XFR302
                with torch.no_grad():
                    print([criterion(net(a), b) for a, b in held_out])


def accuracy(model, held_out):
    model.eval()  # XFR302
    with torch.no_grad():
        return [criterion(model(x), y) for x, y in held_out]


def through_helpers(batches, held_out):
    net = Net()
    opt = optim.SGD(net.parameters(), lr=0.1)
    net.train()
    for epoch in range(3):
        fit_epoch(net, opt, batches)
        print(accuracy(net, held_out))


class Trainer:
    def __init__(self):
        self.model = Net()
        self.optimizer = optim.Adam(self.model.parameters())

    def validate(self, held_out):
        self.model.eval()  # XFR302
        with torch.no_grad():
            return [criterion(self.model(x), y) for x, y in held_out]

    def fit(self, batches, held_out):
        self.model.train()
        for epoch in range(3):
            for x, y in batches:
                self.optimizer.zero_grad()
                criterion(self.model(x), y).backward()
                self.optimizer.step()
            self.validate(held_out)


# -- right, or not to be judged ------------------------------------------------------------------------


def at_the_top(net, opt, batches, held_out):
    for epoch in range(3):
        net.train()
        fit_epoch(net, opt, batches)
        net.eval()
        with torch.no_grad():
            print([criterion(net(x), y) for x, y in held_out])


def at_the_end(net, opt, batches, held_out):
    net.train()
    for epoch in range(3):
        fit_epoch(net, opt, batches)
        net.eval()
        with torch.no_grad():
            print([criterion(net(x), y) for x, y in held_out])
        net.train()


def score(net, held_out):
    was = net.training
    net.eval()
    with torch.no_grad():
        found = [criterion(net(x), y) for x, y in held_out]
    net.train(was)
    return found


def restored(net, opt, batches, held_out):
    for epoch in range(3):
        fit_epoch(net, opt, batches)
        print(score(net, held_out))


@contextlib.contextmanager
def evaluating(net):
    net.eval()
    try:
        yield
    finally:
        net.train()


def restored_by_a_context(net, opt, batches, held_out):
    for epoch in range(3):
        fit_epoch(net, opt, batches)
        with evaluating(net), torch.no_grad():
            print([criterion(net(x), y) for x, y in held_out])


def epoch_elsewhere(net, opt, batches, held_out):
    for epoch in range(3):
        train_epoch(net, opt, batches)
        fit_epoch(net, opt, batches)
        net.eval()
        with torch.no_grad():
            print([criterion(net(x), y) for x, y in held_out])


def stops_there(net, opt, batches, held_out):
    for epoch in range(3):
        fit_epoch(net, opt, batches)
        if epoch == 2:
            net.eval()
            with torch.no_grad():
                print([criterion(net(x), y) for x, y in held_out])
            break


def frozen_on_purpose(net, opt, batches):
    for epoch in range(3):
        net.eval()
        fit_epoch(net, opt, batches)


def frozen_norm(net, opt, batches):
    net.train()
    for epoch in range(3):
        for x, y in batches:
            opt.zero_grad()
            criterion(net(x), y).backward()
            opt.step()
        net.norm.eval()
        for m in net.modules():
            m.eval()


def teacher(batches):
    net, teacher_net = Net(), Net()
    opt = optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(3):
        for x, y in batches:
            opt.zero_grad()
            criterion(net(x), y).backward()
            opt.step()
        teacher_net.load_state_dict(net.state_dict())
        teacher_net.eval()


def after_training(net, opt, batches, held_out):
    for epoch in range(3):
        fit_epoch(net, opt, batches)
    net.eval()
    with torch.no_grad():
        print([criterion(net(x), y) for x, y in held_out])


def nothing_depends_on_it(batches, held_out):
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    opt = optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(3):
        fit_epoch(net, opt, batches)
        net.eval()
        with torch.no_grad():
            print([criterion(net(x), y) for x, y in held_out])


def new_each_fold(batches, held_out):
    for fold in range(3):
        net = Net()
        opt = optim.SGD(net.parameters(), lr=0.1)
        fit_epoch(net, opt, batches)
        net.eval()
        with torch.no_grad():
            print([criterion(net(x), y) for x, y in held_out])


class Pruner:
    """Has a method of the name of the model's own."""

    def __init__(self, net):
        self.model = net
        self.optimizer = optim.SGD(net.parameters(), lr=0.1)

    def train(self, batches, held_out):
        for epoch in range(3):
            self.one_epoch(batches)
            self.model.eval()
            with torch.no_grad():
                print([criterion(self.model(x), y) for x, y in held_out])

    def one_epoch(self, batches):
        self.model.train()
        for x, y in batches:
            self.optimizer.zero_grad()
            criterion(self.model(x), y).backward()
            self.optimizer.step()

    def prune(self, batches, held_out):
        for _ in range(3):
            self.train(batches, held_out)
