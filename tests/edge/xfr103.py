import abc

import keras
import lightning
import torch
from torch import nn
from torch.nn import Module


class Block(Module):
    def __init__(self, units):
        super(Block, self).__init__()
        self.dense = nn.Linear(units, units)

    def call(self, inputs, training=None):  # XFR103
        return self.dense(inputs)


class Base(nn.Module):
    def count(self):
        return sum(parameter.numel() for parameter in self.parameters())


class Net(Base):
    def call(self, x):  # XFR103
        return torch.relu(x)


class Lit(lightning.LightningModule):
    def call(self, x):  # XFR103
        return torch.relu(x)


def make(width):
    class Inner(nn.Module):
        def call(self, x):  # XFR103
            return x * width

    return Inner()


class Mixed(abc.ABC, nn.Module):
    def call(self, x):  # XFR103
        return x + 1


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def call(self, x):  # XFR103
        return x * self.scale


# -- with a forward pass that torch runs -----------------------------------------------------------


class Both(nn.Module):
    def forward(self, x):
        return x

    def call(self, x):
        return self(x)


class OfBoth(Both):
    def call(self, x):
        return x


class Assigned(nn.Module):
    def __init__(self):
        super().__init__()
        self.forward = self.step

    def call(self, x):
        return x

    def step(self, x):
        return x


class Stack(nn.Sequential):
    def call(self, x):
        return self(x)


class Abstract(nn.Module):
    @abc.abstractmethod
    def call(self, x): ...


class Keras(keras.layers.Layer):
    def call(self, x):
        return x


class Phone:
    def call(self, number):
        return number
