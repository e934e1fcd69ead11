"""Each turn's gradients are read before the next one clears them."""

from torch import nn

criterion = nn.MSELoss()


def several_tasks(net, opt, x, targets):
    collected = []
    for y in targets:
        opt.zero_grad()
        criterion(net(x), y).backward()
        collected.append([p.grad.clone() for p in net.parameters()])
    opt.step()


def norms(net, opt, x, targets):
    for y in targets:
        opt.zero_grad()
        criterion(net(x), y).backward()
    opt.step()
