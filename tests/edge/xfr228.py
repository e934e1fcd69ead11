from itertools import chain

import torch
from torch import nn, optim
from torch.nn.utils import clip_grad_norm_

from elsewhere import count, use

criterion = nn.MSELoss()


# -- mistaken ---------------------------------------------------------------------------------------


def clipped_after_the_optimizer(net, x, y):
    params = net.parameters()
    opt = optim.Adam(params)
    opt.zero_grad()
    criterion(net(x), y).backward()
    clip_grad_norm_(params, 1.0)  # XFR228
    opt.step()


def counted_first(net):
    weights = net.parameters()
    print(sum(w.numel() for w in weights))
    return optim.SGD(weights, lr=0.1)  # XFR228


def filtered(net):
    trainable = filter(lambda p: p.requires_grad, net.parameters())
    print(len(list(trainable)))
    return torch.optim.AdamW(trainable, lr=1e-3)  # XFR228


def generator_expression(net):
    trainable = (p for p in net.parameters() if p.requires_grad)
    opt = optim.SGD(trainable, lr=0.1)
    for p in trainable:  # XFR228
        nn.init.zeros_(p)
    return opt


def once_in_each_turn(net, loader):
    params = net.parameters()
    opt = optim.SGD(net.parameters(), lr=0.1)
    for x, y in loader:
        opt.zero_grad()
        criterion(net(x), y).backward()
        nn.utils.clip_grad_norm_(params, 1.0)  # XFR228
        opt.step()


def averaged(online, target):
    pairs = online.named_parameters()
    before = dict(pairs)
    for name, p in pairs:  # XFR228
        target[name].data.copy_(p.data)
    return before


notebook_net = nn.Linear(4, 1)
notebook_params = notebook_net.parameters()
for p in notebook_params:
    nn.init.normal_(p)
notebook_optimizer = torch.optim.SGD(notebook_params, lr=0.1)  # XFR228


# -- right, or not to be judged ------------------------------------------------------------------------


def listed(net):
    params = list(net.parameters())
    more = [*net.parameters()]
    clip_grad_norm_(params, 1.0)
    clip_grad_norm_(more, 1.0)
    return optim.SGD(params + more, lr=0.1), optim.SGD(params, lr=0.1)


def used_once(net):
    params = net.parameters()
    return optim.SGD(params, lr=0.1)


def bound_anew(net):
    params = net.parameters()
    opt = optim.SGD(params, lr=0.1)
    params = net.parameters()
    clip_grad_norm_(params, 1.0)
    return opt


def in_branches(net, adam):
    params = net.parameters()
    if adam:
        return optim.Adam(params)
    else:
        return optim.SGD(params, lr=0.1)


def either(net, adam):
    params = net.parameters()
    opt = optim.Adam(params) if adam else optim.SGD(params, lr=0.1)
    return opt


def returned_early(net, adam):
    params = net.parameters()
    if adam:
        return optim.Adam(params)
    return optim.SGD(params, lr=0.1)


def unknown(net):
    params = net.parameters()
    count(params)
    return use(params)


def bound_in_each_turn(net, loader):
    for x, y in loader:
        params = net.parameters()
        criterion(net(x), y).backward()
        clip_grad_norm_(params, 1.0)


def chained(a, b):
    return optim.SGD(chain(a.parameters(), b.parameters()), lr=0.1)


def zipped(net, gradients):
    params = net.parameters()
    for p, g in zip(params, gradients):
        p.data -= 0.1 * g
    numbered = net.named_parameters()
    for i, (name, p) in enumerate(numbered):
        print(i, name)
