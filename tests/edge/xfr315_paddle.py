import paddle
import torch


def freeze(net: paddle.nn.Layer, weights: torch.Tensor):
    for parameter in net.parameters():
        parameter.trainable = False
    for child in net.children():
        child.trainable = False
    weights.requires_grad = False
