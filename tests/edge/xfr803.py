import torch
from torch import nn, optim
from torch.cuda.amp import GradScaler, autocast

from elsewhere import finish

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def clipped_while_scaled(net, opt, loader):
    scaler = GradScaler()
    for x, y in loader:
        opt.zero_grad()
        with autocast():
            loss = criterion(net(x), y)
        scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)  # XFR803
        scaler.step(opt)
        scaler.update()


def clipped_when_told(net, opt, loader, clip, scaler):
    for x, y in loader:
        opt.zero_grad()
        scaler.scale(criterion(net(x), y)).backward()
        if clip:
            nn.utils.clip_grad_value_(net.parameters(), clip)  # XFR803
        scaler.step(opt)
        scaler.update()


def plain_step(net, opt, loader):
    scaler = torch.cuda.amp.GradScaler()
    for x, y in loader:
        opt.zero_grad(set_to_none=True)
        with torch.autocast("cuda"):
            loss = criterion(net(x), y)
        scaler.scale(loss).backward()
        opt.step()  # XFR803
        scaler.update()


def never_updated(net, loader):
    opt = optim.Adam(net.parameters())
    grad_scaler = torch.amp.GradScaler("cuda")
    for epoch in range(3):
        for x, y in loader:
            opt.zero_grad()
            grad_scaler.scale(criterion(net(x), y)).backward()
            grad_scaler.step(opt)  # XFR803


def optional(net, opt, loader, scaler=None):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        if scaler is not None:
            scaler.scale(loss).backward()
            scaler.step(opt)  # XFR803
        else:
            loss.backward()
            opt.step()


class Trainer:
    def __init__(self, net):
        self.net = net
        self.optimizer = optim.Adam(net.parameters())
        self.scaler = GradScaler()

    def clip(self):
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)  # XFR803

    def fit(self, loader):
        for x, y in loader:
            self.optimizer.zero_grad()
            with autocast():
                loss = criterion(self.net(x), y)
            self.scaler.scale(loss).backward()
            self.clip()
            self.scaler.step(self.optimizer)
            self.scaler.update()


def step_function(net, opt, scaler, x, y):
    opt.zero_grad()
    scaler.scale(criterion(net(x), y)).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)  # XFR803
    scaler.step(opt)
    scaler.update()


notebook_net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(notebook_net.parameters(), lr=0.1)
amp_scaler = torch.amp.GradScaler("cuda")
for epoch in range(5):
    optimizer.zero_grad()
    amp_scaler.scale(criterion(notebook_net(torch.randn(8, 4)), torch.randn(8, 1))).backward()
    amp_scaler.step(optimizer)  # XFR803


# -- right, or not to be judged ------------------------------------------------------------------------


def in_order(net, opt, loader, scaler):
    for x, y in loader:
        opt.zero_grad()
        scaler.scale(criterion(net(x), y)).backward()
        scaler.unscale_(opt)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(opt)
        scaler.update()


def with_and_without(net, opt, loader, scaler, amp):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        if amp:
            scaler.scale(loss).backward()
        else:
            loss.backward()
        if amp:
            scaler.unscale_(opt)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        if amp:
            scaler.step(opt)
            scaler.update()
        else:
            opt.step()


def in_one_branch(net, opt, loader, scaler):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        if scaler is not None:
            scaler.scale(loss).backward()
            scaler.step(opt)
            scaler.update()
        else:
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            opt.step()


def accumulated(net, opt, loader, scaler):
    for i, (x, y) in enumerate(loader):
        scaler.scale(criterion(net(x), y)).backward()
        if i % 4 == 3:
            scaler.step(opt)
            scaler.update()
            opt.zero_grad()


def finished_elsewhere(net, opt, loader, scaler):
    for x, y in loader:
        opt.zero_grad()
        scaler.scale(criterion(net(x), y)).backward()
        finish(scaler, opt)
        opt.step()


def a_scaler_of_data(net, opt, loader, standard):
    for x, y in loader:
        opt.zero_grad()
        standard.scale(criterion(net(x), y)).backward()
        opt.step()


def optional_in_order(net, opt, loader, scaler=None):
    for x, y in loader:
        opt.zero_grad()
        loss = criterion(net(x), y)
        if scaler is not None:
            scaler.scale(loss).backward()
            scaler.step(opt)
            scaler.update()
        else:
            loss.backward()
            opt.step()
