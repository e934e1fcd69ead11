import numpy as np
import torch


class Layer:
    def forward(self, x):
        return x @ self.w

    def backward(self, grad):
        self.dw = grad
        return grad @ self.w.T


class SGD:
    def __init__(self, layers):
        self.layers = layers

    def step(self):
        for layer in self.layers:
            layer.w -= 0.1 * layer.dw


def train(x, y):
    layer = Layer()
    net = layer
    opt = SGD([layer])
    for _ in range(10):
        out = layer.forward(x)
        net.backward(out - y)
        opt.step()
    assert np.allclose(out, torch.tensor(out).numpy())
