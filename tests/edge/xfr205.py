import torch
from torch import nn, optim

from elsewhere import backprop, load_gradients

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def in_a_loop(net, optimizer, batches):
    for x, y in batches:
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.zero_grad()  # XFR205
        optimizer.step()


def in_a_step_function(net, opt, x, y):
    loss = criterion(net(x), y)
    loss.backward()
    print(loss.item())
    opt.zero_grad(set_to_none=True)  # XFR205
    opt.step()


def through_the_model(batches):
    net = nn.Linear(4, 1)
    solver = optim.SGD(net.parameters(), lr=0.1)
    for x, y in batches:
        criterion(net(x), y).backward()
        net.zero_grad()  # XFR205
        solver.step()


def scaled(net, opt, batches, scaler):
    for x, y in batches:
        scaler.scale(criterion(net(x), y)).backward()
        opt.zero_grad()  # XFR205
        scaler.step(opt)
        scaler.update()


def clipped_between(net, opt, batches):
    for x, y in batches:
        criterion(net(x), y).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.zero_grad()  # XFR205
        opt.step()


def step_under_a_condition(net, opt, batches):
    for i, (x, y) in enumerate(batches):
        criterion(net(x), y).backward()
        opt.zero_grad()  # XFR205
        if i % 2:
            opt.step()


class Trainer:
    def __init__(self, net):
        self.net = net
        self.optimizer = optim.Adam(net.parameters())

    def backprop(self, loss):
        loss.backward()

    def apply(self):
        self.optimizer.zero_grad()  # XFR205
        self.optimizer.step()

    def fit(self, batches):
        for x, y in batches:
            self.backprop(criterion(self.net(x), y))
            self.apply()


def same_optimizer_of_two(real, noise):
    gen, dis = nn.Linear(4, 4), nn.Linear(4, 1)
    opt_g, opt_d = optim.Adam(gen.parameters()), optim.Adam(dis.parameters())
    for x in real:
        d_loss = dis(gen(noise).detach()).mean() - dis(x).mean()
        d_loss.backward()
        opt_d.zero_grad()  # XFR205
        opt_d.step()
        opt_g.zero_grad()
        g_loss = -dis(gen(noise)).mean()
        g_loss.backward()
        opt_g.step()


# -- right, or not to be judged ------------------------------------------------------------------------


def cleared_first(net, opt, batches):
    for x, y in batches:
        loss = criterion(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()


def cleared_last(net, opt, batches):
    for x, y in batches:
        criterion(net(x), y).backward()
        opt.step()
        opt.zero_grad()


def two_optimizers(real, noise):
    gen, dis = nn.Linear(4, 4), nn.Linear(4, 1)
    opt_g, opt_d = optim.Adam(gen.parameters()), optim.Adam(dis.parameters())
    for x in real:
        opt_d.zero_grad()
        d_loss = dis(gen(noise).detach()).mean() - dis(x).mean()
        d_loss.backward()
        opt_g.zero_grad()
        opt_d.step()
        g_loss = -dis(gen(noise)).mean()
        g_loss.backward()
        dis.zero_grad()
        opt_g.step()


def one_model_of_two(real):
    encoder, head = nn.Linear(4, 4), nn.Linear(4, 1)
    opt = optim.Adam([*encoder.parameters(), *head.parameters()])
    for x in real:
        head(encoder(x)).mean().backward()
        head.zero_grad()
        opt.step()


def second_backward(net, opt, batches):
    for x, y in batches:
        criterion(net(x), y).backward()
        probe = [p.grad.clone() for p in net.parameters()]
        opt.zero_grad()
        criterion(net(x + 1), y).backward()
        opt.step()
        print(probe)


def gradients_put_back(net, opt, batches):
    for x, y in batches:
        criterion(net(x), y).backward()
        kept = [p.grad.clone() for p in net.parameters()]
        opt.zero_grad()
        for p, g in zip(net.parameters(), kept):
            p.grad = g
        opt.step()


def gradients_put_back_elsewhere(net, opt, batches):
    for x, y in batches:
        criterion(net(x), y).backward()
        opt.zero_grad()
        load_gradients(net)
        opt.step()


def unseen_backward(net, opt, batches):
    for x, y in batches:
        loss = criterion(net(x), y)
        loss.backward(retain_graph=True)
        opt.zero_grad()
        backprop(loss)
        opt.step()


def bad_batch_is_skipped(net, opt, batches):
    for x, y in batches:
        loss = criterion(net(x), y)
        loss.backward()
        if torch.isnan(loss):
            opt.zero_grad()
        opt.step()


def bad_batch_is_left(net, opt, batches):
    for x, y in batches:
        loss = criterion(net(x), y)
        loss.backward()
        if torch.isnan(loss):
            opt.zero_grad()
            continue
        opt.step()
        opt.zero_grad()


def closure_fills(net, opt, x, y):
    def closure():
        opt.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        return loss

    closure()
    opt.zero_grad()
    opt.step(closure)


def accumulation(net, opt, batches):
    for i, (x, y) in enumerate(batches):
        criterion(net(x), y).backward()
        if i % 4 == 3:
            opt.step()
            opt.zero_grad()


def used_before(net, opt, batches):
    for x, y in batches:
        criterion(net(x), y).backward()
        opt.step()
        opt.zero_grad()
        opt.step()


def other_steps_between(real):
    gen, dis = nn.Linear(4, 4), nn.Linear(4, 1)
    opt_g, opt_d = optim.Adam(gen.parameters()), optim.Adam(dis.parameters())
    for x in real:
        dis(gen(x)).mean().backward()
        opt_g.step()
        opt_d.zero_grad()  # XFR205
        opt_d.step()
        opt_g.zero_grad()


def written_and_cleared(net, opt, batches):
    for x, y in batches:
        for p in net.parameters():
            p.grad = torch.ones_like(p)
        opt.zero_grad()
        opt.step()


def unseen_and_cleared(net, opt, batches):
    for x, y in batches:
        fill = load_gradients(net)
        opt.zero_grad()
        opt.step()
        print(fill)


def cleared_without_need(net, opt):
    opt.zero_grad()
    opt.step()
