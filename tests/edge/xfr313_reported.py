"""Shapes in which gradients that stay on were reported, each with its fixed twin."""

import torch


# -- a statement in front of the loop, a context without its parentheses ---------------------------------


def evaluate(model, loader):
    model.eval()
    torch.no_grad()  # XFR313
    return [model(x).argmax(1) for x in loader]  # XFR901


def evaluate_fixed(model, loader):
    model.eval()
    with torch.no_grad():
        return [model(x).argmax(1) for x in loader]


class Tester:
    def __init__(self, net):
        self.net = net

    def run(self, batches):
        self.net.eval()
        with torch.no_grad:  # XFR313
            return [self.net(b) for b in batches]

    def run_fixed(self, batches):
        self.net.eval()
        with torch.inference_mode():
            return [self.net(b) for b in batches]


# -- as asked in PJLab-ADG/nr3d_lib#12: a decorator may stand without them -------------------------------


@torch.no_grad
def frozen(model, x):
    return model.eval()(x)
