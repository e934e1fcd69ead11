import torch
from torch import nn

from elsewhere import repackage, sequence_model

criterion = nn.MSELoss()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 8, batch_first=True)
        self.head = nn.Linear(8, 1)

    def forward(self, x, h):
        out, h = self.gru(x, h)
        return self.head(out), h


class Detaching(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 8)

    def forward(self, x, h):
        out, h = self.gru(x, h)
        return out, h.detach()


# -- mistaken ---------------------------------------------------------------------------------------


def own_class(loader):
    net = Net()
    opt = torch.optim.Adam(net.parameters())
    h = torch.zeros(1, 8, 8)
    for x, y in loader:
        opt.zero_grad()
        out, h = net(x, h)
        loss = criterion(out, y)
        loss.backward()  # XFR708
        opt.step()


def pair_of_states(loader):
    lstm = nn.LSTM(4, 8)
    opt = torch.optim.Adam(lstm.parameters())
    h, c = torch.zeros(1, 2, 8), torch.zeros(1, 2, 8)
    for x, y in loader:
        out, (h, c) = lstm(x, (h, c))
        loss = criterion(out, y)
        opt.zero_grad()
        loss.backward()  # XFR708
        opt.step()


def once_an_epoch(loader):
    rnn = nn.RNN(4, 8)
    opt = torch.optim.SGD(rnn.parameters(), lr=0.1)
    for epoch in range(3):
        state = torch.zeros(1, 2, 8)
        for x, y in loader:
            opt.zero_grad()
            out, state = rnn(x, state)
            criterion(out, y).backward()  # XFR708
            opt.step()


def by_keyword(loader):
    gru = nn.GRU(4, 8)
    opt = torch.optim.SGD(gru.parameters(), lr=0.1)
    hx = None
    for x, y in loader:
        opt.zero_grad()
        out, hx = gru(x, hx=hx)
        loss = criterion(out, y)
        loss.backward()  # XFR708
        opt.step()


class Trainer:
    def __init__(self):
        self.net = Net()
        self.opt = torch.optim.Adam(self.net.parameters())

    def fit(self, loader):
        hidden = None
        for x, y in loader:
            self.opt.zero_grad()
            out, hidden = self.net(x, hidden)
            loss = criterion(out, y)
            loss.backward()  # XFR708
            self.opt.step()


notebook_rnn = nn.RNN(4, 8)
optimizer = torch.optim.SGD(notebook_rnn.parameters(), lr=0.1)
notebook_state = torch.zeros(1, 2, 8)
for step in range(10):
    optimizer.zero_grad()
    prediction, notebook_state = notebook_rnn(torch.randn(5, 2, 4), notebook_state)
    loss = criterion(prediction, torch.randn(5, 2, 8))
    loss.backward()  # XFR708
    optimizer.step()


# -- right, or not to be judged ------------------------------------------------------------------------


def detached(loader):
    net = Net()
    opt = torch.optim.Adam(net.parameters())
    h = torch.zeros(1, 8, 8)
    for x, y in loader:
        opt.zero_grad()
        out, h = net(x, h)
        h = h.detach()
        criterion(out, y).backward()
        opt.step()


def detached_in_place(loader):
    net = Net()
    opt = torch.optim.Adam(net.parameters())
    h = torch.zeros(1, 8, 8)
    for x, y in loader:
        out, h = net(x, h)
        opt.zero_grad()
        criterion(out, y).backward()
        opt.step()
        h.detach_()


def repackaged(loader):
    net = Net()
    opt = torch.optim.Adam(net.parameters())
    h = torch.zeros(1, 8, 8)
    for x, y in loader:
        h = repackage(h)
        opt.zero_grad()
        out, h = net(x, h)
        criterion(out, y).backward()
        opt.step()


def given_detached(loader):
    net = Net()
    opt = torch.optim.Adam(net.parameters())
    h = torch.zeros(1, 8, 8)
    for x, y in loader:
        opt.zero_grad()
        out, h = net(x, h.data)
        criterion(out, y).backward()
        opt.step()


def fresh_in_each_batch(loader):
    net = Net()
    opt = torch.optim.Adam(net.parameters())
    for x, y in loader:
        h = torch.zeros(1, 8, 8)
        opt.zero_grad()
        out, h = net(x, h)
        criterion(out, y).backward()
        opt.step()


def through_time(loader):
    cell = nn.GRUCell(4, 8)
    lstm = nn.LSTM(4, 8)
    opt = torch.optim.Adam([*cell.parameters(), *lstm.parameters()])
    for xs, y in loader:
        h = None
        for x in xs:
            out, h = lstm(x, h)
        opt.zero_grad()
        criterion(out, y).backward()
        opt.step()


def the_model_detaches(loader):
    net = Detaching()
    opt = torch.optim.Adam(net.parameters())
    h = torch.zeros(1, 8, 8)
    for x, y in loader:
        opt.zero_grad()
        out, h = net(x, h)
        criterion(out, y).backward()
        opt.step()


def unseen(loader):
    net = sequence_model()
    opt = torch.optim.Adam(net.parameters())
    h = torch.zeros(1, 8, 8)
    for x, y in loader:
        opt.zero_grad()
        out, h = net(x, h)
        criterion(out, y).backward()
        opt.step()


def graph_kept(loader):
    net = Net()
    opt = torch.optim.Adam(net.parameters())
    h = torch.zeros(1, 8, 8)
    for x, y in loader:
        opt.zero_grad()
        out, h = net(x, h)
        criterion(out, y).backward(retain_graph=True)
        opt.step()
