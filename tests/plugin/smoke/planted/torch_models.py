"""Bugs of torch models: layers out of sight, starts without variety, softmax over the batch."""

import torch
from torch import nn
from torch.nn import functional as F

from .torch_loops import CLASSES, batch, loop, mlp


class Holder:
    """A plain object, in which torch does not look for modules."""

    def __init__(self, layer):
        self.layer = layer


class InAnObject(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = Holder(nn.Linear(8, 16)), nn.Linear(16, CLASSES)

    def forward(self, x):
        return self.head(self.encoder.layer(x).tanh())


def layer_in_a_plain_object():
    return loop(InAnObject())


class InAFunction(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.Linear(8, 16)
        self.encode, self.head = (lambda x: layer(x).tanh()), nn.Linear(16, CLASSES)

    def forward(self, x):
        return self.head(self.encode(x))


def layer_in_a_function():
    return loop(InAFunction())


class InADict(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = {"a": nn.Linear(8, CLASSES), "b": nn.Linear(8, CLASSES)}
        self.mix = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        share = self.mix.sigmoid()
        return share * self.heads["a"](x) + (1 - share) * self.heads["b"](x)


def layers_in_a_dict():
    return loop(InADict())


class MadeInForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x):
        return self.head(nn.Linear(8, 16)(x).tanh())


def layer_made_in_forward():
    return loop(MadeInForward())


class PlainTensor(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale, self.head = torch.ones(8, requires_grad=True), nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.head(self.scale * x)


def weight_as_a_plain_tensor():
    return loop(PlainTensor())


def all_weights_zero():
    model = mlp()
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    return loop(model)


def all_weights_alike():
    model = mlp()
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)
    return loop(model)


def softmax_over_the_batch():
    return loop(nn.Sequential(mlp(), nn.Softmax(0)), loss=lambda out, y: F.nll_loss(out.log(), y))


def log_softmax_over_the_batch():
    return loop(mlp(), loss=lambda out, y: F.nll_loss(F.log_softmax(out, 0), y))


def sigmoid_for_several_classes():
    return loop(nn.Sequential(mlp(), nn.Sigmoid()))


def gradient_hook_that_kills():
    model = mlp()
    model[0].weight.register_hook(lambda gradient: 0 * gradient)
    return loop(model)


def dead_units():
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, CLASSES))
    nn.init.constant_(model[0].bias, -100.0)
    return loop(model)


class Recurrent(nn.Module):
    """Its state goes on from batch to batch without its graph, and the layer before it is cut."""

    def __init__(self):
        super().__init__()
        self.embed, self.rnn = nn.Linear(4, 6), nn.GRU(6, 6, batch_first=True)
        self.head = nn.Linear(6, CLASSES)

    def forward(self, x):
        hidden = torch.stack([self.embed(x[:, t]).data for t in range(x.shape[1])], 1)
        return self.head(self.rnn(hidden)[0][:, -1])


def data_before_a_recurrent_layer():
    model = Recurrent()
    _, _, y, how = loop(model)
    return model, torch.randn(16, 5, 4), y, how


class AttentionOverBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.head(self.attention(x, x, x)[0].mean(1))


def attention_without_batch_first():
    model = AttentionOverBatch()
    _, y = batch()
    return model, torch.randn(16, 5, 8), y, {"loss": "cross_entropy"}


BUGS = [
    (layer_in_a_plain_object, "updates", "stands in encoder.layer", ""),
    (layer_in_a_function, "updates", "stands in the function encode", ""),
    (layers_in_a_dict, "updates", "the plain dict heads", "XFR107"),
    (layer_made_in_forward, "updates", "Linear is made anew", "XFR109"),
    (weight_as_a_plain_tensor, "updates", "scale is a plain tensor", "XFR114"),
    (all_weights_zero, "symmetry", "all start as 0", ""),
    (all_weights_alike, "symmetry", "all start as one value", ""),
    (softmax_over_the_batch, "loss-input", "over the batch axis", ""),
    (log_softmax_over_the_batch, "loss-input", "over the batch axis", ""),
    (sigmoid_for_several_classes, "loss-input", "it is given sigmoids", "XFR401"),
    (gradient_hook_that_kills, "gradients", "0.weight is exactly zero", ""),
    (dead_units, "gradients", "exactly zero", ""),
    (data_before_a_recurrent_layer, "gradients", "cut between embed and rnn", "XFR221"),
    (attention_without_batch_first, "batch-independence", "batch_first=True", "XFR517"),
]
